# SPDX-License-Identifier: Apache-2.0
"""`openecp plan report`: files in a folder, figures frozen once, files recorded with their hashes.

Method: the command runs over a register in memory; the store is not under test here.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.plan_report_world import AS_OF, SINCE, ReportWorld, fill

from openecp.border.lodgement.indicators import INDICATORS
from openecp.platform.cli import plan_report
from openecp.platform.cli.plan_desk import PlanDesk
from openecp.platform.cli.wiring import CommandFault

WORLD = ("--plan", "ECP-IV", "--as-of", AS_OF, "--since", SINCE)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> ReportWorld:
    """Return a register to which figures of the running system are bound, and let the command use it."""
    made = fill(ReportWorld({each.id: each for each in INDICATORS}))

    @contextlib.contextmanager
    def desk(context: object, data: str | None) -> Iterator[PlanDesk]:
        yield PlanDesk(made.plans, made.core)

    monkeypatch.setattr(plan_report, "plan_desk", desk)
    return made


def report(folder: Path, *options: str) -> Result:
    """Run the command."""
    done = CliRunner().invoke(plan_report.report, ["-o", str(folder), *options], catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_all_files_of_both_languages(world: ReportWorld, tmp_path: Path) -> None:
    """Six files a language, each recorded with its hash; figures frozen for this paper."""
    done = report(tmp_path, *WORLD)
    files = sorted(path.name for path in tmp_path.iterdir())
    stems = [f"ECP-IV-{AS_OF}-{language}" for language in ("en", "fr")]
    endings = ("-actions.csv", "-annex.csv", "-figures.csv", ".docx", ".json", ".pdf")
    assert files == sorted(f"{stem}{ending}" for stem in stems for ending in endings)
    assert sorted(Path(line).name for line in done.output.split()) == files
    issued = world.plans.plan("ECP-IV").reports
    assert [(each.language, each.as_of, each.since) for each in issued] == [("en", AS_OF, SINCE), ("fr", AS_OF, SINCE)]
    for each in issued:
        for name, digest in each.files.items():
            assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    frozen = [figure for action in world.plans.actions("ECP-IV", as_of=AS_OF) for figure in action.measurements]
    assert frozen
    assert {figure.report for figure in frozen} == {f"ECP-IV/{SINCE}/{AS_OF}"}


def test_made_again_it_has_the_same_bytes_and_records_nothing_twice(world: ReportWorld, tmp_path: Path) -> None:
    """The figures printed are those that were frozen; a second run adds no event."""
    report(tmp_path / "one", *WORLD, "--format", "json,docx")
    position = world.store.size()
    report(tmp_path / "two", *WORLD, "--format", "json,docx")
    assert world.store.size() == position
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_draft_records_nothing(world: ReportWorld, tmp_path: Path) -> None:
    """Files are written and say that figures are not frozen; the journal stays as it is."""
    position = world.store.size()
    report(tmp_path, *WORLD, "--draft", "--lang", "en", "--format", "csv,json")
    assert world.store.size() == position
    assert '"draft": true' in (tmp_path / f"ECP-IV-{AS_OF}-en.json").read_text(encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == 4


def test_since_is_the_last_paper_where_it_is_not_said(world: ReportWorld, tmp_path: Path) -> None:
    """The first paper tells from the plan's beginning, the second from the first."""
    report(tmp_path, "--plan", "ECP-IV", "--as-of", "2019-07-01", "--lang", "fr", "--format", "json")
    report(tmp_path, "--plan", "ECP-IV", "--as-of", AS_OF, "--lang", "fr", "--format", "json")
    assert '"since": "2019-01-01"' in (tmp_path / "ECP-IV-2019-07-01-fr.json").read_text(encoding="utf-8")
    assert '"since": "2019-07-01"' in (tmp_path / f"ECP-IV-{AS_OF}-fr.json").read_text(encoding="utf-8")


def test_the_session_is_recorded(world: ReportWorld, tmp_path: Path) -> None:
    """A paper that is written for a session names it."""
    report(tmp_path, *WORLD, "--session", "PTC/223", "--lang", "en", "--format", "json")
    assert [each.session for each in world.plans.plan("ECP-IV").reports] == ["PTC/223"]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--format", "doc"), "is no list of formats"),
        (("--format", ","), "is no list of formats"),
        (("--as-of", "2999-01-01"), "no day to come"),
        (("--since", "2020-03-01"), "expected a day up to 2020-02-01"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said(world: ReportWorld, tmp_path: Path, options: tuple[str, ...], wanted: str) -> None:
    """A fault, no traceback, and nothing recorded."""
    position = world.store.size()
    with pytest.raises(CommandFault, match=wanted):
        report(tmp_path, *WORLD, *options)
    assert world.store.size() == position
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_folder_should_be(world: ReportWorld, tmp_path: Path) -> None:
    """A folder that cannot be written is a fault."""
    place = tmp_path / "taken"
    place.write_text("x")
    (place.parent / "other").mkdir()
    with pytest.raises(CommandFault, match="cannot be used"):
        report(place / "below", *WORLD)
