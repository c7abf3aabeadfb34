"""Messages of the protocol: JSON-RPC 2.0 requests, answers and notifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text

VERSION = "2025-06-18"
VERSIONS = frozenset(("2024-11-05", "2025-03-26", VERSION, "2025-11-25"))
METHOD_NOT_FOUND = -32601
INITIALIZED = "notifications/initialized"
CANCELLED = "notifications/cancelled"
TOOLS_CHANGED = "notifications/tools/list_changed"
PROGRESS = "notifications/progress"

RequestId = int | str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to one of our requests: a result or an error."""

    id: RequestId
    result: JsonObject | None
    error: JsonObject | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The server asks us, or (without an id) tells us something."""

    method: str
    parameters: JsonObject
    id: RequestId | None


def write_request(number: int, method: str, parameters: JsonObject | None = None) -> bytes:
    """A request."""
    document: JsonObject = {"jsonrpc": "2.0", "id": number, "method": method}
    if parameters is not None:
        document["params"] = parameters
    return orjson.dumps(document)


def write_notification(method: str, parameters: JsonObject | None = None) -> bytes:
    """A notification."""
    document: JsonObject = {"jsonrpc": "2.0", "method": method}
    if parameters is not None:
        document["params"] = parameters
    return orjson.dumps(document)


def write_reply(asked: Asked) -> bytes:
    """What we answer a server that asks: we are alive (ping), we show no folders, and can do nothing else for it."""
    document: JsonObject = {"jsonrpc": "2.0", "id": asked.id}
    if asked.method == "ping":
        document["result"] = {}
    elif asked.method == "roots/list":
        document["result"] = {"roots": []}
    else:
        document["error"] = {"code": METHOD_NOT_FOUND, "message": f"no such method: {asked.method[:100]}"}
    return orjson.dumps(document)


def read_messages(data: bytes) -> list[Answer | Asked]:
    """The messages in one piece of JSON (older servers send several in a list). What is none of them is passed over.
    Raises UPSTREAM_BROKEN where it is no JSON."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.unreadable", {"reason": str(error)})) from None
    found = [_message(item) for item in (document if isinstance(document, list) else [document])]
    return [message for message in found if message is not None]


def _message(document: Any) -> Answer | Asked | None:
    if not isinstance(document, dict):
        return None
    number = document.get("id")
    number = number if isinstance(number, (int, str)) and not isinstance(number, bool) else None
    method = document.get("method")
    if isinstance(method, str):
        parameters = document.get("params")
        return Asked(method, parameters if isinstance(parameters, dict) else {}, number)
    result, error = document.get("result"), document.get("error")
    if number is None or (not isinstance(error, dict) and "result" not in document):
        return None
    return Answer(number, result if isinstance(result, dict) else {}, error if isinstance(error, dict) else None)


def client_of(version: str) -> JsonObject:
    """The parameters of `initialize`. We offer a server nothing: no sampling, no folders, no questions to the user."""
    return {
        "protocolVersion": VERSION,
        "capabilities": {},
        "clientInfo": {"name": "crawdad", "title": "Crawdad", "version": version},
    }


def refusal(error: JsonObject) -> GatewayError:
    """A server's error as ours."""
    words = error.get("message")
    reason = words if isinstance(words, str) and words else f"error {error.get('code')}"
    return GatewayError(ErrorKind.UPSTREAM_ERROR, Text("mcp.refused", {"reason": " ".join(reason.split())[:1000]}))
