"""The express lane of streams: what goes through, and what is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.services.catalogue import Offer, Provider
from crawdad.services.responses.framing import closing_event
from crawdad.services.turns import sources
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.relay import StreamRelay, relay_whole
from crawdad.services.turns.sources import error_of
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs
from tests.support.fakes import FakeClock, FakeJournal
from tests.support.waiting import PATIENCE

_CALLER = Principal("key_1", "api_key", "caller", EVERYTHING)


class Answer:
    """An upstream's answer that says what it is given."""

    url = "http://upstream"

    def __init__(
        self, *pieces: bytes | GatewayError, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self.pieces = pieces
        self.status = status
        self.headers: Mapping[str, str] = headers or {"content-type": "text/event-stream"}

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, GatewayError):
                raise piece
            yield piece

    async def read(self, limit: int) -> bytes:
        return b"".join([piece async for piece in self.chunks()])

    async def close(self) -> None:
        pass


def event(document: Any) -> bytes:
    return b"data: " + orjson.dumps(document) + b"\n\n"


async def relayed(
    protocol: str, asked: str, upstream: str, *pieces: bytes | GatewayError, **fields: Any
) -> tuple[bytes, Exchange]:
    """What a client that asked for the model `asked` hears of `pieces`, and what is logged."""
    codec = codecs.get(protocol)
    exchange = Exchange("ex1", 0.0, "test", protocol, "chat", stream=True)
    turn = Turn(exchange, _CALLER, codec, asked, True, {"model": asked, **fields}, b"{}", lambda: 0.0)
    offer = Offer(Provider("vendor", "http://upstream", protocol, {}), upstream, protocol)
    ledger = Ledger(FakeClock(), FakeJournal(), lambda _: None, lambda _: None)
    ledger.route(turn, offer)
    relay = StreamRelay(turn, Answer(*pieces), offer, codec, ledger)
    await relay.prime()
    return b"".join([piece async for piece in relay.chunks()]), exchange


async def whole(protocol: str, body: bytes) -> tuple[bytes, Exchange]:
    """What a client hears of an answer that is not streamed, and what is logged."""
    codec = codecs.get(protocol)
    exchange = Exchange("ex1", 0.0, "test", protocol, "chat")
    turn = Turn(exchange, _CALLER, codec, "m", False, {"model": "m"}, b"{}", lambda: 0.0)
    offer = Offer(Provider("vendor", "http://upstream", protocol, {}), "m", protocol)
    ledger = Ledger(FakeClock(), FakeJournal(), lambda _: None, lambda _: None)
    ledger.route(turn, offer)
    return await relay_whole(turn, Answer(body), offer, codec, ledger), exchange


async def test_a_whole_answer_may_have_half_a_character_in_it_and_a_byte_order_mark_before_it() -> None:
    said = rb'{"id":"c","model":"m","choices":[{"index":0,"message":{"content":"\ud83d"},"finish_reason":"length"}]}'
    heard, exchange = await whole("openai-chat", b"\xef\xbb\xbf" + said)
    assert heard == said
    assert (exchange.outcome, exchange.stop_reason) == ("completed", "max_tokens")


async def test_a_choice_of_a_whole_answer_that_tells_an_error_is_an_error() -> None:
    """Another source may then be tried."""
    choice = {"index": 0, "error": {"code": 502, "message": "gone"}, "finish_reason": "error", "message": {}}
    with pytest.raises(GatewayError, match="gone"):
        await whole("openai-chat", orjson.dumps({"id": "c", "model": "m", "choices": [choice]}))


async def test_arguments_of_a_tool_are_no_name_of_a_model() -> None:
    """Google's answers do not name the model by `model`: what does is a tool's argument, which the model chose."""
    call = {"functionCall": {"name": "order", "args": {"model": "T-800", "colour": "chrome"}}}
    said = event({"candidates": [{"content": {"parts": [call]}, "finishReason": "STOP"}], "modelVersion": "gemini-x"})
    heard, exchange = await relayed("gemini", "google/gemini-x", "gemini-x", said)
    assert heard == said
    assert exchange.outcome == "completed"


async def test_metadata_is_no_name_of_a_model() -> None:
    response = {"id": "resp_1", "object": "response", "metadata": {"model": "of the client's"}, "model": "real-name"}
    begun = event({"type": "response.created", "response": {**response, "status": "in_progress"}})
    ended = event({"type": "response.completed", "response": {**response, "status": "completed", "output": []}})
    heard, _ = await relayed("openai-responses", "alias", "real-name", begun + ended)
    told = [orjson.loads(line[6:])["response"] for line in heard.splitlines() if line.startswith(b"data: ")]
    assert [one["model"] for one in told] == ["alias", "alias"]
    assert [one["metadata"] for one in told] == [{"model": "of the client's"}] * 2


@pytest.mark.parametrize("spelled", [b'"model":"real"', b'"model" : "real"', b'"model":"re\\u0061l"'])
async def test_the_name_is_found_however_it_is_spelled(spelled: bytes) -> None:
    chunk = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}],%b}\n\n' % spelled
    heard, _ = await relayed("openai-chat", "alias", "real", chunk + b"data: [DONE]\n\n")
    assert orjson.loads(heard.partition(b"\n")[0][6:])["model"] == "alias"


async def test_the_last_event_of_a_cancelled_response_ends_its_stream() -> None:
    response = {"id": "resp_1", "object": "response", "model": "m", "status": "cancelled", "output": []}
    said = event({"type": "response.cancelled", "response": response})
    heard, exchange = await relayed("openai-responses", "m", "m", said)
    assert heard == said
    assert exchange.outcome == "completed"


@pytest.mark.parametrize("protocol", ["openai-chat", "openai-responses", "anthropic-messages", "gemini"])
@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:01 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
async def test_when_to_come_again_is_told_in_seconds_or_by_a_date(
    protocol: str, told: dict[str, str], seconds: float | None
) -> None:
    answer = Answer(b"", status=429, headers=told)
    offer = Offer(Provider("vendor", "http://upstream", protocol, {}), "m", protocol)
    error = await error_of(answer, offer, codecs.get(protocol), now=10.0)
    assert error.retry_after == seconds


class Dripping(Answer):
    """An answer whose body never comes to its end."""

    async def chunks(self) -> AsyncIterator[bytes]:
        async for piece in super().chunks():
            yield piece
        await asyncio.Event().wait()


async def test_an_error_that_is_never_told_to_its_end_is_told_by_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others may yet be asked: they need not wait for it."""
    monkeypatch.setattr(sources, "_ERROR_SECONDS", 0.05)
    offer = Offer(Provider("vendor", "http://upstream", "openai-chat", {}), "m", "openai-chat")
    async with asyncio.timeout(PATIENCE):
        error = await error_of(Dripping(b"please wai", status=503), offer, codecs.get("openai-chat"), now=0.0)
    assert (error.kind, error.message()) == (ErrorKind.OVERLOADED, "please wai")


def test_what_merely_looks_like_the_end_of_a_response_ends_nothing() -> None:
    """An upstream's event goes through as it came, also where it cannot be read."""
    chunk = b'data: {"type":"response.completed","response":{\n\n'
    assert closing_event(chunk) == (chunk, None)


def chat_choice(number: int, text: str = "", finish: str | None = None) -> dict[str, Any]:
    return {"index": number, "delta": {"content": text}, "finish_reason": finish}


def chat(*choices: dict[str, Any]) -> bytes:
    return event({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": list(choices)})


def google(number: int, text: str, finish: str | None = None) -> bytes:
    candidate: dict[str, Any] = {"index": number, "content": {"parts": [{"text": text}], "role": "model"}}
    if finish is not None:
        candidate["finishReason"] = finish
    return event({"candidates": [candidate], "modelVersion": "m"})


_BEGUN = [chat(chat_choice(0, "a")), chat(chat_choice(1, "b")), chat(chat_choice(1, "B"))]
_ENDED = [chat(chat_choice(1, "", "length")), chat(chat_choice(0, "", "stop"))]
_GOOGLE_BEGUN = [google(0, "a"), google(1, "b")]
_GOOGLE_ENDED = [google(1, "B", "MAX_TOKENS"), google(0, "A", "STOP")]


@pytest.mark.parametrize(
    ("protocol", "pieces", "outcome", "stop"),
    [
        ("openai-chat", [*_BEGUN, *_ENDED], "completed", "end"),
        ("openai-chat", [*_BEGUN, *reversed(_ENDED)], "completed", "end"),
        ("openai-chat", [*_BEGUN, _ENDED[0]], "failed", None),
        ("openai-chat", [*_BEGUN, _ENDED[1]], "failed", None),
        ("openai-chat", [_BEGUN[0], _ENDED[1], *_BEGUN[1:]], "failed", None),
        ("openai-chat", [*_BEGUN, _ENDED[1], b"data: [DONE]\n\n"], "completed", "end"),
        ("gemini", [*_GOOGLE_BEGUN, *_GOOGLE_ENDED], "completed", "end"),
        ("gemini", [*_GOOGLE_BEGUN, *reversed(_GOOGLE_ENDED)], "completed", "end"),
        ("gemini", [*_GOOGLE_BEGUN, _GOOGLE_ENDED[0]], "failed", None),
        ("gemini", [*_GOOGLE_BEGUN, _GOOGLE_ENDED[1]], "failed", None),
        ("gemini", [google(0, "A", "STOP"), google(1, "b")], "failed", None),
    ],
)
async def test_an_answer_with_several_choices_is_complete_when_all_of_them_are(
    protocol: str, pieces: list[bytes], outcome: str, stop: str | None
) -> None:
    wish: dict[str, Any] = {"n": 2} if protocol == "openai-chat" else {"generationConfig": {"candidateCount": 2}}
    heard, exchange = await relayed(protocol, "m", "m", *pieces, **wish)
    assert heard.startswith(b"".join(pieces))
    assert (heard == b"".join(pieces)) == (outcome == "completed")
    assert (exchange.outcome, exchange.stop_reason) == (outcome, stop)


async def test_a_refused_prompt_stays_refused_whatever_follows() -> None:
    refused = event({"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "m"})
    pieces = refused, event({"usageMetadata": {"promptTokenCount": 4}})
    heard, exchange = await relayed("gemini", "m", "m", *pieces)
    assert heard == b"".join(pieces)
    assert (exchange.outcome, exchange.stop_reason, exchange.usage.input_tokens) == ("completed", "content_filter", 4)


async def test_a_call_of_one_candidate_is_none_of_the_others() -> None:
    call = {"index": 1, "content": {"parts": [{"functionCall": {"name": "f"}}]}, "finishReason": "STOP"}
    pieces = event({"candidates": [call]}), google(0, "a", "STOP")
    _, exchange = await relayed("gemini", "m", "m", *pieces, generationConfig={"candidateCount": 2})
    assert (exchange.outcome, exchange.stop_reason) == ("completed", "end")


@pytest.mark.parametrize("reason", ["", "FINISH_REASON_UNSPECIFIED"])
async def test_a_reason_that_is_none_ends_no_answer(reason: str) -> None:
    _, exchange = await relayed("gemini", "m", "m", google(0, "a", reason))
    assert exchange.outcome == "failed"


async def test_a_choice_that_tells_an_error_is_a_failed_answer() -> None:
    """OpenRouter tells so when the provider behind it breaks off."""
    failed = {**chat_choice(0, "", "error"), "error": {"code": 502, "message": "gone"}}
    heard, exchange = await relayed("openai-chat", "m", "m", chat(chat_choice(0, "a")), chat(failed))
    assert heard == chat(chat_choice(0, "a")) + chat(failed)
    assert exchange.outcome == "failed"


@pytest.mark.parametrize(
    "middle",
    [
        {"response": {"error": None, "id": "resp_1", "status": "in_progress"}, "type": "response.in_progress"},
        {"item": {"error": None, "id": "mcp_1", "type": "mcp_call"}, "type": "response.output_item.done"},
        {"item": {"name": "error", "type": "function_call"}, "type": "response.output_item.added"},
    ],
)
async def test_a_field_called_error_is_no_error(middle: dict[str, Any]) -> None:
    """Servers that sort the fields of an object put it near the beginning of an event."""
    response = {"id": "resp_1", "object": "response", "model": "m", "status": "completed", "output": []}
    pieces = event(middle), event({"response": response, "type": "response.completed"})
    heard, exchange = await relayed("openai-responses", "m", "m", *pieces)
    assert heard == b"".join(pieces)
    assert exchange.outcome == "completed"


@pytest.mark.parametrize(
    "end", [b"id: 7\ndata: [DONE]\n\n", b"\ndata: [DONE]\n\n", b"event: end\r\ndata:[DONE]\r\n\r\n"]
)
async def test_the_end_is_seen_whatever_stands_before_it(end: bytes) -> None:
    pieces = [chat(chat_choice(0, "a")), chat(chat_choice(0, "the [DONE] of others")), end]
    heard, exchange = await relayed("openai-chat", "m", "m", *pieces)
    assert heard == b"".join(pieces)
    assert exchange.outcome == "completed"
    _, exchange = await relayed("openai-chat", "m", "m", *pieces[:2])
    assert exchange.outcome == "failed"


async def test_an_answer_of_which_nobody_says_what_it_took_is_estimated() -> None:
    """A budget of tokens would otherwise never come to its end at such an upstream."""
    pieces = [chat(chat_choice(0, "word" * 100)), chat(chat_choice(0, "", "stop")), b"data: [DONE]\n\n"]
    _, exchange = await relayed("openai-chat", "m", "m", *pieces, messages=[{"role": "user", "content": "hi" * 40}])
    assert exchange.outcome == "completed" and exchange.notes == ["usage estimated"]
    assert exchange.usage.output_tokens == 100 and (exchange.usage.input_tokens or 0) >= 20
    answer = {"choices": [{"index": 0, "message": {"content": "word" * 100}, "finish_reason": "stop"}]}
    _, exchange = await whole("openai-chat", orjson.dumps(answer))
    assert exchange.outcome == "completed" and exchange.notes == ["usage estimated"]
    assert exchange.usage.output_tokens == 100
    _, exchange = await whole("openai-chat", orjson.dumps({**answer, "usage": {"prompt_tokens": 1}}))
    assert exchange.notes == [] and (exchange.usage.input_tokens, exchange.usage.output_tokens) == (1, None)


LOST = GatewayError(ErrorKind.UPSTREAM_BROKEN, "the link was lost")


@pytest.mark.parametrize(
    ("protocol", "pieces"),
    [
        ("openai-chat", [chat(chat_choice(0, "a")), chat(chat_choice(0, "", "stop"))]),
        ("gemini", [google(0, "a"), google(0, "b", "STOP")]),
    ],
)
async def test_an_answer_that_was_told_to_its_end_survives_the_loss_of_its_link(
    protocol: str, pieces: list[bytes]
) -> None:
    heard, exchange = await relayed(protocol, "m", "m", *pieces, LOST)
    assert heard == b"".join(pieces)
    assert exchange.outcome == "completed"
    heard, exchange = await relayed(protocol, "m", "m", pieces[0], LOST)
    assert heard.startswith(pieces[0]) and b"the link was lost" in heard
    assert (exchange.outcome, exchange.error_message) == ("failed", "the link was lost")


@pytest.mark.parametrize(
    ("protocol", "begun", "failed"),
    [
        ("openai-chat", chat(chat_choice(0, "a")), event({"error": {"code": 429, "message": "slow down"}})),
        (
            "anthropic-messages",
            event({"type": "message_start", "message": {"id": "m1", "model": "m", "role": "assistant", "content": []}}),
            event({"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}),
        ),
        (
            "gemini",
            google(0, "a"),
            event({"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}),
        ),
        (
            "openai-responses",
            event({"type": "response.created", "response": {"id": "r", "model": "m", "status": "in_progress"}}),
            event({"type": "error", "code": "rate_limit_exceeded", "message": "slow down"}),
        ),
    ],
)
@pytest.mark.parametrize("glued", [False, True])
async def test_the_log_tells_of_an_error_in_mid_stream_in_the_upstreams_words(
    protocol: str, begun: bytes, failed: bytes, glued: bool
) -> None:
    pieces = [begun + failed] if glued else [begun, failed]
    heard, exchange = await relayed(protocol, "m", "m", *pieces)
    assert heard == begun + failed
    assert (exchange.outcome, exchange.error_kind, exchange.error_message) == ("failed", "rate_limited", "slow down")
