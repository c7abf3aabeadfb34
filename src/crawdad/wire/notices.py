"""What a webhook is told of, signed as "Standard Webhooks" has it (standardwebhooks.com): any of its libraries checks that.

The signature is an HMAC-SHA256 over `<id>.<timestamp>.<body>`, in base64 behind `v1,`. A secret that begins with `whsec_` is
base64; any other is taken as it is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

_PREFIX = "whsec_"


def write_notice(
    kind: str, at: float, title: str, text: str, level: str, place: str, notices: Sequence[Mapping[str, Any]]
) -> bytes:
    """The body. `kind` is that of the only notice, or `digest` of several."""
    data = {"title": title, "text": text, "level": level, "gateway": place, "notifications": list(notices)}
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return orjson.dumps({"type": kind, "timestamp": when, "data": data})


def signed_headers(message_id: str, now: float, body: bytes, secret: str) -> dict[str, str]:
    """The headers that go with a body. Raises ValueError for a `whsec_` secret that is no base64."""
    timestamp = str(int(now))
    headers = {"content-type": "application/json", "webhook-id": message_id, "webhook-timestamp": timestamp}
    if secret:
        signed = hmac.new(key_of(secret), f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(signed).decode()}"
    return headers


def key_of(secret: str) -> bytes:
    """The key that a secret stands for. Raises ValueError."""
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
