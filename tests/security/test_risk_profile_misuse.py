# SPDX-License-Identifier: Apache-2.0
"""Misuse of risk profiles: predicates that reach out, sleep or explode; self approval; expiry: all refused."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.unit.test_risk_profiles import World, made, officer, trial_of

from openecp.border.risk.profiles.acts import ActivateProfile, AttachBacktest, ProposeProfile, SuspendProfile
from openecp.border.risk.profiles.compiled import compile_predicate
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.predicate import read_predicate
from openecp.border.risk.profiles.versions import backtest_digest
from openecp.border.risk.reference import criteria_rules
from openecp.kernel.profile import ProfileError, load_profile

REACHES_OUT = (
    "origin IN (SELECT content FROM read_text('/etc/passwd'))",
    "(SELECT COUNT(*) FROM read_csv('/etc/passwd')) > 0",
    "EXISTS (SELECT 1 FROM risk_criteria)",
    "origin = (SELECT importer FROM items LIMIT 1)",
    "origin = read_blob('/etc/passwd')",
    "origin = getenv('HOME')",
    "origin = current_setting('secret_directory')",
    "items.origin = 'QP'",
    "main.items.origin = 'QP'",
    "origin = 'QP'; DROP TABLE items",
    "origin = 'QP' UNION SELECT 1",
    "origin = 'QP') OR (SELECT TRUE",
    "ATTACH '/tmp/x' AS x",
    "COPY items TO '/tmp/x'",
    "origin = 'QP' -- AND value_minor > 5",
    "origin = 'QP' /* x */",
    "origin = $1",
    "origin = ?",
    "origin = E'\\x51'",
    "COLUMNS('.*') = 'x'",
    "* = 1",
    "origin = ALL (VALUES ('x'))",
    "query_table('items') = 1",
    "nextval('x') = 1",
    "random() < 0.5",
    "now() > '2020-01-01'",
    "origin = uuid()",
)
EXPLODES = (
    "sleep(10) = 1",
    "pg_sleep(10) = 1",
    "regexp_matches(description, '(a+)+$')",
    "description SIMILAR TO '(a|aa)+'",
    "description ~ '(a+)+$'",
    "description LIKE '%a%a%a%a%a%a%a%a%b'",
    "length(repeat(description, 1000000000)) > 1",
    "length(lpad(description, 1000000000, 'x')) > 1",
    "list_sum(range(1000000000)) > 1",
    "value_minor ^ value_minor > 1",
    "factorial(value_minor) > 1",
    "CAST(description AS INTEGER) = 1",
    "description::HUGEINT = 1",
    "value_minor = 1e999",
    "value_minor = 99999999999999999999999999999999999999999999",
    "substring(description, 1, 4000000000) = 'x'",
    "(" * 5000 + "origin = 'QP'" + ")" * 5000,
    "NOT " * 900 + "origin = 'QP'",
    " OR ".join(["origin = 'QP'"] * 90),
    "origin IN (" + ", ".join(f"'{n}'" for n in range(300)) + ")",
    "value_minor * " * 30 + "value_minor > 1",
    "- " * 200 + "value_minor > 1",
    "origin = '" + "x" * 3000 + "'",
    "x" * 5000,
    "origin = '\x00'",
    "origin = '\ud800'",
    "",
    "TRUE",
    "1 = 1",
    "origin",
)


@pytest.mark.parametrize("predicate", [*REACHES_OUT, *EXPLODES], ids=lambda text: text[:30].encode("ascii", "replace"))
def test_a_predicate_is_confined(predicate: str) -> None:
    began = time.process_time()
    with pytest.raises(ProfileRefused) as refused:
        read_predicate(predicate)
    fault = refused.value
    assert fault.where == "predicate"
    assert fault.expected
    assert fault.got
    assert fault.fix
    assert time.process_time() - began < 2


def test_alternatives_do_not_multiply() -> None:
    """Four lists of eight would be 4,096 rows: one that can stand beside the rows does, else it is refused."""
    eight = ", ".join(f"'A{n}'" for n in range(8))
    names = ("origin", "importer", "declarant", "export_country")
    found = compile_predicate(read_predicate(" AND ".join(f"{name} IN ({eight})" for name in names)))
    assert len(found.rows) <= 256
    mixed = [f"(origin = 'A{n}' AND value_minor < {n + 1})" for n in range(5)]
    with pytest.raises(ProfileRefused, match="alternatives"):
        compile_predicate(
            read_predicate(" AND ".join("(" + " OR ".join(mixed[k:] + mixed[:k]) + ")" for k in range(5)))
        )


def test_it_is_refused_at_the_desk_and_on_record() -> None:
    world = World()
    answer: Any = world.do(ProposeProfile(profile=made(predicate="origin = read_text('/etc/passwd')")), officer("ann"))
    assert answer.outcome == "refused"
    assert answer.error.got == "read_text"
    assert world.kinds() == ["RiskProfileRefused"]
    assert world.book.states() == []


def test_nobody_activates_their_own_profile() -> None:
    world, profile = World(), made()
    ann = officer("ann")
    world.do(ProposeProfile(profile=profile), ann)
    world.do(AttachBacktest(profile_id="FOOT-01", backtest=trial_of(profile)), officer("bob"))
    digest = backtest_digest(trial_of(profile))
    answer: Any = world.do(ActivateProfile(profile_id="FOOT-01", version=1, backtest=digest), ann)
    assert (answer.outcome, answer.error.code, answer.http_status) == ("refused", "OECP-RISK-SELF-APPROVAL", 403)
    attempt = world.store.events()[-1]
    assert attempt.kind == "RiskProfileRefused"
    assert attempt.actor == ann.actor
    assert attempt.body["code"] == "OECP-RISK-SELF-APPROVAL"
    assert world.book.criteria() == []


def test_an_expired_profile_is_not_activated() -> None:
    world, profile = World(), made(expires_on="2026-03-05")
    world.do(ProposeProfile(profile=profile), officer("ann"))
    world.do(AttachBacktest(profile_id="FOOT-01", backtest=trial_of(profile)), officer("ann"))
    world.now = "2026-03-06T00:00:00.000000Z"
    digest = backtest_digest(trial_of(profile))
    answer: Any = world.do(ActivateProfile(profile_id="FOOT-01", version=1, backtest=digest), officer("bob"))
    assert answer.error.code == "OECP-RISK-PROFILE-EXPIRED"
    assert world.kinds()[-1] == "RiskProfileRefused"
    assert world.book.criteria() == []


@pytest.mark.parametrize("who", [officer("t", "trader"), officer("a", "auditor"), officer("s", kind="system")])
def test_others_than_officers_do_nothing(who: Any) -> None:
    world = World()
    for act in (ProposeProfile(profile=made()), SuspendProfile(profile_id="FOOT-01", reason="because")):
        answer: Any = world.do(act, who)
        assert (answer.outcome, answer.http_status) == ("refused", 403)
        assert "FOOT" not in str(answer)
    assert world.kinds() == []


def test_a_column_that_is_not_there_is_neither_proposed_nor_selects() -> None:
    """Each column of an item is not a profile's: only the documented ones, and none of a name alike."""
    for column, near in (("p_e7", "p_e6"), ("list_hit", "list_hits"), ("row_id", ""), ("relation_bits", "")):
        world = World()
        profile = made(predicate=f"origin = 'QP' AND {column} > 0")
        answer: Any = world.do(ProposeProfile(profile=profile), officer("ann"))
        assert answer.error.got == column
        assert near in answer.error.fix
        assert "RiskProfileProposed" not in world.kinds()
        row = {"criterion": "X", "channel": "red", "origin": "QP", "condition": f"{column} > 0"}
        with pytest.raises(ProfileError, match="documented columns"):
            criteria_rules(load_profile("demo").with_rows("risk_criteria", [row]))
