"""A URL as it is connected to. The one reader of URLs in this package: the guard checks what the dialer dials."""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urlsplit

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9._-]{1,253}\Z")
_NEVER = re.compile(r"[\x00-\x20\x7f\\]")
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_QUERY_SAFE = _PATH_SAFE + "?[]|^`{}"

Origin = tuple[str, str, int]
"""Scheme, host and port."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `host` is ASCII and without brackets, `authority` what the Host header says, `path` the path
    and query as they are written, `authorization` what the URL's user and password make, if it has any."""

    origin: Origin
    host: str
    port: int
    authority: str
    path: str
    authorization: str | None = None

    @property
    def secure(self) -> bool:
        """Whether it is reached over TLS."""
        return self.origin[0] == "https"


@lru_cache(1024)
def target_of(url: str) -> Target:
    """Read `url`. Raises `ValueError` unless it is http(s) with a host and a possible port."""
    if _NEVER.search(url):
        raise ValueError("the URL has characters that no URL may have")
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme)
    if port is None:
        raise ValueError("the URL is neither http nor https")
    host = ascii_host(parts.hostname or "")
    if "[" in parts.netloc and ":" not in host:
        raise ValueError("the URL's host is an address of no known kind")
    shown = f"[{host.partition('%')[0]}]" if ":" in host else host
    if parts.port is not None and parts.port != port:
        port = parts.port
        shown = f"{shown}:{port}"
    path = quote(parts.path, safe=_PATH_SAFE) or "/"
    if parts.query:
        path += "?" + quote(parts.query, safe=_QUERY_SAFE)
    return Target((parts.scheme, host, port), host, port, shown, path, _basic(parts.username, parts.password))


def ascii_host(host: str) -> str:
    """`host` in lower case and ASCII: names with other letters in their IDNA form. Raises `ValueError`."""
    if ":" in host:
        ipaddress.IPv6Address(host)
        return host
    if not host.isascii():
        if len(host) > 253:
            raise ValueError("the URL's host is too long")
        host = host.encode("idna").decode("ascii")
    host = host.lower()
    if not _HOST.match(host):
        raise ValueError("the URL has no usable host")
    return host


def _basic(user: str | None, password: str | None) -> str | None:
    if user is None and password is None:
        return None
    pair = unquote_to_bytes(user or "") + b":" + unquote_to_bytes(password or "")
    return "Basic " + base64.b64encode(pair).decode("ascii")
