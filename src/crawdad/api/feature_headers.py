"""The protocol's own feature headers: those of a client's that travel to the upstream."""

from __future__ import annotations

import hashlib

from crawdad.api.call import Call, Headers
from crawdad.core.identity import Principal

_TAKEN = (b"anthropic-beta", b"anthropic-version", b"openai-beta")
_IDEMPOTENCY = b"idempotency-key"
_MOST_CHARACTERS = 4096


def feature_headers(call: Call, principal: Principal) -> Headers:
    """Those of one request."""
    found = session_headers(call)
    if _IDEMPOTENCY in call.headers:
        found["idempotency-key"] = _own_key(call.header(_IDEMPOTENCY), principal)
    return found


def session_headers(call: Call) -> Headers:
    """Those that count for every turn over one connection."""
    found = {name.decode(): call.header(name) for name in _TAKEN if name in call.headers}
    return {name: value for name, value in found.items() if len(value) < _MOST_CHARACTERS}


def _own_key(key: str, principal: Principal) -> str:
    """The key for whoever sent it alone. To the upstream everybody here is one customer: it would answer whoever comes with a
    key of somebody else's with what that one got."""
    return hashlib.sha256(f"{principal.id}\0{key}".encode("utf-8", "surrogateescape")).hexdigest()
