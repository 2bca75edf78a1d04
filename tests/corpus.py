# SPDX-License-Identifier: Apache-2.0
"""Where the public corpus lies beside the project; a test that needs it skips, and says so, where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def corpus_path(relative: str = "") -> Path:
    """Return a file or folder of ../shared/corpus; skips the test, or the module that asks at import, if absent."""
    return _shared("corpus", relative)


def reference_path(relative: str = "") -> Path:
    """Return a file or folder of ../shared/reference; skips like `corpus_path`."""
    return _shared("reference", relative)


def plan_path(relative: str = "") -> Path:
    """Return a file or folder of ../shared/plan; skips like `corpus_path`."""
    return _shared("plan", relative)


def corpus_files(relative: str, pattern: str = "**/*.xml") -> list[Path]:
    """Return the files of a corpus folder in a fixed order; an empty list where the corpus is absent."""
    return sorted((SHARED / "corpus" / relative).glob(pattern))


def _shared(kind: str, relative: str) -> Path:
    path = SHARED / kind / relative
    if not path.exists():
        pytest.skip(
            f"../shared/{kind}/{relative} is not here: public data that is not part of the project",
            allow_module_level=True,
        )
    return path
