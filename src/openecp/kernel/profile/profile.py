# SPDX-License-Identifier: Apache-2.0
"""An administration's law and offices as dated tables: `profile.toml` and CSV files in one folder.

The kernel reads the tables and knows no rule in them; each capability names the columns that it needs. A table that
is not in the folder is empty. All values are text as written; an empty cell is "".
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

ROWS_MAX = 2_000_000
Row = dict[str, str]


class ProfileError(Exception):
    """A profile cannot be used: says where, what was expected, what was got and what to do."""


class Profile:
    """One administration: settings and tables. Tables are read once, when first asked for."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder = folder
        self.settings = settings
        self._tables: dict[str, list[Row]] = {}

    @property
    def name(self) -> str:
        """The profile's name, `uk-trade-test`."""
        return str(self.settings["name"])

    @property
    def currency(self) -> str:
        """ISO 4217 code of the administration's currency."""
        return str(self.settings["currency"])

    @property
    def currency_exponent(self) -> int:
        """Decimals of the administration's currency."""
        return int(self.settings.get("currency_exponent", 2))

    def setting(self, *path: str, default: Any = None) -> Any:
        """Return a setting of a section, `setting("rounding", "mode")`."""
        value: Any = self.settings
        for step in path:
            if not isinstance(value, dict) or step not in value:
                return default
            value = value[step]
        return value

    def table(self, name: str, columns: tuple[str, ...] = ()) -> list[Row]:
        """Return the rows of `<name>.csv`; raise ProfileError where a needed column is missing."""
        if name not in self._tables:
            self._tables[name] = read_table(self.folder / f"{name}.csv")
        rows = self._tables[name]
        if rows and (missing := [c for c in columns if c not in rows[0]]):
            raise ProfileError(
                f"{self.folder / (name + '.csv')}: expected the columns {', '.join(columns)}, got "
                f"{', '.join(rows[0])}; add {', '.join(missing)} to the header"
            )
        return rows

    def with_rows(self, name: str, more: Sequence[Row]) -> Profile:
        """Return the profile with more rows in one table; the folder stays as it is."""
        made = Profile(self.folder, self.settings)
        made._tables = {**self._tables, name: [*self.table(name), *more]}
        return made

    @cached_property
    def code_lists(self) -> dict[str, list[Row]]:
        """Return every code list of the profile by name."""
        folder = self.folder / "code_lists"
        return {p.stem: read_table(p) for p in sorted(folder.glob("*.csv"))} if folder.is_dir() else {}


def read_table(path: Path) -> list[Row]:
    """Read one CSV table; a missing file is an empty table."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, restkey="", restval="")
        rows: list[Row] = []
        for row in reader:
            if "" in row:
                raise ProfileError(
                    f"{path}, line {reader.line_num}: expected {len(reader.fieldnames or [])} cells, got more; "
                    "quote cells that hold a comma"
                )
            rows.append({key: (value or "").strip() for key, value in row.items()})
            if len(rows) > ROWS_MAX:
                raise ProfileError(f"{path}: expected at most {ROWS_MAX} rows; split the table")
    return rows


def profile_names() -> list[str]:
    """Return the names of the profiles that ship with the package."""
    root = Path(str(files("openecp") / "profiles"))
    return sorted(p.parent.name.replace("_", "-") for p in root.glob("*/profile.toml"))


def load_profile(name: str) -> Profile:
    """Load a profile that ships with the package by name, or any folder that holds a `profile.toml`.

    Raises: ProfileError where there is no such profile or its settings cannot be read.
    """
    shipped = Path(str(files("openecp") / "profiles")) / name.replace("-", "_")
    folder = shipped if (shipped / "profile.toml").exists() else Path(name)
    path = folder / "profile.toml"
    if not path.exists():
        raise ProfileError(
            f"profile {name!r}: expected one of {', '.join(profile_names())} or a folder with a profile.toml; "
            "got neither; name one of these"
        )
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ProfileError(f"{path}: expected TOML, got a fault: {fault}; mend the file") from fault
    for key in ("name", "currency"):
        if key not in settings:
            raise ProfileError(f"{path}: expected the setting {key!r}, got none; add it")
    return Profile(folder, settings)
