"""What is made later is made once, off the event loop, and whole: nothing of it is left for the first request to do."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, ClassVar

import pytest
from fastapi import APIRouter
from fastapi.exceptions import FastAPIError
from pydantic_core import CoreSchema, core_schema

from crawdad.api.call import Scope
from crawdad.api.later import Later
from crawdad.api.management.application import Contract, make_application
from crawdad.api.management.contract_route import contract_route
from crawdad.api.management.mount import LazyApplication
from crawdad.core.errors import GatewayError
from crawdad.core.text import Language
from tests.support.waiting import PATIENCE


async def test_all_who_ask_at_once_get_the_same_made_off_the_loop() -> None:
    threads: list[int] = []

    def make() -> object:
        threads.append(threading.get_ident())
        return object()

    later = Later(make)
    found = await asyncio.gather(*(later.get() for _ in range(5)))
    assert len({id(each) for each in [*found, await later.get()]}) == 1
    assert len(threads) == 1 and threads[0] != threading.get_ident()


async def test_who_goes_away_takes_it_from_nobody() -> None:
    begun, may_end = threading.Event(), threading.Event()
    made: list[object] = []

    def make() -> object:
        begun.set()
        may_end.wait(PATIENCE)
        made.append(object())
        return made[-1]

    later = Later(make)
    first = asyncio.get_running_loop().create_task(later.get())
    await asyncio.to_thread(begun.wait, 10)
    second = asyncio.get_running_loop().create_task(later.get())
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    may_end.set()
    assert [await second] == made


async def test_what_could_not_be_made_is_tried_again() -> None:
    answers: list[Any] = [OSError("no room"), "made"]

    def make() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    later = Later(make)
    with pytest.raises(OSError, match="no room"):
        await later.get()
    assert await later.get() == "made"


class Observed(str):
    """A parameter whose schema tells in which thread it was built."""

    threads: ClassVar[list[int]] = []

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> CoreSchema:
        cls.threads.append(threading.get_ident())
        return core_schema.str_schema()


def _write_error(error: GatewayError, language: Language) -> tuple[int, dict[str, Any]]:
    return 500, {"error": error.message(language)}


def _application() -> Any:
    router = APIRouter(route_class=contract_route(_write_error))

    async def seen(name: Observed) -> dict[str, str]:
        return {"name": name}

    async def told() -> dict[str, str]:
        return {"name": "told"}

    router.add_api_route("/api/seen", seen, methods=["GET"])
    router.add_api_route("/api/told", told, methods=["GET"])
    return make_application([Contract("one", ("/api/",), router, _write_error)])


async def _asked(application: LazyApplication, path: str) -> bytes:
    """The body of what `GET path` answers."""
    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"name=crab",
        "headers": [],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "state": {"language": "en", "id": "1"},
    }
    sent: list[Scope] = []

    async def receive() -> Scope:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Scope) -> None:
        sent.append(message)

    await application(scope, receive, send)
    assert [message.get("status") for message in sent[:1]] == [200]
    body: bytes = sent[1]["body"]
    return body


async def test_the_first_request_builds_no_routes_on_the_event_loop() -> None:
    Observed.threads.clear()
    assert b"crab" in await _asked(LazyApplication(_application), "/api/seen")
    assert Observed.threads and threading.get_ident() not in Observed.threads


async def test_a_route_is_built_once_and_not_before_it_is_called() -> None:
    Observed.threads.clear()
    application = LazyApplication(_application)
    assert b"told" in await _asked(application, "/api/told")
    assert Observed.threads == []
    bodies = await asyncio.gather(*(_asked(application, "/api/seen") for _ in range(5)))
    assert all(b"crab" in body for body in bodies)
    assert len(Observed.threads) == 1
    assert b"crab" in await _asked(application, "/api/seen")
    assert len(Observed.threads) == 1


async def test_a_route_that_cannot_be_built_says_so_each_time() -> None:
    router = APIRouter(route_class=contract_route(_write_error))

    async def impossible(what: asyncio.Event) -> None:
        """No schema can be made of that."""

    router.add_api_route("/api/impossible", impossible, methods=["GET"])
    application = LazyApplication(lambda: make_application([Contract("one", ("/api/",), router, _write_error)]))
    for _ in range(2):
        with pytest.raises(FastAPIError, match="Event"):
            await _asked(application, "/api/impossible")
