"""The fixed words of the gateway's contract."""

from __future__ import annotations

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject

TEXT = "text/plain; charset=utf-8"
UNAUTHORIZED = {"message": "Unauthorized", "type": "unauthorized"}
LOCKED_OUT = {
    "message": "Too many failed authentication attempts. Please try again later.",
    "type": "rate_limited",
}
TOO_LARGE = {"message": "Payload too large", "type": "invalid_request_error"}


def gateway_words(error: GatewayError, body: JsonObject) -> JsonObject:
    """An error body of a model route with the contract's own words where it fixes them; what the protocol says beside them
    stays, and the words for a person move to `hint`."""
    fixed = None
    if error.kind is ErrorKind.UNAUTHENTICATED and error.details.get("code") == "invalid_api_key":
        fixed = UNAUTHORIZED
    elif error.kind is ErrorKind.TOO_LARGE:
        fixed = TOO_LARGE
    elif error.details.get("code") == "locked_out":
        fixed = LOCKED_OUT
    inner = body.get("error")
    if fixed is None or not isinstance(inner, dict):
        return body
    return {**body, "error": {**inner, **fixed, "hint": inner.get("message")}}
