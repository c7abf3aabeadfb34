"""Two `crawdad serve` on one PostgreSQL and one Redis: what one of them knows, the other does; what one leaves, the other finds."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from functools import partial

import httpx
import pytest

from crawdad.store.database import open_database
from crawdad.store.exchanges import ExchangeLog
from tests.cluster.pair import MODEL, Pair, events_of
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE, eventually, until

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

HELLO = "Hello! I am a scripted model. Grüße, 你好, 🦞."
CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}


def test_a_key_counts_everywhere_until_it_is_revoked_anywhere(pair: Pair) -> None:
    for maker, other in ((pair.first, pair.second), (pair.second, pair.first)):
        name = f"key of {secrets.token_hex(4)}"
        headers = pair.new_key(maker, name)
        assert name in [key["name"] for key in pair.run(other, "keys", "list")["keys"]]
        pair.run(other, "keys", "revoke", name)
        pair.wait_until_known(headers, False)


async def test_limits_are_shared_exactly(pair: Pair) -> None:
    made = await asyncio.to_thread(pair.new_key, pair.first, f"limited {secrets.token_hex(4)}", "--requests", "25")
    limits = httpx.Limits(max_connections=20)
    async with httpx.AsyncClient(headers=made, timeout=PATIENCE, limits=limits) as client:
        urls = [one.base_url + "/v1/chat/completions" for one in (pair.first, pair.second)] * 40
        answers = await asyncio.gather(*(client.post(url, json=CHAT) for url in urls))
    assert Counter(answer.status_code for answer in answers) == {200: 25, 429: 55}
    assert all(int(answer.headers["retry-after"]) <= 61 for answer in answers if answer.status_code == 429)


def test_tokens_are_counted_together(pair: Pair) -> None:
    """The answer takes 37 tokens; the request that goes over the limit is still let in."""
    headers = pair.new_key(pair.second, f"tokens {secrets.token_hex(4)}", "--tokens", "70")

    def ask(client: httpx.Client, status: int) -> httpx.Response | None:
        answer = client.post("/v1/chat/completions", json=CHAT, headers=headers)
        return answer if answer.status_code == status else None

    first = ask(pair.at_first, 200)
    # What was set aside for the first may be settled a moment after its answer.
    second = eventually(lambda: ask(pair.at_second, 200), "the second to be let in")
    assert first is not None and second is not None
    assert [answer.json()["usage"]["total_tokens"] for answer in (first, second)] == [37, 37]
    for client in (pair.at_first, pair.at_second):
        assert ask(client, 429)


def test_a_stored_response_belongs_to_both(pair: Pair, scripted_upstream: ScriptedUpstream) -> None:
    made = pair.at_first.post("/v1/responses", json={"model": MODEL, "input": "first words"}).json()
    read = pair.at_second.get(f"/v1/responses/{made['id']}")
    assert read.json() == made
    items = pair.at_second.get(f"/v1/responses/{made['id']}/input_items").json()["data"]
    assert items[0]["content"][0]["text"] == "first words"
    more = {"model": MODEL, "input": "and then", "previous_response_id": made["id"]}
    assert pair.at_second.post("/v1/responses", json=more).json()["previous_response_id"] == made["id"]
    said = [message["content"] for message in scripted_upstream.journal[-1].json["messages"]]
    assert said == ["first words", HELLO, "and then"]
    assert pair.at_second.delete(f"/v1/responses/{made['id']}").json()["deleted"] is True
    assert pair.at_first.get(f"/v1/responses/{made['id']}").status_code == 404


def test_a_background_run_is_followed_from_the_other(pair: Pair, scripted_upstream: ScriptedUpstream) -> None:
    with scripted_upstream.holding(3) as hold:
        made = pair.at_first.post("/v1/responses", json={"model": MODEL, "input": "hi", "background": True}).json()
        assert hold.reached.wait(PATIENCE)
        assert pair.at_second.get(f"/v1/responses/{made['id']}").json()["status"] in ("queued", "in_progress")
    with pair.at_second.stream("GET", f"/v1/responses/{made['id']}", params={"stream": "true"}) as stream:
        events = events_of(stream)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["type"] == "response.completed"
    assert "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta") == HELLO


def test_a_background_run_is_cancelled_from_the_other(pair: Pair, scripted_upstream: ScriptedUpstream) -> None:
    with scripted_upstream.holding(2) as hold:
        made = pair.at_first.post("/v1/responses", json={"model": MODEL, "input": "hi", "background": True}).json()
        assert hold.reached.wait(PATIENCE)
        request = scripted_upstream.journal[-1]
        assert pair.at_second.post(f"/v1/responses/{made['id']}/cancel").json()["status"] == "cancelled"
        scripted_upstream.journal.wait(lambda _: request.left_at is not None)
    for client in (pair.at_first, pair.at_second):
        assert client.get(f"/v1/responses/{made['id']}").json()["status"] == "cancelled"


async def test_the_log_holds_what_both_did(pair: Pair) -> None:
    heard = [
        client.post("/v1/chat/completions", json=CHAT) for client in (pair.at_first, pair.at_second) for _ in range(3)
    ]
    await _all_logged(pair, [answer.headers["request-id"] for answer in heard])


async def test_one_goes_on_when_the_other_is_killed(pair: Pair, scripted_upstream: ScriptedUpstream) -> None:
    heard = [pair.at_first.post("/v1/chat/completions", json=CHAT).headers["request-id"] for _ in range(5)]
    with scripted_upstream.holding(2) as hold:
        body = {"model": MODEL, "input": "hi", "background": True}
        lost = pair.at_first.post("/v1/responses", json=body).json()["id"]
        assert hold.reached.wait(PATIENCE)
        with pair.at_second.stream("POST", "/v1/chat/completions", json={**CHAT, "stream": True}) as stream:
            pair.first.kill()
            scripted_upstream.release()
            assert events_of_chat(stream) == HELLO
        heard.append(stream.headers["request-id"])
    # Whoever waits for the run that died with its process hears so, without anybody starting again.
    with pair.at_second.stream("GET", f"/v1/responses/{lost}", params={"stream": "true"}) as stream:
        events_of(stream)
    left = pair.at_second.get(f"/v1/responses/{lost}").json()
    assert (left["status"], left["error"]["code"]) == ("failed", "server_error")
    heard += [pair.at_second.post("/v1/chat/completions", json=CHAT).headers["request-id"] for _ in range(5)]
    await asyncio.to_thread(pair.first.start)
    assert pair.at_first.get(f"/v1/responses/{lost}").json()["status"] == "failed"
    await _all_logged(pair, heard)


def events_of_chat(stream: httpx.Response) -> str:
    """The text of a chat stream, heard to its end."""
    lines = [line for line in stream.iter_lines() if line.startswith("data: ")]
    assert lines.pop() == "data: [DONE]"
    chunks = [httpx.Response(200, text=line[6:]).json() for line in lines]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


async def _all_logged(pair: Pair, request_ids: list[str]) -> None:
    """Every one of these exchanges is in the one log, completed."""
    async with open_database(pair.shared["CRAWDAD_DATABASE_URL"]) as database:
        log = ExchangeLog(database)
        for request_id in request_ids:
            found = await until(partial(log.get, request_id), f"{request_id} in the log")
            assert found.outcome == "completed"
