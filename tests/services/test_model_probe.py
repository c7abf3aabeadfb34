"""Time to the first token, by a clock that the test moves: what counts as a first sign, and what as a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import UpstreamAnswer, UpstreamCall
from crawdad.services.catalogue import Provider
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.model_probe import Heard, ModelProbe
from tests.support.fakes import FakeClock

ROLE = b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
WORD = b'data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n'
THOUGHT = b'data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


class Answer:
    """Pieces of a body, and how many seconds each takes to come."""

    def __init__(self, clock: FakeClock, status: int, pieces: Sequence[tuple[float, bytes]]) -> None:
        self.status, self.url = status, "http://acme/v1/chat/completions"
        self.headers: Mapping[str, str] = {"content-type": "text/event-stream"}
        self.closed = False
        self.taken = 0
        self._clock, self._pieces = clock, pieces

    async def chunks(self) -> AsyncIterator[bytes]:
        for seconds, piece in self._pieces:
            self._clock.advance(seconds)
            self.taken += 1
            yield piece

    async def close(self) -> None:
        self.closed = True


class Transport:
    """Gives one answer, and remembers what was sent."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.calls: list[UpstreamCall] = []

    async def send(self, call: UpstreamCall) -> UpstreamAnswer:
        self.calls.append(call)
        return cast(UpstreamAnswer, self.answer)


async def dressed(provider: Provider) -> Provider:
    return provider


def probe(clock: FakeClock, answer: Answer) -> tuple[ModelProbe, Transport]:
    providers = {
        "acme": Provider("acme", "http://acme/v1", "openai-chat", {"Authorization": "Bearer sk-secret-0123456789"}),
        "own": Provider("own", "", "demo", {}, local=True),
    }
    live = SimpleNamespace(current=SimpleNamespace(providers=providers, offers={}), dressed=dressed)
    transport = Transport(answer)
    return ModelProbe(transport, clock, cast(LiveCatalogue, live)), transport


def heard(status: int, *pieces: tuple[float, bytes], provider: str = "acme") -> tuple[Heard, Answer, Transport]:
    clock = FakeClock()
    answer = Answer(clock, status, pieces)
    asked, transport = probe(clock, answer)
    return asyncio.run(asked.ask(provider, "m")), answer, transport


@pytest.mark.parametrize("sign", [WORD, THOUGHT])
def test_the_first_sign_counts_and_the_rest_is_not_waited_for(sign: bytes) -> None:
    found, answer, transport = heard(200, (0.25, ROLE), (0.5, sign), (9.0, END))
    assert found == Heard(first_byte=0.25, first_token=0.75)
    assert (answer.taken, answer.closed) == (2, True)
    call = transport.calls[0]
    assert (call.url, call.redirects) == ("http://acme/v1/chat/completions", False)
    assert b'"stream":true' in (call.body or b"").replace(b" ", b"")


def test_an_answer_without_a_word_counts_to_its_end() -> None:
    assert heard(200, (0.25, ROLE), (0.5, END))[0] == Heard(first_byte=0.25, first_token=0.75)


def failure(status: int, *pieces: tuple[float, bytes], provider: str = "acme") -> GatewayError:
    with pytest.raises(GatewayError) as raised:
        heard(status, *pieces, provider=provider)
    return raised.value


@pytest.mark.parametrize("status", [401, 404, 429, 500, 307])
def test_an_error_status_is_told_without_the_credential(status: int) -> None:
    error = failure(status, (0.1, b'{"error":{"message":"no: sk-secret-0123456789"}}'))
    assert error.details["status"] == status
    assert error.kind is not ErrorKind.UNAUTHENTICATED
    assert "sk-secret" not in error.message()


def test_what_breaks_off_or_never_ends_is_broken() -> None:
    assert failure(200, (0.1, ROLE)).kind is ErrorKind.UPSTREAM_BROKEN
    endless: list[tuple[float, bytes]] = [(0.0, b": " + b"x" * 1000 + b"\n\n")] * 1000
    assert failure(200, *endless).kind is ErrorKind.UPSTREAM_BROKEN


def test_only_remote_providers_of_the_catalogue_are_asked() -> None:
    kinds: dict[str, Any] = {name: failure(200, provider=name).kind for name in ("nobody", "own")}
    assert kinds == {"nobody": ErrorKind.NOT_FOUND, "own": ErrorKind.BAD_REQUEST}
