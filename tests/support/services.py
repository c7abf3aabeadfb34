"""Fixtures for what tests need beside the project: databases, PostgreSQL, Redis. Safe under pytest-xdist.

Addresses come from `CRAWDAD_TEST_POSTGRES_URL` and `CRAWDAD_TEST_REDIS_URL`, else from the usual local ports. Where no
server answers, the tests that need it are skipped, or fail with `CRAWDAD_REQUIRE_SERVICES=1`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from crawdad.store.database import Database, open_database
from crawdad.store.tables import metadata
from tests.support.waiting import PATIENCE

POSTGRES_URL = os.environ.get("CRAWDAD_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS_URL = os.environ.get("CRAWDAD_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")

DATABASES = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgres)]


EMPTY = "DO $$ BEGIN " + " ".join(f"DELETE FROM {table};" for table in reversed(metadata.sorted_tables)) + " END $$"
"""Of tables that hold next to nothing, which TRUNCATE would give new files, each to be written to the disk."""


@dataclass
class ManualClock:
    """A clock that stands still until it is moved."""

    time: float = 1_767_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


def missing(service: str, error: Exception) -> NoReturn:
    """Skip the test for want of a service; fail where services are required (`CRAWDAD_REQUIRE_SERVICES=1`)."""
    lacking(f"no {service} answers: {error}")


def lacking(reason: str) -> NoReturn:
    """The same for want of anything else that could be there."""
    if os.environ.get("CRAWDAD_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


async def _administer(*statements: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(POSTGRES_URL, timeout=PATIENCE)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close(timeout=PATIENCE)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL database of this test process alone, dropped at the end."""
    name = f"crawdad_test_{os.getpid()}_{secrets.token_hex(4)}"
    try:
        asyncio.run(_administer(f"CREATE DATABASE {name}", f"ALTER DATABASE {name} SET synchronous_commit = off"))
    except (OSError, TimeoutError, ImportError) as error:
        missing("PostgreSQL", error)
    url: URL = make_url(POSTGRES_URL).set(database=name)
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        asyncio.run(_administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database: SQLite, then PostgreSQL. Its tables may not be there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'crawdad.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database with empty tables: SQLite, then PostgreSQL."""
    async with open_database(database_url) as opened:
        if not opened.is_sqlite:
            async with opened.write() as connection:
                await connection.execute(text(EMPTY))
        yield opened


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The address of a Redis that answers."""
    try:
        from redis import Redis
        from redis.exceptions import RedisError
    except ImportError as error:
        missing("Redis", error)
    with Redis.from_url(REDIS_URL, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as client:
        try:
            client.ping()
        except (RedisError, OSError) as error:
            missing("Redis", error)
    return REDIS_URL


@pytest.fixture(scope="session")
def shared_redis(redis_url: str) -> Iterator[dict[str, str]]:
    """The variables of gateways that are a cluster by Redis. Their prefix is this test process's alone: the gateways of
    others have other databases, and would note what they hear of these as their own."""
    from redis import Redis

    prefix = f"crawdad-test-{secrets.token_hex(6)}"
    yield {"CRAWDAD_CLUSTER_URL": redis_url, "CRAWDAD_CLUSTER_PREFIX": prefix}
    with Redis.from_url(REDIS_URL, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as client:
        for key in client.scan_iter(match=f"{prefix}*"):
            client.delete(key)


@pytest.fixture
def redis_prefix() -> Iterator[str]:
    """A key prefix of this test alone in the Redis at `REDIS_URL`; its keys are removed at the end."""
    try:
        from redis import Redis
        from redis.exceptions import RedisError
    except ImportError as error:
        missing("Redis", error)
    prefix = f"crawdad-test-{secrets.token_hex(6)}"
    with Redis.from_url(REDIS_URL, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE) as client:
        try:
            client.exists(prefix)
        except (RedisError, OSError) as error:
            missing("Redis", error)
        yield prefix
        for key in client.scan_iter(match=f"{prefix}*"):
            client.delete(key)
