"""The head of a request: what is said before its body. Nothing in it can begin a line of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crawdad.adapters.http.target import Target

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade"})
"""Ours to say."""
_OVERRIDES = ("host", "user-agent", "authorization")
_MOST_KNOWN = 1024

_known: dict[str, str] = {}
"""Names that were looked at: the name in lower case where it matters to us, else empty."""


def request_head(
    method: str,
    target: Target,
    headers: Mapping[str, str],
    length: int | None,
    user_agent: str,
    proxy_authorization: str | None = None,
    *,
    absolute: bool = False,
) -> bytes:
    """The request line and headers, with the blank line. `length` is the body's, None where there is none; `absolute` names
    the whole URL, as an HTTP proxy wants it. Raises `ValueError` for what cannot be said in a header."""
    path = f"http://{target.authority}{target.path}" if absolute else target.path
    lines = [f"{method} {path} HTTP/1.1"]
    said = set()
    for name, value in headers.items():
        special = _known.get(name)
        if special is None:
            special = _look_at(name)
        if special:
            if special in _FRAMING:
                continue
            said.add(special)
        lines.append(f"{name}: {value}")
    if "host" not in said:
        lines.insert(1, f"Host: {target.authority}")
    if "user-agent" not in said:
        lines.append(f"User-Agent: {user_agent}")
    if target.authorization is not None and "authorization" not in said:
        lines.append(f"Authorization: {target.authorization}")
    if proxy_authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy_authorization}")
    if length is not None:
        lines.append(f"Content-Length: {length}")
    elif method not in ("GET", "HEAD"):
        lines.append("Content-Length: 0")
    text = "\r\n".join(lines)
    breaks = len(lines) - 1
    if text.count("\n") != breaks or text.count("\r") != breaks or "\0" in text:
        raise ValueError("a header has a line break or a null character in it")
    return text.encode() + b"\r\n\r\n"


def _look_at(name: str) -> str:
    if not _TOKEN.match(name):
        raise ValueError("a header's name has characters that no name may have")
    lower = name.lower()
    special = lower if lower in _FRAMING or lower in _OVERRIDES else ""
    if len(_known) < _MOST_KNOWN:
        _known[name] = special
    return special
