"""What commands ask of the rest of the system, held in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from crawdad.app.commands.backends import KeyChange, LogOrder, NewKey
from crawdad.app.launch import Launch
from crawdad.core.budgets import Standing
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.identity import Limits, Permission
from crawdad.core.settings import Settings
from crawdad.core.text import Text


@dataclass
class FakeProblem:
    is_error: bool
    path: str
    message: Text
    fix: Text
    file: str | None = None
    line: int | None = None
    column: int | None = None


@dataclass
class FakeReading:
    path: str
    value: Any
    origin: str = "default"
    masked: bool = False


@dataclass
class FakeWritten:
    written: bool
    refused: bool = False
    problems: Sequence[FakeProblem] = ()


@dataclass
class FakeVerdict:
    valid: bool
    problems: Sequence[FakeProblem] = ()
    files: Sequence[str] = ("openclaw.json",)


@dataclass
class FakeConfiguration:
    """A flat configuration; `problems` are what `validate` finds and what a `set` of `bad` runs into."""

    current: Settings = field(default_factory=Settings)
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[FakeProblem] = field(default_factory=list)

    async def settings(self) -> Settings:
        return self.current

    async def get(self, path: str, reveal: bool = False) -> FakeReading:
        if path not in self.values:
            raise GatewayError(ErrorKind.NOT_FOUND, f"{path} is not set")
        return FakeReading(path, self.values[path])

    async def set_value(self, path: str, text: str, as_text: bool = False) -> FakeWritten:
        if text == "bad":
            return FakeWritten(False, True, self.problems)
        self.values[path] = text
        return FakeWritten(True)

    async def unset_value(self, path: str) -> FakeWritten:
        del self.values[path]
        return FakeWritten(True)

    async def validate(self) -> FakeVerdict:
        return FakeVerdict(not any(problem.is_error for problem in self.problems), self.problems)


@dataclass
class FakeKey:
    id: str
    name: str
    permissions: frozenset[Permission]
    limits: Limits
    hint: str = "cd-1…abcd"
    created_at: float = 1_700_000_000.0
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used_at: float | None = None
    owner: str = ""
    parent_id: str | None = None


@dataclass
class FakeKeys:
    kept: list[FakeKey] = field(default_factory=list)
    wanted: list[NewKey] = field(default_factory=list)
    changes: list[KeyChange] = field(default_factory=list)

    async def create(self, wanted: NewKey) -> tuple[FakeKey, str]:
        self.wanted.append(wanted)
        self.kept.append(FakeKey(f"key{len(self.kept)}", wanted.name, wanted.permissions, wanted.limits))
        return self.kept[-1], "cd-secret"

    async def list(self, include_revoked: bool = False) -> Sequence[FakeKey]:
        return [key for key in self.kept if include_revoked or key.revoked_at is None]

    async def get(self, id_or_name: str) -> FakeKey:
        return next(key for key in self.kept if id_or_name in (key.id, key.name))

    async def update(self, id_or_name: str, wanted: KeyChange) -> FakeKey:
        self.changes.append(wanted)
        return await self.get(id_or_name)

    async def standing(self, key: Any) -> Sequence[Standing]:
        return [Standing(budget, 1.25, 0.5, 1_700_086_400.0) for budget in key.limits.budgets]

    async def revoke(self, id_or_name: str) -> FakeKey:
        for key in self.kept:
            if id_or_name in (key.id, key.name):
                key.revoked_at = 1_700_000_001.0
                return key
        raise GatewayError(ErrorKind.NOT_FOUND, f"no key {id_or_name}")


@dataclass
class FakeExchangeLog:
    kept: list[Exchange] = field(default_factory=list)

    async def recent(self, limit: int, wanted: LogOrder) -> Sequence[Exchange]:
        found = [each for each in self.kept if wanted.model in (None, each.model_resolved)]
        found = [each for each in found if not wanted.errors or each.status >= 400]
        return [each for each in found if not wanted.failed or each.outcome != "completed"][-limit:]


def opening(thing: Any) -> Callable[[Launch], AbstractAsyncContextManager[Any]]:
    """In place of a function of `backends` that opens something."""

    @asynccontextmanager
    async def open_it(launch: Launch) -> AsyncIterator[Any]:
        yield thing

    return open_it
