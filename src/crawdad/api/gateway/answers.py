"""How the gateway's own routes answer: JSON and plain text, with the headers that all of them carry."""

from __future__ import annotations

import asyncio
import math

import orjson

from crawdad.api.call import Call, Headers
from crawdad.api.gateway.words import LOCKED_OUT, TEXT, TOO_LARGE, UNAUTHORIZED
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.wire.fields import check_request_depth

COMMON: Headers = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
BODY_SECONDS = 30.0
_JSON = "application/json; charset=utf-8"


class BodyRefused(Exception):
    """The body cannot be had: status and words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


async def answer_json(call: Call, status: int, document: object, headers: Headers | None = None) -> None:
    """Send a JSON document."""
    await call.answer(status, orjson.dumps(document), _JSON, {**COMMON, **(headers or {})})


async def answer_text(call: Call, status: int, text: str, headers: Headers | None = None) -> None:
    """Send plain text."""
    await call.answer(status, text.encode(), TEXT, {**COMMON, **(headers or {})})


async def read_json(call: Call, limit: int) -> object:
    """The body, parsed; nothing at all counts as `{}`. Raises `BodyRefused`."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            raw = await call.body(limit)
    except TimeoutError:
        raise BodyRefused(408, "Request body timeout") from None
    except GatewayError as error:
        if error.kind is ErrorKind.TOO_LARGE:
            raise BodyRefused(413, TOO_LARGE["message"]) from None
        raise BodyRefused(400, error.message()) from None
    if not raw.strip():
        return {}
    try:
        found = orjson.loads(raw)
        check_request_depth(found)  # what is made of it is written again
    except orjson.JSONDecodeError as error:
        raise BodyRefused(400, str(error)) from None
    except GatewayError as error:
        raise BodyRefused(400, error.message()) from None
    return found


def refusal(error: GatewayError) -> tuple[int, JsonObject, Headers]:
    """Status, body and headers for somebody who is not let in."""
    if error.kind is ErrorKind.RATE_LIMITED:
        body = LOCKED_OUT if error.details.get("code") == "locked_out" else {**LOCKED_OUT, "message": error.message()}
        return 429, {"error": body}, {"retry-after": str(math.ceil(error.retry_after or 1))}
    if error.kind is ErrorKind.UNAUTHENTICATED:
        return 401, {"error": UNAUTHORIZED}, {}
    return 403, {"ok": False, "error": {"type": "forbidden", "message": error.message()}}, {}
