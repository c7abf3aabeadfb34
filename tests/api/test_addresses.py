"""Who the client is when proxies stand in between (attack case 8)."""

from __future__ import annotations

import pytest

from crawdad.api.addresses import client_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("203.0.113.9", "127.0.0.1", (), "203.0.113.9"),
        ("203.0.113.9", "127.0.0.1", ("10.0.0.0/8",), "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7", ("10.0.0.0/8",), "198.51.100.7"),
        ("10.0.0.1", "127.0.0.1, 198.51.100.7", ("10.0.0.0/8",), "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", ("10.0.0.0/8",), "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7:4711", ("10.0.0.1",), "198.51.100.7"),
        ("10.0.0.1", "[2001:db8::1]:443", ("10.0.0.1",), "2001:db8::1"),
        ("10.0.0.1", "rubbish", ("10.0.0.1",), "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.7", ("10.0.0.1",), "198.51.100.7"),
        ("10.0.0.1", "", ("10.0.0.1",), "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2", ("10.0.0.0/8", "rubbish"), "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: str, trusted: tuple[str, ...], expected: str) -> None:
    assert client_address(peer, forwarded, trusted) == expected
