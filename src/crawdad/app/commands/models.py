"""`crawdad models`: what the running server offers, and whether a model really answers."""

from __future__ import annotations

import http.client
import json
import time
from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.group import application, command
from crawdad.app.commands.server_client import Server, server_token, server_url
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned
from crawdad.app.words import words

app = application("models", no_args_is_help=True)
_TEST_SECONDS = 120.0
_TEST_TOKENS = 64
_LONGEST_REPLY = 200


@command(app, "cli.models.list", "list")
def list_models(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(help=words("cli.option.url"))] = None,
    token: Annotated[str | None, typer.Option(help=words("cli.option.token"))] = None,
) -> int:
    invocation: Invocation = context.obj
    status, body = _server(invocation, url, token).get("/v1/models")
    if status != 200 or not isinstance(body, dict):
        raise CommandFailed(words("cli.models.not_listed", status=status, message=_message(body)), status=status)
    models = [entry for entry in body.get("data", []) if isinstance(entry, dict)]
    rows = [(str(entry.get("id", "")), str(entry.get("owned_by", ""))) for entry in models]
    invocation.output.show({"models": models}, Table((words("cli.models.model"), words("cli.models.provider")), rows))
    return exits.OK


@command(app, "cli.models.test", "test")
def test(
    context: typer.Context,
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help=words("cli.models.which"))],
    url: Annotated[str | None, typer.Option(help=words("cli.option.url"))] = None,
    token: Annotated[str | None, typer.Option(help=words("cli.option.token"))] = None,
) -> int:
    invocation: Invocation = context.obj
    server = _server(invocation, url, token)
    results = [_ask(server, model) for model in models]
    columns = ("model", "result", "first", "total", "reply")
    table = Table([words(f"cli.models.{column}") for column in columns], [_row(result) for result in results])
    invocation.output.show({"results": results}, table)
    return exits.OK if all(result["ok"] for result in results) else exits.PROBLEM


def _server(invocation: Invocation, url: str | None, token: str | None) -> Server:
    launch = invocation.launch
    return Server(url or server_url(launch), token or server_token(launch), _TEST_SECONDS)


def _ask(server: Server, model: str) -> dict[str, Any]:
    """One short streamed turn. Times are in seconds."""
    question = {"role": "user", "content": "Reply with one short sentence: are you there?"}
    request = {"model": model, "messages": [question], "stream": True, "max_tokens": _TEST_TOKENS}
    result: dict[str, Any] = {"model": model, "ok": False, "first_seconds": None, "reply": ""}
    began = time.monotonic()
    with server.request("POST", "/v1/chat/completions", request) as answer:
        if answer.status == 200:
            _read_stream(answer, result, began)
        else:
            result |= {"status": answer.status, "error": _message(_json(answer.read()))}
    return result | {"total_seconds": round(time.monotonic() - began, 3)}


def _read_stream(answer: http.client.HTTPResponse, result: dict[str, Any], began: float) -> None:
    """Follow the answer to its `[DONE]`; what the model thinks counts as its first sign, and is not kept."""
    for line in answer:
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            result["ok"] = "error" not in result
            return
        event = _json(data)
        if not isinstance(event, dict):
            continue
        if "error" in event:
            result["error"] = _message(event)
        for choice in event.get("choices") or ():
            delta = choice.get("delta") or {}
            if result["first_seconds"] is None and (delta.get("content") or delta.get("reasoning_content")):
                result["first_seconds"] = round(time.monotonic() - began, 3)
            result["reply"] = (result["reply"] + (delta.get("content") or ""))[:_LONGEST_REPLY]
    result.setdefault("error", words("cli.models.cut_short"))


def _row(result: dict[str, Any]) -> tuple[str | Toned, ...]:
    first = result["first_seconds"]
    return (
        result["model"],
        Toned(words("cli.models.ok"), "green") if result["ok"] else Toned(words("cli.models.failed"), "red"),
        "" if first is None else f"{first:.3f} s",
        f"{result['total_seconds']:.3f} s",
        result.get("error") or result["reply"],
    )


def _message(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("message", error)) if isinstance(error, dict) else str(error or body or "")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
