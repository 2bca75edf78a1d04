# SPDX-License-Identifier: Apache-2.0
"""Whose time it was: every microsecond of a case's clock goes to an owner, and the owners' times add up to the clock.

Between two stamps the time goes to the owners of the obligations that are open, in equal whole microseconds, the
remainder to the first in the order of OWNERS. An obligation that is still open when the clock stops, or closes later,
did not hold the goods up. Where none is open, the time goes to the owner of the event that ends the wait, UNKNOWN where
that is not known. A clock that is negative, since goods were released before they arrived, is PRE_ARRIVAL, less what
the owners took from lodgement to release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from openecp.border.time_release.clocks import quoted
from openecp.border.time_release.events import AGENCY, CUSTOMS, OWNER_OF, OWNERS, TRADER, UNKNOWN
from openecp.border.time_release.obligations import OBLIGATIONS, Obligation

PRE_ARRIVAL = "PRE_ARRIVAL"


class Stamp(NamedTuple):
    """One event of a case, as attribution sees it; `agency` is the agency's code where the event is one's."""

    ts_us: int
    seq: int
    activity: str
    agency: str = ""


class _Span(NamedTuple):
    open_us: int
    close_us: int
    obligation: str
    owner: str


def owner_rank(owner: str) -> tuple[int, str]:
    """Return the place of an owner in the order that decides on remainders; agencies by their code."""
    kind = owner.partition(":")[0]
    return (OWNERS.index(kind) if kind in OWNERS else len(OWNERS), owner)


def attributed(
    stamps: Sequence[Stamp],
    start_us: int,
    end_us: int,
    *,
    owners: Mapping[str, str] = OWNER_OF,
    obligations: Sequence[Obligation] = OBLIGATIONS,
) -> dict[str, int]:
    """Return each owner's microseconds of one case's clock; they add up to `end_us - start_us` exactly."""
    ordered = sorted(stamps)
    spans = _spans(ordered, obligations)
    if end_us >= start_us:
        return _shared(ordered, spans, start_us, end_us, owners, obligations)
    lodged = min((stamp.ts_us for stamp in ordered if stamp.activity == "LODGED"), default=end_us)
    found = _shared(ordered, spans, min(lodged, end_us), end_us, owners, obligations)
    found[PRE_ARRIVAL] = end_us - start_us - sum(found.values())
    return found


def _spans(ordered: Sequence[Stamp], obligations: Sequence[Obligation]) -> list[_Span]:
    """Return when obligations were open: from each opening event to the next closing one, of the same agency."""
    spans = []
    for obligation in obligations:
        for place, opening in enumerate(ordered):
            if opening.activity not in obligation.opens:
                continue
            agency = opening.agency if obligation.owner == AGENCY else ""
            for closing in ordered[place + 1 :]:
                if closing.activity in obligation.closes and (not agency or closing.agency == agency):
                    owner = f"{AGENCY}:{agency}" if agency else obligation.owner
                    spans.append(_Span(opening.ts_us, closing.ts_us, obligation.name, owner))
                    break
    return spans


def _shared(
    ordered: Sequence[Stamp],
    spans: Sequence[_Span],
    start_us: int,
    end_us: int,
    owners: Mapping[str, str],
    obligations: Sequence[Obligation],
) -> dict[str, int]:
    found: dict[str, int] = {}
    for since, until, awaited in _gaps(ordered, spans, start_us, end_us, owners, obligations):
        _add(found, awaited, until - since)
    return found


def _gaps(
    ordered: Sequence[Stamp],
    spans: Sequence[_Span],
    start_us: int,
    end_us: int,
    owners: Mapping[str, str],
    obligations: Sequence[Obligation],
) -> Iterator[tuple[int, int, set[str]]]:
    """Yield the stretches between stamps, and who was awaited in each."""
    yields = {obligation.name: obligation.yields_to for obligation in obligations}
    since = start_us
    for stamp in [*ordered, Stamp(end_us, 2**62, "")]:
        until = min(stamp.ts_us, end_us)
        if until <= since:
            continue
        held = [span for span in spans if span.open_us <= since and until <= span.close_us <= end_us]
        names = {span.obligation for span in held}
        awaited = {span.owner for span in held if not names.intersection(yields[span.obligation])}
        yield since, until, awaited or {_ender(stamp, owners)}
        since = until


class Stretch(NamedTuple):
    """A stretch of a case's time and who was awaited in it, in the order that decides on remainders."""

    since_us: int
    until_us: int
    owners: tuple[str, ...]


def stretches(
    stamps: Sequence[Stamp],
    start_us: int,
    end_us: int,
    *,
    owners: Mapping[str, str] = OWNER_OF,
    obligations: Sequence[Obligation] = OBLIGATIONS,
) -> list[Stretch]:
    """Return whose time each stretch between two moments of a case was; neighbours of the same owners are one."""
    ordered = sorted(stamps)
    found: list[Stretch] = []
    for since, until, awaited in _gaps(ordered, _spans(ordered, obligations), start_us, end_us, owners, obligations):
        names = tuple(sorted(awaited, key=owner_rank))
        if found and found[-1].owners == names and found[-1].until_us == since:
            since = found.pop().since_us
        found.append(Stretch(since, until, names))
    return found


def awaited_now(stamps: Sequence[Stamp], *, obligations: Sequence[Obligation] = OBLIGATIONS) -> tuple[str, ...]:
    """Return in whose court the ball of an open case is: the owners of what is open and need wait for nothing else.

    Where nothing is open, Customs is awaited once the declaration is there, the trader before.
    """
    held: dict[tuple[str, str], Obligation] = {}
    lodged = False
    for stamp in sorted(stamps):
        lodged = lodged or stamp.activity in ("LODGED", "ACCEPTED")
        for one in obligations:
            if stamp.activity in one.closes:
                for key in [key for key in held if key[0] == one.name and key[1] in ("", stamp.agency)]:
                    del held[key]
            if stamp.activity in one.opens:
                held[one.name, stamp.agency if one.owner == AGENCY else ""] = one
    names = {name for name, _ in held}
    owners = {
        f"{AGENCY}:{agency}" if agency else one.owner
        for (_, agency), one in held.items()
        if not names.intersection(one.yields_to)
    }
    return tuple(sorted(owners or {CUSTOMS if lodged else TRADER}, key=owner_rank))


def _ender(stamp: Stamp, owners: Mapping[str, str]) -> str:
    owner = owners.get(stamp.activity, UNKNOWN)
    return f"{AGENCY}:{stamp.agency}" if owner == AGENCY and stamp.agency else owner


def _add(found: dict[str, int], awaited: set[str], length: int) -> None:
    share, rest = divmod(length, len(awaited))
    for place, owner in enumerate(sorted(awaited, key=owner_rank)):
        found[owner] = found.get(owner, 0) + share + (rest if place == 0 else 0)


def attribution_sql(
    durations: str,
    *,
    agency: str = "NULL",
    owners: Mapping[str, str] = OWNER_OF,
    obligations: Sequence[Obligation] = OBLIGATIONS,
) -> str:
    """Return SQL of `case_id, owner, us` for a table of durations, equal to `attributed` for every case.

    Reads: trs_events. `agency` is SQL of an event's agency over `e`; NULL where the source has none.
    Limits: cases without both stamps have no rows.
    """
    opened, closed = _rows_sql(obligations, "opens"), _rows_sql(obligations, "closes")
    yields = [(o.name, other) for o in obligations for other in o.yields_to] or [("", "")]
    yield_rows = ", ".join(f"({quoted(name)}, {quoted(other)})" for name, other in yields)
    owner_rows = ", ".join(f"({quoted(code)}, {quoted(owner)})" for code, owner in owners.items()) or "('', '')"
    ranks = ", ".join(f"({quoted(owner)}, {place})" for place, owner in enumerate(OWNERS))
    agent = quoted(AGENCY)
    return f"""
WITH clocks AS (
  SELECT case_id, start_us, end_us, us,
    CASE WHEN us >= 0 THEN start_us ELSE LEAST(COALESCE(lodged_us, end_us), end_us) END AS from_us
  FROM (SELECT d.case_id, d.start_us, d.end_us, d.us,
      CASE WHEN d.us < 0 THEN (SELECT MIN(x.ts_us) FROM trs_events AS x
        WHERE x.case_id = d.case_id AND x.activity = 'LODGED') END AS lodged_us
    FROM {durations} AS d WHERE d.us IS NOT NULL) AS k),
opened(obligation, owner, activity) AS (VALUES {opened}),
closed(obligation, owner, activity) AS (VALUES {closed}),
yields(obligation, other) AS (VALUES {yield_rows}),
owner_of(activity, owner) AS (VALUES {owner_rows}),
ranks(kind, place) AS (VALUES {ranks}),
moments AS (
  SELECT e.case_id, e.activity, e.ts_us, e.seq, COALESCE({agency}, '') AS agency, c.from_us, c.end_us AS until_us
  FROM trs_events AS e JOIN clocks AS c ON c.case_id = e.case_id),
spans AS (
  SELECT o.case_id, o.obligation, o.open_us, MIN_BY(c.ts_us, (c.ts_us, c.seq)) AS close_us,
    CASE WHEN o.agency = '' THEN o.owner ELSE {agent} || ':' || o.agency END AS owner
  FROM (SELECT m.case_id, m.ts_us AS open_us, m.seq, w.obligation, w.owner,
      CASE WHEN w.owner = {agent} THEN m.agency ELSE '' END AS agency
    FROM moments AS m JOIN opened AS w ON w.activity = m.activity) AS o
  JOIN (SELECT m.case_id, m.ts_us, m.seq, m.agency, w.obligation
    FROM moments AS m JOIN closed AS w ON w.activity = m.activity) AS c
    ON c.case_id = o.case_id AND c.obligation = o.obligation
      AND (c.ts_us > o.open_us OR (c.ts_us = o.open_us AND c.seq > o.seq)) AND (o.agency = '' OR c.agency = o.agency)
  GROUP BY o.case_id, o.obligation, o.open_us, o.seq, o.owner, o.agency),
{_sharing_sql(agent)}"""


def _sharing_sql(agent: str) -> str:
    """Return the second half: stretches between moments, who held them, equal shares and the remainder."""
    return f"""ends AS (
  SELECT case_id, ts_us AS us, MIN_BY(activity, seq) AS activity, MIN_BY(agency, seq) AS agency,
    ANY_VALUE(from_us) AS from_us, ANY_VALUE(until_us) AS until_us
  FROM moments GROUP BY case_id, ts_us),
gaps AS (
  SELECT case_id, since_us, until_us, activity, agency, end_us FROM (
    SELECT case_id, us AS until_us, activity, agency, until_us AS end_us,
      GREATEST(COALESCE(LAG(us) OVER (PARTITION BY case_id ORDER BY us), from_us), from_us) AS since_us
    FROM ends WHERE us > from_us AND us <= until_us) AS g
  UNION ALL
  SELECT c.case_id, GREATEST(COALESCE(l.us, c.from_us), c.from_us), c.end_us, '', '', c.end_us
  FROM clocks AS c LEFT JOIN (SELECT case_id, MAX(us) AS us FROM ends WHERE us <= until_us GROUP BY case_id) AS l
    ON l.case_id = c.case_id WHERE GREATEST(COALESCE(l.us, c.from_us), c.from_us) < c.end_us),
held AS (
  SELECT DISTINCT g.case_id, g.until_us, s.obligation, s.owner
  FROM gaps AS g JOIN spans AS s ON s.case_id = g.case_id AND s.open_us <= g.since_us
    AND s.close_us >= g.until_us AND s.close_us <= g.end_us),
awaited AS (
  SELECT DISTINCT h.case_id, h.until_us, h.owner FROM held AS h
  WHERE NOT EXISTS (SELECT 1 FROM yields AS y JOIN held AS o ON o.obligation = y.other
    WHERE y.obligation = h.obligation AND o.case_id = h.case_id AND o.until_us = h.until_us)),
shares AS (
  SELECT g.case_id, g.until_us - g.since_us AS length, a.owner,
    COUNT(*) OVER same AS parts, ROW_NUMBER() OVER (same ORDER BY COALESCE(r.place, {len(OWNERS)}), a.owner) AS place
  FROM gaps AS g JOIN awaited AS a ON a.case_id = g.case_id AND a.until_us = g.until_us
  LEFT JOIN ranks AS r ON r.kind = SPLIT_PART(a.owner, ':', 1)
  WINDOW same AS (PARTITION BY g.case_id, g.until_us)),
parts AS (
  SELECT case_id, owner, length // parts + CASE WHEN place = 1 THEN length % parts ELSE 0 END AS us FROM shares
  UNION ALL
  SELECT g.case_id, CASE WHEN w.owner = {agent} AND g.agency <> '' THEN {agent} || ':' || g.agency
    ELSE COALESCE(w.owner, {quoted(UNKNOWN)}) END, g.until_us - g.since_us
  FROM gaps AS g LEFT JOIN owner_of AS w ON w.activity = g.activity
  WHERE NOT EXISTS (SELECT 1 FROM awaited AS a WHERE a.case_id = g.case_id AND a.until_us = g.until_us)),
taken AS (SELECT case_id, owner, CAST(SUM(us) AS BIGINT) AS us FROM parts GROUP BY case_id, owner)
SELECT case_id, owner, us FROM taken
UNION ALL
SELECT c.case_id, {quoted(PRE_ARRIVAL)}, CAST(c.us - COALESCE(t.us, 0) AS BIGINT)
FROM clocks AS c LEFT JOIN (SELECT case_id, SUM(us) AS us FROM taken GROUP BY case_id) AS t ON t.case_id = c.case_id
WHERE c.us < 0
"""


def _rows_sql(obligations: Sequence[Obligation], side: str) -> str:
    return ", ".join(
        f"({quoted(o.name)}, {quoted(o.owner)}, {quoted(activity)})"
        for o in obligations
        for activity in getattr(o, side)
    )
