"""The live tail of the log: server-sent events that go on where a lost connection ended, whichever process logs."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any

import orjson
import pytest

from crawdad.core.identity import Permission
from crawdad.store.database import open_database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.records import pack
from tests.api.opsclaw.administrator import Administrator
from tests.attacks.keys import new_key
from tests.store.samples import exchange
from tests.support.waiting import PATIENCE, eventually


def next_event(answer: http.client.HTTPResponse) -> dict[str, Any]:
    """The next event that is not a comment."""
    event: dict[str, Any] = {}
    while True:
        line = answer.readline().decode().rstrip("\n")
        if not line and "data" in event:
            return {**event, "data": orjson.loads(event["data"])}
        name, _, value = line.partition(": ")
        if name:
            event[name] = value


def test_what_is_logged_is_told_at_once_and_in_order(fresh: Administrator) -> None:
    with fresh.open("GET", "/api/logs/stream") as answer:
        assert answer.status == 200 and answer.getheader("content-type", "").startswith("text/event-stream")
        ready = next_event(answer)
        assert (ready["event"], ready["data"]) == ("ready", {}) and ready["id"].isdigit()
        for name in ("hello", "echo", "system"):
            fresh.talk("chat", f"chat/story:{name}")
        told = [next_event(answer) for _ in range(3)]
    assert [event["data"]["model"] for event in told] == ["chat/story:hello", "chat/story:echo", "chat/story:system"]
    assert [event["event"] for event in told] == ["log"] * 3
    numbers = [int(event["id"]) for event in (ready, *told)]
    assert numbers == sorted(set(numbers))
    assert [event["data"] for event in reversed(told)] == fresh.get("/api/logs")


def test_a_lost_connection_misses_nothing_and_hears_nothing_twice(fresh: Administrator) -> None:
    with fresh.open("GET", "/api/logs/stream") as answer:
        next_event(answer)
        fresh.talk("chat", "chat/story:hello")
        last = next_event(answer)
    for name in ("echo", "system", "sees"):
        fresh.talk("chat", f"chat/story:{name}")
    again = {**fresh.headers, "last-event-id": last["id"]}
    with fresh.open("GET", "/api/logs/stream", headers=again) as answer:
        assert next_event(answer)["id"] == last["id"]
        told = [next_event(answer) for _ in range(3)]
        fresh.talk("chat", "chat/story:silent")
        told.append(next_event(answer))
    names = [event["data"]["model"].partition(":")[2] for event in told]
    assert names == ["echo", "system", "sees", "silent"]


def test_a_restart_in_between_misses_nothing(fresh: Administrator) -> None:
    with fresh.open("GET", "/api/logs/stream") as answer:
        ready = next_event(answer)
    fresh.talk("chat", "chat/story:hello")
    fresh.gateway.kill()  # the exchange may be in the spool alone
    fresh.gateway.start()
    with fresh.open("GET", "/api/logs/stream", after=ready["id"]) as answer:
        next_event(answer)
        assert next_event(answer)["data"]["model"] == "chat/story:hello"


async def test_what_another_process_logs_is_told_too(fresh: Administrator) -> None:
    with fresh.open("GET", "/api/logs/stream") as answer:
        next_event(answer)
        async with open_database(f"sqlite:///{fresh.gateway.home / 'crawdad.db'}") as database:
            await ExchangeLog(database).insert([pack(exchange(1, started_at=time.time() - 3600))])
        assert next_event(answer)["data"]["id"] == "ex000001"


async def test_only_what_is_wanted_and_may_be_seen_is_told(fresh: Administrator) -> None:
    mine = await new_key(fresh.gateway, permissions=frozenset({Permission.MODELS_USE, Permission.USAGE_OWN}))
    me = Administrator(fresh.gateway, mine.headers)
    with fresh.open("GET", "/api/logs/stream", filter="messages") as theirs, me.open("GET", "/api/logs/stream") as own:
        next_event(theirs), next_event(own)
        fresh.talk("chat", "chat/story:hello")
        fresh.talk("anthropic", "chat/story:echo")
        fresh.talk("chat", "chat/story:system", mine.headers)
        assert next_event(theirs)["data"]["url"] == "/v1/messages"
        assert next_event(own)["data"]["model"] == "chat/story:system"


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "9" * 40, "٣", "1 OR 1=1"])
def test_a_number_that_we_never_gave_out_is_refused(administrator: Administrator, number: str) -> None:
    headers = {**administrator.headers, "last-event-id": number.encode().decode("latin-1")}
    answer = administrator.ask("GET", "/api/logs/stream", headers=headers)
    assert answer.status == 400 and answer.json["error"]


def test_followers_are_bounded_and_free_their_place(fresh: Administrator) -> None:
    connections = [http.client.HTTPConnection("127.0.0.1", fresh.gateway.port, timeout=PATIENCE) for _ in range(33)]
    answers = []
    try:
        for connection in connections:
            connection.request("GET", "/api/logs/stream", headers=fresh.headers)
            answers.append(connection.getresponse())
            if answers[-1].status == 200:
                next_event(answers[-1])
        refused = [answer for answer in answers if answer.status != 200]
        assert [answer.status for answer in refused] == [503] and refused[0].getheader("retry-after")
    finally:
        for connection in connections:
            connection.close()

    def let_in() -> bool:
        with fresh.open("GET", "/api/logs/stream") as answer:
            return bool(answer.status == 200)

    eventually(let_in, "a place that was given back")


def test_a_tail_does_not_hold_the_server_up(fresh: Administrator) -> None:
    with fresh.open("GET", "/api/logs/stream") as answer:
        next_event(answer)
        began = time.monotonic()
        rest: list[bytes] = []
        reader = threading.Thread(target=lambda: rest.append(answer.read()))
        reader.start()
        assert fresh.gateway.stop() == 0
        reader.join(PATIENCE)
        assert time.monotonic() - began < 20 and not reader.is_alive()
    fresh.gateway.start()
