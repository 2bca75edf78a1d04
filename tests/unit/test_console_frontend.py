# SPDX-License-Identifier: Apache-2.0
"""The front-end parts come by the lock file alone, without the fonts, crown and marks that are gov.uk's own."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "src/openecp/platform/console/static/vendor"


@pytest.fixture(scope="module")
def frontend() -> ModuleType:
    """tools/frontend.py."""
    spec = importlib.util.spec_from_file_location("frontend", ROOT / "tools/frontend.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lock_names_no_registry() -> None:
    """Exact versions with integrity hashes, and no address to fetch them from."""
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    for name, part in lock["packages"].items():
        assert "resolved" not in part, name
        if name:
            assert part["integrity"].startswith("sha512-"), name
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name}: pin it exactly"
        assert lock["packages"][f"node_modules/{name}"]["version"] == version


def test_no_third_party_code_in_git() -> None:
    """Nothing of node_modules or of the static vendor folder is tracked."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not re.search(r"node_modules/|static/vendor/", tracked)


def test_branding_is_left_out(frontend: ModuleType) -> None:
    """Fonts, crest and images of gov.uk do not pass, and a new one makes the setup fail."""
    css = (
        "@font-face{font-family:GDS Transport;src:url(/a.woff2)}"
        ".a{font-family:GDS Transport,arial,sans-serif}.b{background:url(/assets/images/govuk-crest.svg)}.c{color:red}"
    )
    clean = frontend.without_branding(css)
    assert "GDS" not in clean
    assert "url(" not in clean
    assert ".c{color:red}" in clean
    with pytest.raises(SystemExit, match=r"url\("):
        frontend.without_branding(".d{background:url(/crown.png)}")


def test_what_is_served() -> None:
    """The installed parts hold no font, icon or name of gov.uk, and each third party's licence."""
    if not (VENDOR / ".complete").exists():
        pytest.skip("front-end parts are not installed: run make setup")
    names = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert not [n for n in names if "govuk" in n and not n.startswith(("govuk-frontend.min.", "LICENSE."))]
    assert {n for n in names if n.startswith("fonts/")} == {
        "fonts/source-sans-3-latin.woff2",
        "fonts/source-sans-3-latin-ext.woff2",
    }
    assert {"LICENSE.govuk-frontend.txt", "LICENSE.htmx.txt", "LICENSE.source-sans-3.txt"} <= names
    css = (VENDOR / "govuk-frontend.min.css").read_text(encoding="utf-8")
    assert "GDS Transport" not in css
    assert "url(" not in css
    assert sum((VENDOR / n).stat().st_size for n in names) < 600_000
