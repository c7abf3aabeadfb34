"""Networks that a principal may come from."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_network(text: str) -> Network:
    """An address or a network in CIDR notation. Raises ValueError. Host bits are dropped; an IPv4 network that is written
    as IPv6 (`::ffff:10.0.0.0/104`) is the IPv4 network."""
    network = ipaddress.ip_network(text.strip(), strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def contains(networks: Sequence[str], address: str) -> bool:
    """Whether `address` lies in one of `networks`. What is no address (a Unix socket's peer) lies in none."""
    return _contains(tuple(networks), address)


@lru_cache(4096)
def _contains(networks: tuple[str, ...], address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip in parse_network(network) for network in networks)


def covers(outer: str, inner: str) -> bool:
    """Whether the network `outer` holds all of `inner`."""
    wide, narrow = parse_network(outer), parse_network(inner)
    if isinstance(wide, ipaddress.IPv4Network) and isinstance(narrow, ipaddress.IPv4Network):
        return narrow.subnet_of(wide)
    if isinstance(wide, ipaddress.IPv6Network) and isinstance(narrow, ipaddress.IPv6Network):
        return narrow.subnet_of(wide)
    return False
