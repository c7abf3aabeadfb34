"""The SSRF guard: a URL that a client named may lead to public addresses only.

The check is made on the addresses that are then connected to (the resolver of the guarded connection pool is the check),
so that a name cannot answer differently the second time. An address in the URL itself never comes to the resolver, so it is
looked for in the URL as the client library reads it: what looks like a name to one reader (`127。0。0。1`) is an address to
another. Redirects are not followed by the pool; whoever follows them sends each hop through the guard again.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


def refused(url: str) -> GatewayError:
    """The URL may not be fetched."""
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2] or url
    return GatewayError(ErrorKind.BAD_REQUEST, Text("http.url_refused", {"host": host[:200]}), {"code": "url_refused"})


def is_public(address: str) -> bool:
    """Whether an IP address literal belongs to the public internet (IPv4 hidden in IPv6 is looked at as well)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        return ip in _GLOBAL_UNICAST and ip.is_global
    return ip.is_global and not ip.is_multicast


def check_url(url: str, private_networks: bool) -> URL:
    """`url` as it may be connected to. Raises BAD_REQUEST unless it is http(s), has a host, no credentials, and no literal
    address we refuse."""
    try:
        parsed = URL(url)
        host, _ = parsed.host, parsed.port
    except ValueError:
        raise refused(url) from None
    if parsed.scheme not in ("http", "https") or not host or parsed.user is not None or parsed.password is not None:
        raise refused(url)
    if private_networks:
        return parsed
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return parsed  # a name: the resolver looks at what it stands for
    if not is_public(host):
        raise refused(url)
    return parsed


class GuardedResolver(AbstractResolver):
    """A resolver that gives public addresses only (all of them when `private_networks()` says so)."""

    def __init__(self, inner: AbstractResolver, private_networks: Callable[[], bool]) -> None:
        self._inner = inner
        self._private_networks = private_networks

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of `host`. Raises BAD_REQUEST when any of them is not public."""
        found = await self._inner.resolve(host, port, family)
        if not self._private_networks() and not all(is_public(entry["host"]) for entry in found):
            raise refused(host)
        return found

    async def close(self) -> None:
        """Close the resolver behind."""
        await self._inner.close()


def target_of(headers: Any, url: str) -> str | None:
    """Where a redirect leads, as an absolute URL (empty where it cannot be read); None where it leads nowhere."""
    location: str | None = headers.get("location")
    if not location:
        return None
    try:
        return urljoin(url, location)
    except ValueError:
        return ""
