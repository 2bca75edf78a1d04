# SPDX-License-Identifier: Apache-2.0
"""Settings: read from the environment, refused with a reason, all documented; ids; permissions."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest

from openecp.kernel.parties.model import Principal
from openecp.platform.cli.main import COMMANDS
from openecp.platform.core.ids import MrnSerials, Randomness
from openecp.platform.core.permissions import PERMISSIONS, may_read
from openecp.platform.core.settings import SettingError, Settings, environment_of, setting_names, settings_from

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_setting_is_documented_with_its_default() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| `(OPENECP_[A-Z_]+)` \| ([^|]*) \|", text, re.MULTILINE))
    assert set(documented) == set(setting_names())
    for name, default in environment_of(Settings()).items():
        if re.fullmatch(r"`[^`]*`", documented[name].strip()):
            assert float_or_text(documented[name].strip(" `")) == float_or_text(default), name


def float_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def test_every_command_is_documented() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"openecp {name}" not in text] == []


def test_settings_are_read_and_given_to_children() -> None:
    settings = settings_from(
        {"OPENECP_PORT": "99", "OPENECP_CONSOLE": "false", "OPENECP_GATHER_MS": "2.5", "HOME": "x"}
    )
    assert (settings.port, settings.console, settings.gather_ms) == (99, False, 2.5)
    assert settings_from(environment_of(settings)) == settings
    assert settings_from({"OPENECP_PORT": " "}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "x"), ("PORT", "70000"), ("MAX_LIST", "0"), ("CONSOLE", "perhaps")]
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError) as caught:
        settings_from({f"OPENECP_{name}": value})
    assert caught.value.where == f"OPENECP_{name}"
    assert value in caught.value.got
    assert caught.value.fix


def test_ids_are_uuids_of_version_7_and_never_repeat() -> None:
    randomness = Randomness()
    ids = [randomness.uuid7() for _ in range(5000)]
    assert len(set(ids)) == 5000
    assert {uuid.UUID(each).version for each in ids} == {7}
    assert ids[0][:8] <= ids[-1][:8]
    assert len({randomness.salt() for _ in range(5000)}) == 5000


def test_mrn_serials_grow_even_where_the_clock_goes_back() -> None:
    times = iter([100, 100, 50, 200, 7])
    serials = MrnSerials(lambda: next(times))
    made = [serials() for _ in range(5)]
    assert made == sorted(set(made))
    assert {len(each) for each in made} == {12}


def test_nobody_reads_a_foreign_organisation_without_the_right() -> None:
    for role in PERMISSIONS:
        who = Principal(principal_id="p", kind="system", organisation="a", name="p", roles=(role,))
        assert may_read(who, "b") == (role in ("officer", "auditor", "revenue"))
        assert may_read(who, "a") == (role in ("trader", "officer", "auditor", "revenue"))
