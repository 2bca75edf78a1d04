# SPDX-License-Identifier: Apache-2.0
"""Reads a list as it is published: CSV with a header, or FollowTheMoney entities as JSON (lines, array or object).

What is wrong with a row is told with its place, what was expected, what was got and what to do; the rest is loaded.
Source: FollowTheMoney 4 (followthemoney.tech), the columns of OpenSanctions' simple CSV.
Limits: 256 MB, 1,000,000 entries, 200 names an entry, 500 characters a name; the first 1,000 faults are told.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from typing import Any

import msgspec

from openecp.border.risk.watchlist.party import KINDS, NAME_MAX, NAMES_MAX, Kind, ListEntry, read_day, shown
from openecp.border.risk.watchlist.plain import plain_names

BYTES_MAX, ENTRIES_MAX, FAULTS_MAX, VALUES_MAX = 256_000_000, 1_000_000, 1_000, 200
COLUMNS = {  # what a list's columns are called, by what they are here
    "id": ("id", "entity_id", "uid", "entry_id"),
    "schema": ("schema", "type", "kind"),
    "name": ("name", "full_name", "caption", "names"),
    "aliases": ("aliases", "alias", "aka", "weak_aliases", "previous_names"),
    "birth_date": ("birth_date", "date_of_birth", "dob", "birthdate", "incorporation_date"),
    "countries": ("countries", "country", "nationality", "nationalities"),
    "identifiers": ("identifiers", "identifier", "id_number", "passport", "registration_number", "imo"),
    "addresses": ("addresses", "address"),
}
_NAMES = ("name", "alias", "weakAlias", "previousName", "abbreviation")
_DATES = ("birthDate", "incorporationDate", "buildDate")
_COUNTRIES = ("nationality", "citizenship", "country", "jurisdiction", "flag", "mainCountry")
_NUMBERS = ("idNumber", "passportNumber", "taxNumber", "registrationNumber", "imoNumber", "mmsi", "innCode", "leiCode",
            "vatCode", "ogrnCode", "socialSecurityNumber", "dunsCode", "swiftBic", "callSign")  # fmt: skip
_BEARERS = {"PublicBody": "Organization", "Airplane": "Vessel", "Vehicle": "Vessel"}


class ListFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one row of a list, and whether the row was loaded without it."""

    where: str
    expected: str
    got: str
    fix: str
    loaded: bool


class ListFile(msgspec.Struct, frozen=True, kw_only=True):
    """A list as read: its entries, what was wrong, and the file's SHA-256."""

    entries: tuple[ListEntry, ...]
    faults: tuple[ListFault, ...]
    faults_total: int
    left_out: int
    sha256: str
    kind: str  # csv, ftm


class ListRefused(Exception):  # noqa: N818 - a state of what was given
    """The file is no list at all: says where, what was expected, what was got and what to do."""

    def __init__(self, *, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}; {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class _Reading:
    """What has been read so far."""

    def __init__(self, name: str, default: str = "") -> None:
        self.name = name
        self.default = default
        self.entries: dict[str, ListEntry] = {}
        self.faults: list[ListFault] = []
        self.faults_total = self.left_out = 0

    def fault(self, place: str, expected: str, got: object, fix: str, *, loaded: bool) -> None:
        self.faults_total += 1
        self.left_out += not loaded
        if len(self.faults) < FAULTS_MAX:
            text = shown(got if isinstance(got, str) else msgspec.json.encode(got).decode())[:80] if got else "nothing"
            self.faults.append(
                ListFault(where=f"{self.name}, {place}", expected=expected, got=text, fix=fix, loaded=loaded)
            )

    def take(self, place: str, raw: dict[str, list[str]], entry_id: str, kind: str) -> None:
        """Check one entry and keep it."""
        kind = _BEARERS.get(kind, kind) or self.default or kind_of(raw["names"][0] if raw["names"] else "")
        known = next((one for one in KINDS if one.lower() == kind.lower()), None)
        if known is None:
            self.fault(f"{place}, schema", f"one of {', '.join(KINDS)}", kind, "name the kind of party", loaded=False)
            return
        names = self._names(place, known, raw["names"])
        if not names:
            return
        if not entry_id:
            entry_id = "x" + hashlib.sha256(msgspec.json.encode([known, names, raw])).hexdigest()[:20]
        if len(entry_id) > 100 or not entry_id.isascii() or not entry_id.isprintable() or "," in entry_id:
            self.fault(f"{place}, id", "1 to 100 printable ASCII characters without a comma", entry_id,
                       "give the entry another id", loaded=False)  # fmt: skip
            return
        if entry_id in self.entries:
            self.fault(f"{place}, id", "an id of its own", entry_id, "keep one of the two rows", loaded=False)
            return
        self.entries[entry_id] = ListEntry(
            entry_id=entry_id, kind=known, names=names,
            birth_dates=self._dates(place, raw["dates"]),
            countries=self._countries(place, raw["countries"]),
            identifiers=self._short(place, "identifiers", raw["identifiers"], 64),
            addresses=self._short(place, "addresses", raw["addresses"], 400),
        )  # fmt: skip

    def _names(self, place: str, kind: Kind, given: list[str]) -> tuple[str, ...]:
        """Return the names that can be compared; the row is left out where there is none."""
        if len(given) > NAMES_MAX:
            self.fault(f"{place}, name", f"at most {NAMES_MAX} names", str(len(given)), "split or shorten it",
                       loaded=False)  # fmt: skip
            return ()
        good: list[str] = []
        bad: list[str] = []
        for name in given:
            if not name.strip() or len(name) > NAME_MAX:
                bad.append(name)
                continue
            plain = plain_names([name], person=kind == "Person")[0]
            (good if sum(map(len, plain.words)) > 1 else bad).append(name)
        for name in bad if good else bad[:1] or [""]:
            self.fault(
                f"{place}, name", f"a name of 2 letters or more, at most {NAME_MAX} characters", name,
                "write the name" if not good else "write it, or leave it out", loaded=bool(good),
            )  # fmt: skip
        return tuple(dict.fromkeys(good))

    def _dates(self, place: str, given: list[str]) -> tuple[str, ...]:
        found = []
        for text in given[:VALUES_MAX]:
            day = read_day(text)
            if day is None:
                self.fault(f"{place}, birth_date", "a date such as 1970, 1970-05 or 1970-05-14", text,
                           "write it so, or leave it out", loaded=True)  # fmt: skip
            else:
                found.append(day)
        return tuple(dict.fromkeys(found))

    def _countries(self, place: str, given: list[str]) -> tuple[str, ...]:
        found = []
        for text in given[:VALUES_MAX]:
            code = text.strip().upper()
            if len(code) == 2 and code.isascii() and code.isalpha():
                found.append(code)
            else:
                self.fault(f"{place}, countries", "ISO 3166-1 codes of two letters, separated by ;", text,
                           "write the code, or leave it out", loaded=True)  # fmt: skip
        return tuple(dict.fromkeys(found))

    def _short(self, place: str, column: str, given: list[str], longest: int) -> tuple[str, ...]:
        found = []
        for text in given[:VALUES_MAX]:
            if len(text) > longest:
                self.fault(f"{place}, {column}", f"at most {longest} characters", text, "shorten it", loaded=True)
            else:
                found.append(text)
        return tuple(dict.fromkeys(found))

    def done(self, content: bytes, kind: str) -> ListFile:
        """Return the list as read."""
        return ListFile(
            entries=tuple(self.entries.values()), faults=tuple(self.faults), faults_total=self.faults_total,
            left_out=self.left_out, sha256=hashlib.sha256(content).hexdigest(), kind=kind,
        )  # fmt: skip


def kind_of(name: str) -> Kind:
    """Return what a name without a kind is most likely of: a firm where it has a legal form, else a person."""
    return "Company" if plain_names([name], person=False)[0].legal else "Person"


def read_list(content: bytes, name: str, *, kind: Kind = "") -> ListFile:
    """Read a list from its bytes; `name` is the file's, for the faults; `kind` is that of rows that tell none.

    Raises: ListRefused where nothing of it can be read as a list.
    """
    if len(content) > BYTES_MAX:
        raise ListRefused(where=name, expected=f"at most {BYTES_MAX:,} bytes", got=f"{len(content):,}",
                          fix="split the list")  # fmt: skip
    head = content[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head or b"\x00" in head:
        raise ListRefused(where=name, expected="CSV or FollowTheMoney JSON in UTF-8",
                          got="nothing" if not head else "bytes that are no text", fix="export it again")  # fmt: skip
    reading = _Reading(name, kind)
    if head[:1] in (b"{", b"["):
        _read_entities(content, reading)
        file = reading.done(content, "ftm")
    else:
        _read_rows(content, reading)
        file = reading.done(content, "csv")
    if not file.entries:
        told = file.faults[0] if file.faults else None
        raise ListRefused(
            where=told.where if told else name, expected=told.expected if told else "at least one entry",
            got=told.got if told else "none", fix=told.fix if told else "export the list again",
        )  # fmt: skip
    return file


def _read_rows(content: bytes, reading: _Reading) -> None:
    text = content.decode("utf-8-sig", errors="replace")
    delimiter = max(",;\t|", key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [name.strip().lower().replace(" ", "_") for name in next(_without_errors(rows, reading), [])]
    places = {field: [header.index(name) for name in names if name in header] for field, names in COLUMNS.items()}
    if not places["name"]:
        raise ListRefused(where=f"{reading.name}, line 1", expected=f"a column {' or '.join(COLUMNS['name'])}",
                          got=shown(", ".join(header)) or "nothing", fix="name the column with the names")  # fmt: skip
    for row in _without_errors(rows, reading):
        if not any(cell.strip() for cell in row):
            continue
        place = f"line {rows.line_num}"
        if len(reading.entries) >= ENTRIES_MAX:
            reading.fault(place, f"at most {ENTRIES_MAX:,} entries", "more", "split the list", loaded=False)
            return
        if len(row) != len(header):
            reading.fault(place, f"{len(header)} columns", str(len(row)), "quote cells that hold the separator",
                          loaded=False)  # fmt: skip
            continue
        if "\ufffd" in "".join(row):
            reading.fault(place, "UTF-8", "bytes that are none", "export the list in UTF-8", loaded=False)
            continue
        one = {field: [row[at].strip() for at in found if row[at].strip()] for field, found in places.items()}
        raw = {
            "names": one["name"][:1] + [part for cell in one["aliases"] for part in _parts(cell)],
            "dates": [part for cell in one["birth_date"] for part in _parts(cell)],
            "countries": [part for cell in one["countries"] for part in _parts(cell)],
            "identifiers": [part for cell in one["identifiers"] for part in _parts(cell)],
            "addresses": [part for cell in one["addresses"] for part in _parts(cell)],
        }
        reading.take(place, raw, (one["id"] or [""])[0], (one["schema"] or [""])[0])


def _without_errors(rows: Any, reading: _Reading) -> Iterator[list[str]]:
    """Yield rows; a row that the reader cannot take is a fault."""
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            reading.fault(f"line {rows.line_num}", "a row of CSV", str(error), "close its quotes, shorten its cells",
                          loaded=False)  # fmt: skip


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _read_entities(content: bytes, reading: _Reading) -> None:
    found = list(_entities(content.removeprefix(b"\xef\xbb\xbf"), reading))
    places = {
        entity["id"]: _texts(entity["properties"], ("full",)) or [", ".join(_texts(entity["properties"], _ADDRESS))]
        for _, entity in found
        if entity.get("schema") == "Address" and isinstance(entity.get("id"), str)
    }
    for place, entity in found:
        if len(reading.entries) >= ENTRIES_MAX:
            reading.fault(place, f"at most {ENTRIES_MAX:,} entries", "more", "split the list", loaded=False)
            return
        schema, properties = entity.get("schema"), entity["properties"]
        if schema in _OTHER_SCHEMATA:
            continue  # relations between entities: no party
        linked = [text for name in _texts(properties, ("addressEntity",)) for text in places.get(name, ())]
        own = places.get(entity.get("id") or "", []) if schema == "Address" else []
        caption = entity.get("caption")
        raw = {
            "names": own or _texts(properties, _NAMES) or ([caption] if isinstance(caption, str) else []),
            "dates": _texts(properties, _DATES),
            "countries": [code for code in _texts(properties, _COUNTRIES) if len(code) == 2],  # former states have 4
            "identifiers": _texts(properties, _NUMBERS),
            "addresses": [] if schema == "Address" else _texts(properties, ("address",)) + linked,
        }
        entry_id = entity.get("id")
        reading.take(
            place, raw, entry_id if isinstance(entry_id, str) else "", schema if isinstance(schema, str) else "?"
        )


_ADDRESS = ("street", "street2", "street3", "postOfficeBox", "city", "postalCode", "region", "state", "country")
_OTHER_TEXT = (
    "Sanction Ownership Directorship Membership Family Associate Representation UnknownLink Identification Passport "
    "Occupancy Position Employment Succession Documentation Security CryptoWallet Event Note Debt Payment "
    "BankAccount"
)
_OTHER_SCHEMATA = frozenset(_OTHER_TEXT.split())


def _texts(properties: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for name in names:
        values = properties.get(name, ())
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, str) and value.strip():
                found.append(value)
            elif isinstance(value, dict) and isinstance(value.get("id"), str):
                found.append(value["id"])  # a nested entity
    return found


def _entities(content: bytes, reading: _Reading) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield place and entity of each object of the file."""
    whole = _decoded(content)
    if isinstance(whole, dict) and "properties" not in whole:
        whole = next((whole[name] for name in ("entities", "results") if isinstance(whole.get(name), list)), [])
    if isinstance(whole, dict):
        whole = [whole]
    lines = (
        ((f"entity {number}", one) for number, one in enumerate(whole, start=1))
        if isinstance(whole, list)
        else ((f"line {number}", _decoded(line)) for number, line in enumerate(content.split(b"\n"), start=1)
              if line.strip())
    )  # fmt: skip
    for place, one in lines:
        if not isinstance(one, dict) or not isinstance(one.get("properties"), dict):
            reading.fault(place, "an entity: {id, schema, properties}", "something else", "export it again",
                          loaded=False)  # fmt: skip
        else:
            yield place, one


def _decoded(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
