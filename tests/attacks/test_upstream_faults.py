"""Whatever an upstream sends, a client hears a right answer or a clear failure in its own protocol, and soon (attack 29)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import product

import aiohttp
import pytest

from tests.attacks.clients import CLIENTS, Client, Told, ask
from tests.support.server import Gateway
from tests.support.upstreams.protocols import PROTOCOLS, Protocol

HELLO = "Hello! I am a scripted model. Grüße, 你好, 🦞."
SAME: dict[Client, Protocol] = {"chat": "chat", "responses": "responses", "anthropic": "anthropic", "gemini": "gemini"}
Pair = tuple[Client, Protocol, bool]
"""Client, upstream, and whether the answer is streamed."""
PAIRS: list[Pair] = list(product(CLIENTS, PROTOCOLS, (False, True)))
STREAMS: list[Pair] = [pair for pair in PAIRS if pair[2]]
READ: list[Pair] = [pair for pair in PAIRS if SAME[pair[0]] != pair[1] or not pair[2]]
"""Where the gateway reads the answer itself: on the express lane a stream's events go through as they are."""

HARMLESS = [
    "none",
    "one-byte",
    "split-utf8",
    "split-blank-lines",
    "odd-cuts",
    "glued",
    "crlf",
    "cr",
    "bom",
    "no-space",
    "comments",
    "event-ids",
    "split-data",
    "empty-events",
    "unknown-events",
    "no-last-newline",
    "wrong-content-type",
    "wrong-content-type,type=application/json",
    "no-content-type",
    "gzip",
    "duplicate-keys",
    "long-body",
    "until-close",
    "early-hints",
    "header-injection",
    "slow-first-byte,seconds=0.05",
    "slow-first-event,seconds=0.05",
    "slow-stream,seconds=0.005",
]
USAGES = ["missing", "null", "empty", "list", "text", "negative", "string", "float", "huge", "nested"]
FATAL = [
    "cut-short",
    "gzip-without-header",
    "gzip-broken",
    "empty",
    "empty-stream",
    "json",
    "json,body=list",
    "json,body=string",
    "json,body=number",
    "json,body=object",
    "html",
    "deep-json",
    "fin-first",
    "rst-first",
    "rst-after-head",
    "fin-midstream",
    "rst-midstream",
    "not-http",
    "header-flood",
    "header-huge",
    "status",
    "error-html",
    "error-empty",
    "error-list",
    "error-200",
    "redirect",
    "redirect,to=metadata6",
    "redirect,to=file",
    "redirect,to=gopher",
    "redirect,to=loop",
    "redirect,to=elsewhere",
]
UNREADABLE = ["garbage-event", "cut-inside-event", "usage-nan", "usage-nan,as=1e999"]
"""Faults inside the events: where the gateway reads them they are fatal."""


async def told(
    session: aiohttp.ClientSession, gateway: Gateway, fault: str, pairs: list[Pair], provider: str = "faulty"
) -> dict[Pair, Told]:
    """What each pair was told, all asking at once."""
    asking = (ask(session, gateway, c, f"{provider}-{u}/fault:{fault}", stream=s) for c, u, s in pairs)
    return dict(zip(pairs, await asyncio.gather(*asking), strict=True))


def check(answers: dict[Pair, Told], right: Callable[[Told], bool]) -> None:
    wrong = {pair: answer.brief() for pair, answer in answers.items() if not right(answer) or answer.broken}
    assert not wrong, "\n".join(f"{pair}: {brief}" for pair, brief in wrong.items())


def is_complete(answer: Told) -> bool:
    return answer.text == HELLO and answer.finished and answer.error is None and not answer.after_end


def is_failed(answer: Told) -> bool:
    """A failure in words. Nobody takes half an answer for a whole one."""
    return answer.failed and not answer.finished and (answer.status == 200 or answer.status >= 400)


@pytest.mark.parametrize("fault", HARMLESS)
async def test_what_is_merely_unusual_is_read(gateway: Gateway, session: aiohttp.ClientSession, fault: str) -> None:
    """Attack 29: odd cuts, line ends, types and lengths change nothing."""
    answers = await told(session, gateway, fault, PAIRS)
    if fault == "unknown-events":  # strangers may follow a last event that goes through as it came
        for answer in answers.values():
            answer.after_end = False
    check(answers, is_complete)


@pytest.mark.parametrize("kind", USAGES)
async def test_usage_may_be_anything(gateway: Gateway, session: aiohttp.ClientSession, kind: str) -> None:
    """Attack 29: usage that is missing, negative, a string or no object harms neither the answer nor the log."""
    check(await told(session, gateway, f"usage,as={kind}", PAIRS), is_complete)


@pytest.mark.parametrize("fault", FATAL)
async def test_what_is_no_answer_is_told_as_a_failure(
    gateway: Gateway, session: aiohttp.ClientSession, fault: str
) -> None:
    """Attack 29: a dying, lying or babbling upstream; redirects are not followed (27)."""
    check(await told(session, gateway, fault, PAIRS), is_failed)


@pytest.mark.parametrize("fault", UNREADABLE)
async def test_unreadable_content_is_told_as_a_failure(
    gateway: Gateway, session: aiohttp.ClientSession, fault: str
) -> None:
    """Attack 29: broken JSON, NaN and 1e999 in the middle of an answer."""
    pairs = READ
    if fault == "garbage-event":  # one event among others, each of them JSON on its own line for Ollama
        pairs = [pair for pair in READ if pair[2] and pair[1] != "ollama"]
    answers = await told(session, gateway, fault, pairs)
    if fault.startswith("usage-nan"):  # a streamed chat tells its usage only where it is asked for
        answers = {pair: answer for pair, answer in answers.items() if not is_complete(answer) or pair[1] != "chat"}
    check(answers, is_failed)


async def test_half_a_character_does_not_cost_the_answer(gateway: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 29: half of a surrogate pair comes out as the replacement character where the gateway reads the answer."""
    answers = await told(session, gateway, "lone-surrogate", [pair for pair in READ if SAME[pair[0]] != pair[1]])
    check(answers, lambda answer: answer.finished and answer.text == HELLO.replace("Hel", "Hel\ufffd", 1))


async def test_a_stream_without_blank_lines_is_no_stream(gateway: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 29: malformed SSE."""
    check(await told(session, gateway, "single-newlines", [p for p in STREAMS if p[1] != "ollama"]), is_failed)


async def test_bytes_that_are_no_text_never_reach_a_client_that_we_write_for(
    gateway: Gateway, session: aiohttp.ClientSession
) -> None:
    """Attack 29: invalid UTF-8. Reading an answer fails the test where it is not UTF-8."""
    check(await told(session, gateway, "garbage-bytes", READ), lambda answer: is_failed(answer) or answer.finished)


async def test_a_missing_terminator_is_forgiven_where_the_reason_to_stop_was_told(
    gateway: Gateway, session: aiohttp.ClientSession
) -> None:
    """Attack 29: no `[DONE]`, no `message_stop`; but without the last event of the others there is no answer."""
    answers = await told(session, gateway, "no-done", STREAMS)
    forgiven = {pair: answer for pair, answer in answers.items() if pair[1] in ("chat", "anthropic")}
    check({p: a for p, a in forgiven.items() if SAME[p[0]] != p[1]}, is_complete)
    check({p: a for p, a in forgiven.items() if SAME[p[0]] == p[1]}, lambda a: a.text == HELLO and a.error is None)
    check({pair: answer for pair, answer in answers.items() if pair not in forgiven}, is_failed)


async def test_an_answer_of_the_other_kind(gateway: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 29: a whole answer to who asked for a stream is told as a stream; a stream to who did not, whole."""
    check(await told(session, gateway, "other-way", PAIRS), is_complete)


async def test_what_follows_the_end_is_left_out_of_what_we_write(
    gateway: Gateway, session: aiohttp.ClientSession
) -> None:
    """Attack 29: a stream that goes on after its terminator."""
    terminated = [pair for pair in STREAMS if pair[1] not in ("gemini", "ollama") and SAME[pair[0]] != pair[1]]
    check(await told(session, gateway, "after-done", terminated), is_complete)


@pytest.mark.parametrize("fault", ["silent", "half-open", "bad-chunk"])
async def test_an_upstream_that_falls_silent_is_given_up(
    gateway: Gateway, session: aiohttp.ClientSession, fault: str
) -> None:
    """Attack 29: half-open connections end with the idle time-out, before the first byte and after."""
    answers = await told(session, gateway, fault, PAIRS, "hasty")
    check(answers, is_failed)
    if fault == "silent":
        assert {answer.status for answer in answers.values()} == {504}


async def test_broken_framing_is_noticed_before_the_idle_time_out(
    gateway: Gateway, session: aiohttp.ClientSession
) -> None:
    """Attack 29: a bad chunk ends the answer at once, though the provider's patience is two minutes."""
    check(await told(session, gateway, "bad-chunk", PAIRS), is_failed)


async def test_an_upstream_that_does_not_hang_up_keeps_nobody_waiting(
    gateway: Gateway, session: aiohttp.ClientSession
) -> None:
    """Attack 29: after the protocol's own last event the answer is over, half-open connection or not."""
    check(await told(session, gateway, "lingering", [p for p in STREAMS if p[1] != "gemini"]), is_complete)


async def test_an_answer_cut_after_its_last_event_is_complete(gateway: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 29: the connection breaks when everything was said. No error follows the end."""
    check(await told(session, gateway, "short-body", STREAMS), is_complete)


async def test_the_gateway_has_no_faults_of_its_own_to_report(gateway: Gateway, session: aiohttp.ClientSession) -> None:
    """Attack 29: after all that, nothing was logged as our own failure, and it works."""
    check(await told(session, gateway, "none", PAIRS), is_complete)
    assert "request_failed" not in gateway.log() and "Traceback" not in gateway.log()
