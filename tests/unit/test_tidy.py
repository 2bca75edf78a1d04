# SPDX-License-Identifier: Apache-2.0
"""The tree is tidy: what a reader may rely on in every file. Method: the files of the repository are read as text.

Exceptions stand here, openly, each with its reason; one that is no longer needed fails.
"""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.corpus import SHARED

ROOT = Path(__file__).resolve().parents[2]
LINES_MAX = 420
LINES_MAX_TESTS = 600
FUNCTION_LINES_MAX = 80
BYTES_MAX = 1_000_000  # a larger file in the repository is an accident

LONG_FILES: dict[str, str] = {
    "src/openecp/kernel/datamodel/columns.py": "the one place that says how a declaration becomes rows",
}
LONG_FUNCTIONS: dict[str, str] = {
    "src/openecp/kernel/datamodel/columns.py::_item_row": "one row, its columns in their order",
}

COMPOSERS = {
    "src/openecp/bootstrap.py",
    "src/openecp/bootstrap_clearing.py",  # files of parcels: charges and the quality of the data
    "src/openecp/border/batch.py",
    "src/openecp/border/decision.py",
    "src/openecp/border/online.py",
    "src/openecp/border/pipeline.py",
    "src/openecp/conformance/replay.py",
    "src/openecp/platform/core/collector_desk.py",  # accounts of collectors, and the parcels whose charges they are
    "src/openecp/platform/core/compliance_report.py",  # set in the blocks of the reports of release times
    "src/openecp/platform/core/desk.py",  # hands each command to the capability that decides it
    "src/openecp/platform/core/model.py",
    "src/openecp/platform/core/parcelwork.py",
    "src/openecp/platform/core/postcharges.py",  # a postal item charged as any parcel is
    "src/openecp/platform/cli/ecommerce_goods.py",  # the orders of the demo, their HS codes from the text model
}
SPDX = "SPDX-License-Identifier: Apache-2.0"
SOURCES = {".py", ".sql", ".css", ".js", ".html", ".po", ".sh"}
TEXTS = SOURCES | {".md", ".toml", ".csv", ".xml", ".json", ".yml", ".lock", ""}
BANNED_WORDS = ("manager", "helper", "util", "utils", "process_data")
MACHINE_PATHS = re.compile(r"(?<![\w.*)}\]])/(?:work|farm|tmp/w|root|home/\w+)/[\w.]")
REGISTRIES = re.compile(r"py" r"pi\.org|python" r"hosted|registry\.npm" r"js|deb\.deb" r"ian|files\.pyth")
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME)\b")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE " r"KEY-----")


@cache
def repository_files() -> tuple[Path, ...]:
    """Return every file that git knows; outside a checkout, nothing can be said."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout, or git is not installed")
    return tuple(path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file())


@cache
def text_of(path: Path) -> str:
    """Return a file's text; what is no text is left out by the callers."""
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def name_of(path: Path) -> str:
    """Return the path as it stands in the repository."""
    return path.relative_to(ROOT).as_posix()


def texts() -> Iterator[tuple[str, str]]:
    """Yield name and text of every text file."""
    for path in repository_files():
        if path.suffix in TEXTS:
            yield name_of(path), text_of(path)


@cache
def _nodes(text: str) -> tuple[ast.AST, ...]:
    """Return everything in a file; all tests look at the same parse."""
    return tuple(ast.walk(ast.parse(text)))


def sources(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of every source file with one of the suffixes."""
    for path in repository_files():
        if path.suffix in (suffixes or SOURCES):
            yield name_of(path), text_of(path)


def offences(pattern: re.Pattern[str]) -> list[str]:
    """Return file, line and text of everything that a pattern finds."""
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_every_source_file_begins_with_its_licence() -> None:
    """A reader of one file knows what he may do with it."""
    bare = [name for name, text in sources() if not any(SPDX in line for line in text.splitlines()[:2])]
    assert bare == [], f"expected {SPDX!r} in the first line (the second after #!)"


def test_files_can_be_read_in_one_sitting() -> None:
    """A file says one thing."""
    long = {name: len(text.splitlines()) for name, text in sources() if not name.endswith(".po")}
    too_long = {
        name: lines for name, lines in long.items() if lines > (LINES_MAX_TESTS if name[:6] == "tests/" else LINES_MAX)
    }
    assert {name: lines for name, lines in too_long.items() if name not in LONG_FILES} == {}
    assert set(LONG_FILES) - set(too_long) == set(), "exceptions that are no longer needed: remove them"


def test_functions_can_be_read_at_one_glance() -> None:
    """A function does one thing."""
    too_long: dict[str, int] = {}
    for name, text in sources(".py"):
        for node in _nodes(text):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    too_long[f"{name}::{node.name}"] = lines
    assert {name: lines for name, lines in too_long.items() if name not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) - set(too_long) == set(), "exceptions that are no longer needed: remove them"


def test_names_say_what_a_thing_is() -> None:
    """Nothing is called a manager, helper or util: such a name says who uses it and not what it is."""
    banned = re.compile(rf"(?:^|_)(?:{'|'.join(BANNED_WORDS)})(?:_|$)")
    found = []
    for name, text in sources(".py"):
        if banned.search(Path(name).stem):
            found.append(name)
        for node in _nodes(text):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).lower()
                if banned.search(words):
                    found.append(f"{name}::{node.name}")
    assert found == []


def test_no_path_of_a_machine() -> None:
    """The project runs anywhere: no file names a folder of the machine on which it was written."""
    assert offences(MACHINE_PATHS) == []


def test_no_package_registry_by_name() -> None:
    """Parts come by name and version from whichever registry a site uses."""
    assert offences(REGISTRIES) == []


def test_nothing_unfinished() -> None:
    """What is missing is said in README and docs, not in a comment."""
    assert offences(UNFINISHED) == []


def test_no_secret_and_nothing_huge() -> None:
    """No private key, and no file that nobody reads."""
    assert offences(PRIVATE_KEY) == []
    assert [name_of(path) for path in repository_files() if path.stat().st_size > BYTES_MAX] == []


def test_text_is_clean() -> None:
    """UTF-8 without byte order mark, lines that end with a line feed and without spaces, a line feed at the end.

    Demonstration messages are left out: some are broken on purpose.
    """
    found = []
    for name, text in sources(*SOURCES, ".md", ".toml", ".csv", ".yml"):
        if re.search(r"[\udc80-\udcff\r\ufeff]", text):
            found.append(f"{name}: not UTF-8, or carriage returns, or a byte order mark")
        if re.search(r"[ \t]+$", text, re.MULTILINE):
            found.append(f"{name}: spaces at the end of a line")
        if text and not text.endswith("\n"):
            found.append(f"{name}: no line feed at the end")
    assert found == []


def test_every_module_is_used() -> None:
    """No dead file: each module of the package is imported, run or named by another file."""
    words = {
        name: set(re.findall(r"\w+", text)) for name, text in texts() if not name.endswith((".csv", ".xml", ".json"))
    }
    dead = []
    for name, _ in sources(".py"):
        stem = Path(name).stem
        if not name.startswith("src/") or stem in ("__init__", "__main__"):
            continue
        if not any(stem in said for other, said in words.items() if other != name):
            dead.append(name)
    assert dead == []


def test_only_few_files_know_several_capabilities() -> None:
    """Capabilities meet in the files directly under border/ that compose them, and where an installation is wired."""
    names = "|".join(path.parent.name for path in (ROOT / "src/openecp/border").glob("*/__init__.py"))
    capability = re.compile(rf"openecp\.border(?:\.| import )({names})\b")
    several = {
        name
        for name, text in sources(".py")
        if name.startswith("src/")
        and not name.startswith("src/openecp/bootstrap")
        and len(set(capability.findall(text))) > 1
    }
    assert several - COMPOSERS == set(), "one capability must not know another: compose them in border/pipeline.py"


def test_every_step_is_in_a_pipeline() -> None:
    """No dead rule: each SQL step is named in the code, and its variants belong to a step."""
    code = "\n".join(text for name, text in sources(".py") if name.startswith("src/"))
    steps = [Path(name) for name, _ in sources(".sql") if "/steps/" in name]
    names = {path.name.split(".")[0] for path in steps}
    assert {name for name in names if not re.search(rf"\b{name}\b", code)} == set()
    assert {
        path.name for path in steps if path.name.count(".") > 1 and f"{path.name.split('.')[0]}" not in names
    } == set()


def test_nothing_of_the_corpus_is_in_the_project() -> None:
    """Public data that tests read beside the project stays there. Method: no file here has the bytes of one there."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not here: public data that is not part of the project")
    sizes: dict[int, list[Path]] = {}
    for kind in ("corpus", "reference", "plan"):
        for path in (SHARED / kind).rglob("*"):
            if path.is_file() and path.stat().st_size > 64:
                sizes.setdefault(path.stat().st_size, []).append(path)
    copies = []
    for path in repository_files():
        for other in sizes.get(path.stat().st_size, ()):
            if hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(other.read_bytes()).digest():
                copies.append(f"{name_of(path)} is {other.relative_to(SHARED)}")
    assert copies == []


def test_lock_files_agree() -> None:
    """What tests run with is what the product runs with; every package has one exact version and no address."""
    locks = {}
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.lstrip().startswith("#")]
        assert [line for line in lines if not re.match(r"[\w.-]+==[\w.+]+( ; .+)?$", line)] == []
        assert "://" not in (ROOT / name).read_text()
        locks[name] = dict(line.split(" ;")[0].split("==") for line in lines)
    product, everything = locks["requirements.lock"], locks["requirements-dev.lock"]
    assert product.items() <= everything.items(), "renew both: make lock"


def test_direct_dependencies_are_locked() -> None:
    """Whatever pyproject.toml asks for stands in the lock file."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.match(r"[\w-]+", line).group().lower() for line in project["dependencies"]}  # type: ignore[union-attr]
    locked = {
        line.split("==")[0].lower() for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line
    }
    assert wanted - locked == set(), "renew: make lock"
