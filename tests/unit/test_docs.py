# SPDX-License-Identifier: Apache-2.0
"""What exists is documented, and what is documented exists: classes, commands, settings, events, routes, decisions,
links, make targets.

Method: names are taken from the code, never from a list kept here.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from openecp.border.lodgement.lifecycle import EVENT_KINDS
from openecp.platform.api.routes import ROUTES
from openecp.platform.cli.main import COMMANDS
from openecp.platform.core.settings import setting_names
from openecp.programme.compendia.lifecycle import EVENT_KINDS as RECORD_EVENTS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "openecp"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("CHANGELOG.d/*.md")])
OF_THE_STORE = {"OPENECP_LOG_KEY"}  # where the signing key lies; docs/journal.md explains it
OF_TESTS = {
    "OPENECP_BENCH_SPARK_ITEMS",
    "OPENECP_CRASH_KILLS",
    "OPENECP_CRASH_PARCELS",
    "OPENECP_CRASH_SEED",
    "OPENECP_MUTATION_SEED",
}  # settings that only tests and benches read; CONTRIBUTING names them
FRAGMENT = re.compile(r"[a-z0-9-]+\.(added|changed|fixed|removed|security)\.md")


def text(name: str) -> str:
    """Return the text of a page."""
    return (ROOT / name).read_text(encoding="utf-8")


def all_pages() -> str:
    """Return the text of all pages but the glossary, which names everything."""
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES if page.name != "GLOSSARY.md")


def public_classes() -> Iterator[tuple[str, str]]:
    """Yield name and file (under src/openecp) of each public class of kernel and border, of records and papers."""
    for room in ("kernel", "border", "programme/compendia", "programme/reports"):
        for path in sorted((SOURCE / room).rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    yield node.name, path.relative_to(SOURCE).as_posix()


def glossary_rows() -> list[list[str]]:
    """Return the cells of every row of GLOSSARY.md."""
    lines = [line for line in text("GLOSSARY.md").splitlines() if line.startswith("| ") and "| term |" not in line[:8]]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_every_public_class_is_in_the_glossary() -> None:
    """Each has a row with its French term and where it is defined; no row is left of a class that is gone."""
    rows = {(row[0].strip("`"), row[4].strip("`")) for row in glossary_rows() if row[0].startswith("`")}
    classes = set(public_classes())
    assert classes - rows == set(), "write a row in GLOSSARY.md: | `Class` | French term | WCO id | meaning | `file` |"
    assert rows - classes == set(), "rows of classes that are gone or have moved"


def test_glossary_rows_are_whole() -> None:
    """Five cells each; term, French term and meaning are there; terms are sorted within their section."""
    rows = glossary_rows()
    assert [row for row in rows if len(row) != 5 or not (row[0] and row[1] and row[3])] == []
    for section in text("GLOSSARY.md").split("\n## ")[1:]:
        terms = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")][1:]
        wanted = sorted(terms, key=None if terms[0].startswith("`") else str.lower)
        assert terms == wanted, section.splitlines()[0]


def test_wco_ids_of_the_glossary_are_those_of_the_classes() -> None:
    """The identifier of a class is told where it is looked up."""
    told = {(row[0].strip("`"), row[4].strip("`")): row[2] for row in glossary_rows() if row[0].startswith("`")}
    wrong = {}
    for name, file in public_classes():
        if file.startswith("kernel/datamodel/"):
            module = importlib.import_module("openecp." + file.removesuffix(".py").replace("/", "."))
            wco_id = getattr(getattr(module, name), "wco_id", "")
            if isinstance(wco_id, str) and wco_id and told.get((name, file)) != wco_id:
                wrong[name] = (told.get((name, file)), wco_id)
    assert wrong == {}


def commands() -> Iterator[str]:
    """Yield every command and subcommand as it is typed."""
    for name, (module, attribute, _) in COMMANDS.items():
        command = getattr(importlib.import_module(f"openecp.platform.cli.{module}"), attribute)
        yield f"openecp {name}"
        if isinstance(command, click.Group):
            yield from (f"openecp {name} {sub}" for sub in command.commands)


def test_every_command_is_documented() -> None:
    """Each command stands as it is typed in README or docs, and has help."""
    pages = all_pages()
    assert [command for command in commands() if command not in pages] == []
    assert [name for name, (_, _, told) in COMMANDS.items() if not told.endswith(".")] == []


def test_commands_in_the_pages_exist() -> None:
    """Nobody is told to type what is not there."""
    told = set(re.findall(r"(?:^|[`/ ])openecp ([a-z]+)(?=[ `\n])", all_pages(), re.MULTILINE))
    words = {"command"}  # “the openecp command”
    assert told - set(COMMANDS) - words == set()


def test_every_setting_is_documented() -> None:
    """Each variable has a row in docs/operations.md, and the pages name none that is not read."""
    table = set(re.findall(r"^\| `(OPENECP_[A-Z_]+)` \|", text("docs/operations.md"), re.MULTILINE))
    assert table == set(setting_names())
    named = set(re.findall(r"OPENECP_[A-Z_]*[A-Z]", all_pages()))
    assert named - set(setting_names()) - OF_THE_STORE - OF_TESTS == set()


def test_code_reads_no_other_setting() -> None:
    """Settings are read in one place: no module looks for another variable."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    assert set(re.findall(r"OPENECP_[A-Z_]*[A-Z]", code)) - set(setting_names()) - OF_THE_STORE == set()


def test_every_event_kind_is_documented() -> None:
    """Kinds of the life cycle and those that the store records itself."""
    pages = all_pages()
    recorded = set(EVENT_KINDS) | set(RECORD_EVENTS)
    for path in (SOURCE / "platform" / "store").rglob("*.py"):
        recorded |= set(re.findall(r'kind="([A-Z]\w+)"', path.read_text(encoding="utf-8")))
    assert {kind for kind in recorded if not re.search(rf"\b{kind}\b", pages)} == set()


def test_every_route_is_documented() -> None:
    """Each path of the API stands in docs/api.md."""
    page = text("docs/api.md")
    assert {f"{route.method} {route.path}" for route in ROUTES if route.path not in page} == set()


def test_every_profile_table_is_documented() -> None:
    """Each file of a profile that ships is explained in docs/profiles.md or docs/demo.md."""
    pages = text("docs/profiles.md") + text("docs/demo.md") + text("docs/tariff.md")
    tables = {path.stem for path in (SOURCE / "profiles").glob("*/*.csv")}
    assert {name for name in tables if not re.search(rf"\b{name}\b", pages)} == set()


def test_decisions_are_well_formed() -> None:
    """Short MADR form: number, title, status, date, four headings; listed in the index."""
    index = text("docs/index.md")
    found = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in found] == list(range(1, len(found) + 1)), "numbers without a gap"
    for number, path in enumerate(found, start=1):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name), path.name
        assert lines[0].startswith(f"# {number}. "), path.name
        assert re.fullmatch(r"- Status: (accepted|superseded by \d+)", lines[2]), path.name
        assert re.fullmatch(r"- Date: \d{4}-\d\d-\d\d", lines[3]), path.name
        headings = [line[3:] for line in lines if line.startswith("## ")]
        assert headings == ["Context", "Decision", "Consequences", "Alternatives"], path.name
        assert f"[{lines[0][2:]}](adr/{path.name})" in index, f"{path.name} is not in docs/index.md"


def test_decisions_that_code_names_exist() -> None:
    """`docs/adr/0001` in a docstring leads somewhere."""
    numbers = {path.name[:4] for path in (ROOT / "docs" / "adr").glob("*.md")}
    named = set()
    for path in [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.sql")]:
        named |= set(re.findall(r"docs/adr/(\d{4})", path.read_text(encoding="utf-8")))
    assert named - numbers == set()


def test_every_page_is_in_the_index() -> None:
    """Whoever starts at docs/index.md finds every page."""
    index = text("docs/index.md")
    assert [
        page.name for page in (ROOT / "docs").glob("*.md") if page.name != "index.md" and page.name not in index
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_resolve(page: Path) -> None:
    """Each link to a file, and each link to a heading, leads somewhere."""
    told = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", told):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, heading = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        if not place.exists():
            broken.append(target)
        elif heading and place.suffix == ".md":
            titles = re.findall(r"^#+ (.+)$", place.read_text(encoding="utf-8"), re.MULTILINE)
            if heading not in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}:
                broken.append(target)
    assert broken == []


def test_files_that_pages_name_exist() -> None:
    """A path in backticks under src, tests, docs, tools, bench or demo is a file or folder of the project."""
    named = set(re.findall(r"`((?:src|tests|docs|tools|bench|demo)/[\w./-]+)`", all_pages()))
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_make_targets() -> None:
    """Every target that a page names exists, and every target with a line of help stands in `make help`."""
    makefile = text("Makefile")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    told = set(re.findall(r"`(?:[A-Z]+=\S+ )?make ([a-z-]+)`", all_pages()))
    assert told - targets == set()
    helped = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    phony = set(makefile.split(".PHONY:")[1].split())
    assert helped == phony, "one line of help for each target"


def test_changelog_fragments() -> None:
    """One file a change, named by its kind, with something in it."""
    found = [path for path in (ROOT / "CHANGELOG.d").iterdir() if path.name != "README.md"]
    assert [path.name for path in found if not FRAGMENT.fullmatch(path.name) or not path.read_text().strip()] == []


def test_every_module_says_what_it_is() -> None:
    """A module begins with a sentence."""
    wrong = []
    for path in sorted(SOURCE.rglob("*.py")):
        told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if path.name == "__init__.py" and not path.read_text(encoding="utf-8").strip().count("\n"):
            continue
        first = told.split("\n\n")[0]
        if not first.rstrip().endswith((".", ":", "!", "?")):
            wrong.append(f"{path.relative_to(ROOT)}: {first[:80]!r} is no sentence")
    assert wrong == []


def test_every_step_says_what_it_does() -> None:
    """The first comment of an SQL step is a sentence; `Rows:` or `Reads:` say on what it works."""
    wrong = []
    for path in sorted((SOURCE / "border").rglob("*.sql")):
        lines = path.read_text(encoding="utf-8").splitlines()
        comment = []
        for line in lines[1:]:
            if not line.startswith("--"):
                break
            comment.append(line.removeprefix("--").strip())
        told = " ".join(comment)
        if "." not in told:
            wrong.append(f"{path.name}: no sentence")
        elif path.name.count(".") == 1 and not re.search(r"\b(Rows|Reads|Adds):", told):
            wrong.append(f"{path.name}: neither Rows:, Reads: nor Adds:")
    assert wrong == []


def test_public_functions_say_what_they_do() -> None:
    """Every public function and class of the package has a docstring whose first line is a sentence."""
    wrong = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
                first = (ast.get_docstring(node) or "").split("\n\n")[0].strip()
                if not first.endswith((".", ":", "?")) and "\n" not in first:
                    wrong.append(f"{path.relative_to(SOURCE)}::{node.name}: {first[:60]!r}")
    assert wrong == []
