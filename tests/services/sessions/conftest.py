"""The service of sessions over a real database, with a clock that a test moves and a bus that it hears."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crawdad.core.happenings import Event
from crawdad.core.sessions import NewLogEvent, Sessions
from crawdad.core.settings import Settings
from crawdad.services.sessions.copies import Copies
from crawdad.services.sessions.service import SessionService
from crawdad.store.database import Database
from crawdad.store.inprocess import InProcessBus
from crawdad.store.session_search import SessionSearch
from crawdad.store.sessions import SessionStore
from tests.support.fakes import FakeClock, FakeRandomness
from tests.support.services import database, database_url, postgres_url

__all__ = ["database", "database_url", "postgres_url"]


class HeardBus(InProcessBus):
    """Keeps what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Event] = []

    async def publish(self, event: Event) -> None:
        self.heard.append(event)


@dataclass
class World:
    """The service and what it stands on."""

    service: SessionService
    clock: FakeClock
    bus: HeardBus
    settings: Settings = field(default_factory=Settings)

    @property
    def copies(self) -> Copies:
        return Copies(self.service)

    def configure(self, **session: Any) -> None:
        self.settings = Settings.model_validate({"session": session})

    @property
    def reasons(self) -> list[str]:
        return [event.data["reason"] for event in self.bus.heard]


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    clock, bus = FakeClock(), HeardBus()
    service = SessionService(
        SessionStore(database), SessionSearch(database), clock, FakeRandomness(), bus, lambda: made.settings
    )
    service.zone = lambda: ZoneInfo("Europe/Berlin")
    port: Sessions = service  # what agents and doors see of it
    assert port is service
    made = World(service, clock, bus)
    yield made


def said(text: str, role: str = "user") -> NewLogEvent:
    """A message for a log."""
    return NewLogEvent("message", {"message": {"role": role, "content": [{"type": "text", "text": text}]}}, text=text)
