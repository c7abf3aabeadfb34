"""Who comes without a credential: only whom a trusted proxy names, or Tailscale itself."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.settings import GatewaySettings
from crawdad.services.identity.lockout import Lockout
from crawdad.services.identity.visitors import Visitors
from tests.support.fakes import FakeClock

PROXY = {
    "trustedProxies": ["10.0.0.0/24"],
    "auth": {
        "mode": "trusted-proxy",
        "trustedProxy": {"userHeader": "X-User", "requiredHeaders": ["x-verified"], "allowUsers": ["ann"]},
    },
}
SERVE = {"tailscale": {"mode": "serve"}}
FORWARDED = {b"x-forwarded-for": b"100.101.1.2", b"x-forwarded-proto": b"https", b"x-forwarded-host": b"box.ts.net"}
LOGIN = {b"tailscale-user-login": b"Ann@example.org"}


class Tailnet:
    def __init__(self, logins: dict[str, str] | None = None) -> None:
        self.logins = logins
        self.asked: list[str] = []

    async def login_of(self, address: str) -> str | None:
        self.asked.append(address)
        if self.logins is None:
            raise GatewayError(ErrorKind.UNAVAILABLE, "no tailscale")
        return self.logins.get(address)


def visitors(settings: dict[str, Any], tailnet: Tailnet | None = None, clock: FakeClock | None = None) -> Visitors:
    gateway = GatewaySettings.model_validate(settings)
    return Visitors(tailnet or Tailnet(), clock or FakeClock(), lambda: gateway)


@pytest.mark.parametrize(
    ("peer", "headers", "who"),
    [
        ("10.0.0.7", {b"x-user": b"ann", b"x-verified": b"1"}, "proxy:ann"),
        ("10.0.1.7", {b"x-user": b"ann", b"x-verified": b"1"}, None),
        ("127.0.0.1", {b"x-user": b"ann", b"x-verified": b"1"}, None),
        ("10.0.0.7", {b"x-user": b"ann"}, None),
        ("10.0.0.7", {b"x-user": b"ann", b"x-verified": b" "}, None),
        ("10.0.0.7", {b"x-user": b"bob", b"x-verified": b"1"}, None),
        ("10.0.0.7", {b"x-verified": b"1"}, None),
    ],
)
async def test_a_trusted_proxy_names_the_user(peer: str, headers: dict[bytes, bytes], who: str | None) -> None:
    found = await visitors(PROXY).identify(peer, headers)
    assert (found.id if found else None) == who


async def test_tailscale_is_believed_itself_and_not_by_header() -> None:
    tailnet = Tailnet({"100.101.1.2": "ann@example.org"})
    ours = visitors(SERVE, tailnet)
    found = await ours.identify("127.0.0.1", {**FORWARDED, **LOGIN})
    assert found is not None and found.id == "tailscale:ann@example.org"
    assert await ours.identify("127.0.0.1", {**FORWARDED, b"tailscale-user-login": b"boss@example.org"}) is None
    assert await ours.identify("127.0.0.1", {**FORWARDED, **LOGIN, b"x-forwarded-for": b"100.9.9.9"}) is None
    assert tailnet.asked == ["100.101.1.2", "100.9.9.9"]


@pytest.mark.parametrize("missing", list(FORWARDED) + list(LOGIN))
async def test_every_header_of_tailscale_must_be_there(missing: bytes) -> None:
    headers = {name: value for name, value in {**FORWARDED, **LOGIN}.items() if name != missing}
    assert await visitors(SERVE, Tailnet({"100.101.1.2": "ann@example.org"})).identify("127.0.0.1", headers) is None


async def test_tailscale_headers_from_elsewhere_count_for_nothing() -> None:
    tailnet = Tailnet({"100.101.1.2": "ann@example.org"})
    assert await visitors(SERVE, tailnet).identify("192.0.2.1", {**FORWARDED, **LOGIN}) is None
    spoofed = {**FORWARDED, **LOGIN, b"x-forwarded-for": b"100.101.1.2; rm -rf /"}
    assert await visitors(SERVE, tailnet).identify("127.0.0.1", spoofed) is None
    assert tailnet.asked == []
    assert await visitors(SERVE, Tailnet(None)).identify("127.0.0.1", {**FORWARDED, **LOGIN}) is None


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, False),
        (SERVE, True),
        ({**SERVE, "auth": {"allowTailscale": False}}, False),
        ({**SERVE, "auth": {"password": "x" * 20}}, False),
        ({**SERVE, "auth": {"mode": "none"}}, False),
        ({"auth": {"allowTailscale": True}}, True),
        (PROXY, True),
    ],
)
def test_when_anybody_may_come_in_this_way(settings: dict[str, Any], wanted: bool) -> None:
    assert visitors(settings).wanted is wanted


def test_the_rules_of_the_lockout_can_be_changed() -> None:
    clock = FakeClock()
    lockout = Lockout(clock)
    lockout.limit(2, 10.0, 30.0, False)
    lockout.failed("127.0.0.1")
    clock.advance(11)
    lockout.failed("127.0.0.1")
    assert lockout.seconds_left("127.0.0.1") == 0
    lockout.failed("127.0.0.1")
    assert lockout.seconds_left("127.0.0.1") == 30
    clock.advance(31)
    assert lockout.seconds_left("127.0.0.1") == 0
