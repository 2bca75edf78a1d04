# SPDX-License-Identifier: Apache-2.0
"""Measures watchlists and split consignments; one JSON line a figure.

`namebench_f1`: labelled pairs, each scored by weights that saw no pair of its group (ten folds grouped by shared
names, mean of three seeds), at the product's threshold. `namebench_frozen_f1`: the same pairs through the shipped
table, one list of all second names, blocking included (these pairs are what the table was fitted to).
`un_recall`, `un_false_hit_rate`: the shipped table, names alone, over all names that must not hit. `party_match_ms`:
CPU of one party against 60,000 names, each party for the first time. `split_recall`, `split_precision` and
`split_exact_recall`: pairs of parcels of one split order, the worst kind of error.

Usage: bench_risk_watch.py [--seed 0] [--names 60000] [--corpus ../shared/corpus/risk/names]
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import os
import platform
import subprocess
import sys
import time
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from split_world import ERROR_KINDS, SplitWorld, split_world  # noqa: E402

from openecp.border.low_value.splits import SplitRule, find_splits  # noqa: E402
from openecp.border.risk.watchlist.fit import fit, read_pairs  # noqa: E402
from openecp.border.risk.watchlist.match import Matcher, Watchlist, list_hits  # noqa: E402
from openecp.border.risk.watchlist.party import ListEntry, Party  # noqa: E402
from openecp.kernel.parties.entity_key import entity_keys  # noqa: E402
from openecp.kernel.parties.similar import same_key, similar  # noqa: E402
from openecp.platform.engines.duck import DuckEngine  # noqa: E402

RULE = SplitRule(threshold_micro=150_000_000, currency="EUR", window_days=3)


def figure(name: str, value: float, unit: str, n: int, note: str) -> None:
    """Print one figure."""
    git = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    print(json.dumps({
        "name": name, "value": round(value, 5), "unit": unit, "n": n, "commit": git.stdout.strip() or "unknown",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "note": f"{note}; load {os.getloadavg()[0]:.1f}",
    }), flush=True)  # fmt: skip


def name_bench(folder: Path) -> None:
    """Labelled pairs: unseen by grouped folds, and the shipped table as a list is screened."""
    text = (folder / "name_bench_cases.csv").read_text(encoding="utf-8")
    fits = [fit(read_pairs(text, "name_bench"), seed=seed) for seed in range(3)]
    mean = sum(one.f1_unseen for one in fits) / len(fits)
    told = ", ".join(f"{one.f1_unseen:.3f}" for one in fits)
    figure("namebench_f1", mean, "1", fits[0].pairs, f"ten folds grouped by shared names, at 0.5; seeds {told}")
    rows = list(csv.DictReader(io.StringIO(text)))
    entries = tuple(ListEntry(entry_id=str(n), kind=row["schema"], names=(row["name2"],))  # type: ignore[arg-type]
                    for n, row in enumerate(rows))  # fmt: skip
    both = hits = true = 0
    matcher = Matcher([Watchlist(list_id="b", version=1, entries=entries)])
    for row in rows:
        found = matcher.match(Party(name=row["name1"], kind=row["schema"]))  # type: ignore[arg-type]
        hit, same = any(one.listed_name == row["name2"] for one in found), row["is_match"] == "true"
        both, hits, true = both + (hit and same), hits + hit, true + same
    figure("namebench_frozen_f1", 2 * both / (hits + true), "1", len(rows), "shipped table with blocking; fitted here")


def united_nations(folder: Path) -> list[str]:
    """The UN set: mistyped names against the list, and names that must not hit; return the latter."""
    listed = _names(folder / "yente_positives_un_untreated.csv")
    treated = _names(folder / "yente_positives_un_treated.csv")
    negatives = _names(folder / "yente_negatives_global.csv.gz")
    matcher = Matcher([_list(listed)])
    right = sum(any(hit.listed_name == name[:200] for hit in matcher.match(Party(name=other)))
                for name, other in zip(listed, treated, strict=True))  # fmt: skip
    figure("un_recall", right / len(listed), "1", len(listed), "names alone, own row found, shipped table")
    wrong = sum(count > 0 for count, _, _ in list_hits([Party(name=name) for name in negatives], matcher))
    figure("un_false_hit_rate", wrong / len(negatives), "1", len(negatives), f"{wrong} of them hit, transliterated")
    return negatives


def speed(others: list[str], many: int, seed: int) -> None:
    """One party against a long list: online, one after the other, and in batch with repeats."""
    chance = Random(seed)
    latin = [name.split() for name in others if name.isascii() and len(name.split()) > 1]
    listed = others[: int(many * 0.6)]
    while len(listed) < many:
        listed.append(f"{chance.choice(latin)[0]} {chance.choice(latin)[-1]}")
    began = time.process_time()
    matcher = Matcher([_list(listed)])
    made = time.process_time() - began
    asked = [Party(name=name) for name in others[-4_000:]]
    for party in asked[:1_000]:
        matcher.match(party)
    measured = asked[1_000:]
    began, wall = time.process_time(), time.perf_counter()
    times = []
    for party in measured:
        start = time.process_time()
        matcher.match(party)
        times.append(time.process_time() - start)
    took, wall = time.process_time() - began, time.perf_counter() - wall
    start = time.process_time()
    sum(range(3_000_000))
    slow = (time.process_time() - start) / 0.06
    times.sort()
    note = f"CPU, {many} names, each for the first time, p99 {1000 * times[int(len(times) * 0.99)]:.2f} ms"
    note += f", wall mean {1000 * wall / len(measured):.2f} ms, made in {made:.1f} s"
    note += f"; {slow:.1f} times the quiet time of this core"
    figure("party_match_ms", 1000 * took / len(measured), "ms", len(measured), note)
    batch = [chance.choice(measured) for _ in range(50_000)]
    began = time.process_time()
    list_hits(batch, matcher)
    figure("party_match_batch_ms", 1000 * (time.process_time() - began) / len(batch), "ms", len(batch),
           "CPU, parties that repeat")  # fmt: skip


def splits(seed: int) -> None:
    """Split orders: pairs of parcels found and missed, by kind of error; the exact key beside."""
    engine = DuckEngine()
    found = {}
    for kind in ERROR_KINDS:
        told = [split_figures(split_world(3_000, number, kind), engine) for number in range(seed, seed + 3)]
        found[kind] = [sum(column) / len(told) for column in zip(*told, strict=True)]
    note = "; ".join(f"{kind} {value[0]:.3f}/{value[1]:.3f}/{value[2]:.3f}" for kind, value in found.items())
    for place, name in enumerate(("split_recall", "split_precision", "split_exact_recall")):
        worst = min(value[place] for value in found.values())
        figure(name, worst, "1", 9_000 * len(ERROR_KINDS), f"worst kind; recall/precision/exact recall: {note}")


def split_figures(world: SplitWorld, engine: DuckEngine) -> tuple[float, float, float]:
    """Return recall and precision over pairs of parcels, and the recall of the exact key."""
    keys = entity_keys(world.names, world.addresses, [None] * len(world.names))
    true = _pairs([(number, place) for place, number in enumerate(world.truth) if number])
    told = []
    for groups in (similar(world.names, world.addresses), same_key(keys)):
        parcels = [one._replace(party=group) for one, group in zip(world.parcels, groups, strict=True)]
        caught = find_splits(parcels, RULE, engine)
        told.append(_pairs([(n, int(name[1:])) for n, split in enumerate(caught) for name in split.parcels]))
    like, exact = told
    return len(like & true) / len(true), len(like & true) / max(len(like), 1), len(exact & true) / len(true)


def _pairs(members: list[tuple[int, int]]) -> set[tuple[int, int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for group, place in members:
        groups[group].append(place)
    return {pair for places in groups.values() for pair in combinations(sorted(places), 2)}


def _list(names: list[str]) -> Watchlist:
    entries = tuple(ListEntry(entry_id=str(n), kind="Person", names=(name,)) for n, name in enumerate(names))
    return Watchlist(list_id="list", version=1, entries=entries)


def _names(path: Path) -> list[str]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    return [row["full_name"] for row in csv.DictReader(io.StringIO(text))]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--names", type=int, default=60_000)
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "corpus" / "risk" / "names")
    asked = parser.parse_known_args()[0]
    if asked.corpus.is_dir():
        name_bench(asked.corpus)
        speed(united_nations(asked.corpus), asked.names, asked.seed)
    else:
        print(f"{asked.corpus} is not here: names are not measured", file=sys.stderr)
    splits(asked.seed)


if __name__ == "__main__":
    main()
