"""Who the client is when proxies stand in between. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

SET_BY_PROXIES = frozenset((b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"))
"""Headers by which a proxy tells that it speaks for somebody else."""


def client_address(peer: str, forwarded_for: str, trusted: Sequence[str]) -> str:
    """The client's address: the peer's own, unless the peer is a trusted proxy; then the last address in
    `X-Forwarded-For` that is not a trusted proxy itself. What others claim in that header is not believed."""
    if not trusted or not forwarded_for or not _is_trusted(peer, tuple(trusted)):
        return peer
    for entry in reversed(forwarded_for.split(",")[-32:]):
        address = bare_address(entry.strip())
        if address is None:
            return peer
        if not _is_trusted(address, tuple(trusted)):
            return address
    return peer


@lru_cache(4096)
def _is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    for network in trusted:
        try:
            if ip in ipaddress.ip_network(network, strict=False):
                return True
        except ValueError:
            continue
    return False


def bare_address(entry: str) -> str | None:
    """An address without port and brackets; None for anything else."""
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        return str(ipaddress.ip_address(entry))
    except ValueError:
        return None


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    return address in ("127.0.0.1", "::1", "::ffff:127.0.0.1")
