"""Database URLs: what people write, made into what SQLAlchemy and the drivers take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_SQLITE = {"sqlite", "sqlite3"}
_POSTGRES = {"postgres", "postgresql"}


def parse(text: str) -> tuple[URL, dict[str, Any]]:
    """The engine's URL and the driver's arguments for a URL as people write it.

    Any driver suffix is replaced by ours. Raises BAD_REQUEST, never quoting the password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise _unusable("bad_url") from error
    scheme = url.drivername.partition("+")[0]
    if scheme in _SQLITE:
        return _sqlite(url)
    if scheme in _POSTGRES:
        return _postgres(url)
    raise _unusable("url_scheme", scheme=scheme)


def _sqlite(url: URL) -> tuple[URL, dict[str, Any]]:
    if not url.database or url.database == ":memory:" or url.host:
        raise _unusable("bad_url")
    for option in url.query:
        raise _unusable("url_option", option=option)
    path = Path(url.database).expanduser().absolute()
    return URL.create("sqlite+aiosqlite", database=str(path)), {"isolation_level": None}


def _postgres(url: URL) -> tuple[URL, dict[str, Any]]:
    """asyncpg names its options differently from libpq, whose names people paste."""
    arguments: dict[str, Any] = {"timeout": 10.0, "command_timeout": 60.0}
    server = {"application_name": "crawdad"}
    for option, value in _flat(url.query).items():
        if option in ("sslmode", "ssl"):
            arguments["ssl"] = value
        elif option == "host":  # the folder of a Unix socket
            arguments["host"] = value
        elif option == "connect_timeout":
            arguments["timeout"] = _number(option, value)
        elif option == "prepared_statement_cache_size":
            arguments[option] = int(_number(option, value))
            arguments["statement_cache_size"] = arguments[option]
        elif option in ("application_name", "search_path"):
            server[option] = value
        else:
            raise _unusable("url_option", option=option)
    return url.set(drivername="postgresql+asyncpg", query={}), {**arguments, "server_settings": server}


def _flat(query: Mapping[str, tuple[str, ...] | str]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else value[-1] for name, value in query.items()}


def _number(option: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise _unusable("url_option", option=option) from error


def _unusable(key: str, **values: object) -> GatewayError:
    return GatewayError(ErrorKind.BAD_REQUEST, Text(f"store.{key}", values), {"param": "database.url"})
