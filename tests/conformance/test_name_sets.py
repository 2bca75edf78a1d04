# SPDX-License-Identifier: Apache-2.0
"""The shipped table of weights on public name sets: labelled pairs, the UN list with typing errors, other people."""

from __future__ import annotations

import csv
import gzip
import io

import pytest
from tests.corpus import corpus_path

from openecp.border.risk.watchlist.fit import fit, read_pairs
from openecp.border.risk.watchlist.match import Matcher, Watchlist
from openecp.border.risk.watchlist.party import ListEntry, Party
from openecp.border.risk.watchlist.score import shipped_weights


def column(name: str) -> list[str]:
    """Return the names of a file of the corpus."""
    raw = corpus_path(f"risk/names/{name}").read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode("utf-8")
    return [row["full_name"] for row in csv.DictReader(io.StringIO(text))]


def listed() -> Matcher:
    """Return the UN list as it is compared."""
    names = column("yente_positives_un_untreated.csv")
    entries = tuple(ListEntry(entry_id=str(n), kind="Person", names=(name,)) for n, name in enumerate(names))
    return Matcher([Watchlist(list_id="un", version=1, entries=entries)])


def test_labelled_pairs_unseen_and_the_table_is_the_one_that_ships() -> None:
    text = corpus_path("risk/names/name_bench_cases.csv").read_text(encoding="utf-8")
    found = fit(read_pairs(text, "name_bench_cases.csv"))
    assert found.f1_unseen >= 0.80
    shipped = shipped_weights()
    assert found.weights.parts == pytest.approx(shipped.parts, abs=0.01)
    assert (found.weights.intercept, found.weights.threshold) == (
        pytest.approx(shipped.intercept, abs=0.01),
        shipped.threshold,
    )


def test_mistyped_names_of_the_un_list_are_found() -> None:
    matcher, names = listed(), column("yente_positives_un_untreated.csv")
    treated = column("yente_positives_un_treated.csv")
    right = sum(
        any(hit.listed_name == name for hit in matcher.match(Party(name=other)))
        for name, other in zip(names, treated, strict=True)
    )
    assert right / len(names) >= 0.99


@pytest.mark.parametrize("share", [20, pytest.param(1, marks=pytest.mark.slow)])
def test_other_people_do_not_hit(share: int) -> None:
    matcher, names = listed(), column("yente_negatives_global.csv.gz")[::share]
    assert sum(bool(matcher.match(Party(name=name))) for name in names) / len(names) <= 0.001
