# SPDX-License-Identifier: Apache-2.0
"""Settings of an installation, read once from the environment; docs/operations.md documents each of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

_PREFIX = "OPENECP_"


class SettingError(ValueError):
    """A setting cannot be used; the text says where, what was expected, what was got and what to do."""

    def __init__(self, *, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}. {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


Positive = Annotated[int, msgspec.Meta(ge=1)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an operator may set; the environment variable of `max_list` is `OPENECP_MAX_LIST`."""

    data: str = ""  # data folder: embedded database, core socket, keys
    database_url: str = ""  # a PostgreSQL server of one's own; empty: the embedded one in the data folder
    profile: str = "demo"
    measures: str = ""  # measures file in place of the profile's
    regimes: str = ""  # folder of low-value regimes in place of those that ship
    exchange_rates: str = ""  # official rates of exchange for parcels and quotes, CSV
    duty_rates: str = ""  # rates of duty, excise and tax for parcels, CSV
    spark_memory: str = "6g"  # of Spark on this machine
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8080
    max_body_bytes: Positive = 10_000_000
    max_header_bytes: Positive = 16_384
    max_list: Positive = 500  # declarations in one request
    max_waiting: Positive = 10_000  # commands waiting in the core
    max_connections: Positive = 1024  # requests at work at the same time in the web process
    batch_max: Positive = 500  # commands in one micro-batch
    gather_ms: NotNegative = 5.0  # how long a lone command waits for company
    write_patience_s: NotNegative = 15.0  # how long a write is tried again while the database is away
    token_cache_s: NotNegative = 15.0  # how long a revoked token may still work
    tick_s: Annotated[float, msgspec.Meta(gt=0)] = 1.0  # deadlines and webhooks are looked at this often
    checkpoint_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0  # signed checkpoints
    keep_keys_days: Positive = 90  # idempotency keys; then the same key is a new one
    keep_deliveries_days: Positive = 90  # how webhooks were delivered, given up ones included
    allow_private_callbacks: bool = False  # webhooks to private address ranges
    cookie_secure: bool = False  # console cookies over HTTPS only; set it behind a TLS proxy
    console: bool = True
    shipped_plans: bool = True  # a new installation shows the two ECP Action Plans

    @property
    def data_dir(self) -> Path:
        """The data folder; where none is set, the one that the store proposes for this user."""
        from openecp.platform.store.embedded import default_data_folder  # heavy: not for those who keep nothing

        return Path(self.data).expanduser().absolute() if self.data else default_data_folder()

    @property
    def store_address(self) -> str | Path:
        """What `open_store` opens: the operator's own database, or the data folder of the embedded one."""
        return self.database_url or self.data_dir

    @property
    def core_socket(self) -> Path:
        """The Unix socket of the core; only the user who runs the server can open it."""
        return self.data_dir / "core.sock"


def setting_names() -> tuple[str, ...]:
    """Return the environment variable of every setting."""
    return tuple(_PREFIX + name.upper() for name in Settings.__struct_fields__)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read settings; an empty variable is as good as none.

    Raises: SettingError naming the variable that cannot be used.
    """
    settings = Settings()
    for name in Settings.__struct_fields__:
        text = environment.get(_PREFIX + name.upper(), "").strip()
        if text:
            settings = _with(settings, name, text)
    return settings


def _with(settings: Settings, name: str, text: str) -> Settings:
    hint = Settings.__annotations__[name]
    try:
        value = msgspec.convert(text, _types()[name], strict=False)
    except msgspec.ValidationError as error:
        raise SettingError(
            where=_PREFIX + name.upper(),
            expected=f"a value for {name} ({hint})",
            got=repr(text),
            fix=f"Correct or unset the variable: {error}.",
        ) from error
    return msgspec.structs.replace(settings, **{name: value})


def _types() -> dict[str, object]:
    return {field.name: field.type for field in msgspec.structs.fields(Settings)}


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment that gives a child process the same settings."""
    values = msgspec.structs.asdict(settings)
    return {_PREFIX + name.upper(): _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
