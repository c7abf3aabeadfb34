"""One turn with an agent of the running server, told as it comes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any

from crawdad.app import exits
from crawdad.app.commands.server_client import Server, server_url, token_for
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import clean
from crawdad.app.words import words

_SILENCE_SECONDS = 900.0  # an agent may think and use its tools for long before it speaks


def take_turn(
    invocation: Invocation, message: str, agent: str | None, session: str, model: str | None, url: str | None
) -> int:
    """Ask, print the answer while it comes (with `--json` a document at the end). Raises `CommandFailed`."""
    launch, output = invocation.launch, invocation.output
    server = Server(url or server_url(launch), token_for(invocation), _SILENCE_SECONDS)
    said = sys.stdin.read() if message == "-" else message
    body = {
        "model": f"openclaw/{agent}" if agent else "openclaw",
        "messages": [{"role": "user", "content": said}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    headers = {"x-openclaw-session-key": session, **({"x-openclaw-model": model} if model else {})}
    told: dict[str, Any] = {"agent": agent, "session": session, "text": "", "finish": None, "usage": None}
    with server.request("POST", "/v1/chat/completions", body, headers) as answer:
        if answer.status != 200:
            raise _failed(_reason(answer.read()))
        for event in _events(answer):
            words_of_it = _take(told, event)
            if words_of_it and not output.as_json:
                print(clean(words_of_it), end="", flush=True)
    if not output.as_json:
        print(flush=True)
    if told["finish"] is None:
        raise _failed(words("cli.agents.cut_off"))
    if output.as_json:
        output.show(told)
    return exits.OK


def _take(told: dict[str, Any], event: dict[str, Any]) -> str:
    """Add an event to what was told. Returns the words in it. Raises `CommandFailed` for an error."""
    if "error" in event:
        raise _failed(str((event["error"] or {}).get("message", event["error"])))
    told["usage"] = event.get("usage") or told["usage"]
    found = ""
    for choice in event.get("choices") or ():
        told["finish"] = choice.get("finish_reason") or told["finish"]
        found += (choice.get("delta") or {}).get("content") or ""
    told["text"] += found
    return found


def _events(answer: HTTPResponse) -> Iterator[dict[str, Any]]:
    """The events of a stream."""
    for line in answer:
        name, _, data = line.decode("utf-8", "replace").strip().partition(":")
        if name == "data" and data.strip() != "[DONE]":
            yield json.loads(data)


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:500].decode("utf-8", "replace")


def _failed(reason: str) -> CommandFailed:
    return CommandFailed(words("cli.agents.failed", reason=clean(reason)), exits.PROBLEM)
