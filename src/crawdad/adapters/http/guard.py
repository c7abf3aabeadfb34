"""The SSRF guard: a URL that a client named may lead to public addresses only.

The check is made on the addresses that are then connected to (the dialer shows them before it dials), so that a name cannot
answer differently the second time. A URL is read by the same reader for the check and for the connection: what looks like a
name to one reader (`127。0。0。1`) is an address to another. Redirects are followed by sending each hop through the guard
again.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin

from crawdad.adapters.http.target import Target, target_of
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


def check_url(url: str, private_networks: bool) -> Target:
    """`url` as it may be connected to. Raises BAD_REQUEST unless it is http(s), has a host, no credentials, and no literal
    address we refuse."""
    try:
        target = target_of(url)
    except ValueError:
        raise refused(url) from None
    if target.authorization is not None:
        raise refused(url)
    if private_networks:
        return target
    try:
        ipaddress.ip_address(target.host)
    except ValueError:
        return target  # a name: what it stands for is looked at before it is dialed
    if not is_public(target.host):
        raise refused(url)
    return target


def check_addresses(host: str, addresses: Sequence[str]) -> None:
    """Raises BAD_REQUEST when any of the addresses that `host` stands for is not public."""
    if not all(is_public(address) for address in addresses):
        raise refused(host)


def redirect_of(headers: Mapping[str, str], url: str) -> str | None:
    """Where a redirect leads, as an absolute URL (empty where it cannot be read); None where it leads nowhere."""
    location = headers.get("location")
    if not location:
        return None
    try:
        return urljoin(url, location)
    except ValueError:
        return ""
