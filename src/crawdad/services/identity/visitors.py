"""Who comes, where somebody else vouches for it: a trusted proxy that names the user, or Tailscale."""

from __future__ import annotations

import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.networks import contains
from crawdad.core.ports import Clock
from crawdad.core.settings import AuthSettings, GatewaySettings

_log = structlog.get_logger(__name__)
_REMEMBERED_SECONDS = 60.0
_MOST_REMEMBERED = 1000
_MOST_CHARACTERS = 256
_LOOPBACK = ("127.0.0.0/8", "::1/128")

Headers = Mapping[bytes, bytes]


class Whois(Protocol):
    """Tailscale's own word on who has an address."""

    async def login_of(self, address: str) -> str | None:
        """The login name of the user of that address; None: nobody's. Raises UNAVAILABLE."""


class Visitors:
    """Tells who comes without a credential. What a request says of itself counts only from where it can be believed."""

    def __init__(self, whois: Whois, clock: Clock, settings: Callable[[], GatewaySettings]) -> None:
        self._whois = whois
        self._clock = clock
        self._settings = settings
        self._remembered: OrderedDict[str, tuple[float, str | None]] = OrderedDict()

    @property
    def wanted(self) -> bool:
        """Whether anybody may come in this way."""
        gateway = self._settings()
        return gateway.auth.mode == "trusted-proxy" or allows_tailscale(gateway)

    async def identify(self, peer: str, headers: Headers) -> Principal | None:
        """Who comes, as far as somebody vouches for it. `peer` is the other end of the connection itself."""
        gateway = self._settings()
        if gateway.auth.mode == "trusted-proxy" and contains(gateway.trusted_proxies, peer):
            user = proxied_user(gateway.auth, headers)
            return None if user is None else visitor("proxy", user)
        if allows_tailscale(gateway) and contains(_LOOPBACK, peer):
            return await self._by_tailscale(headers)
        return None

    async def _by_tailscale(self, headers: Headers) -> Principal | None:
        claimed = _value(headers, "tailscale-user-login")
        forwarded = _value(headers, "x-forwarded-for")
        if not claimed or not _value(headers, "x-forwarded-proto") or not _value(headers, "x-forwarded-host"):
            return None
        try:
            address = str(ipaddress.ip_address(forwarded))  # a single one: Tailscale's own
        except ValueError:
            return None
        login = await self._login(address)
        if login is None or not secrets.compare_digest(login.lower().encode(), claimed.lower().encode()):
            return None
        return visitor("tailscale", login)

    async def _login(self, address: str) -> str | None:
        now = self._clock.monotonic()
        known = self._remembered.get(address)
        if known is not None and now < known[0]:
            return known[1]
        try:
            login = await self._whois.login_of(address)
        except GatewayError as error:
            _log.warning("tailscale_whois_failed", reason=error.message())
            return None
        self._remembered[address] = (now + _REMEMBERED_SECONDS, login)
        if len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return login


def allows_tailscale(gateway: GatewaySettings) -> bool:
    """Whether Tailscale's word lets in: where it is said, else where Tailscale serves and a token alone would be asked for."""
    auth = gateway.auth
    if auth.allow_tailscale is not None:
        return auth.allow_tailscale and auth.mode == "token"
    return gateway.tailscale.mode == "serve" and auth.mode == "token" and auth.password is None


def proxied_user(auth: AuthSettings, headers: Headers) -> str | None:
    """The user that a trusted proxy names; None where it names nobody who may come in."""
    rules = auth.trusted_proxy
    user = _value(headers, rules.user_header) if rules.user_header else ""
    if not user or any(not _value(headers, name) for name in rules.required_headers):
        return None
    return user if not rules.allow_users or user in rules.allow_users else None


def welcomes(gateway: GatewaySettings, kind: str, user: str) -> bool:
    """Whether somebody who was vouched for once would still come in."""
    if not user:
        return False
    if kind == "proxy":
        allowed = gateway.auth.trusted_proxy.allow_users
        return gateway.auth.mode == "trusted-proxy" and (not allowed or user in allowed)
    return kind == "tailscale" and allows_tailscale(gateway)


def visitor(kind: str, user: str) -> Principal:
    """The operator's own person: who is vouched for may do everything."""
    return Principal(f"{kind}:{user}", "token", user, EVERYTHING, owner=user)


def by_proxy(principal: Principal) -> bool:
    """Whether a trusted proxy vouched for somebody."""
    return principal.id.startswith("proxy:")


def _value(headers: Headers, name: str) -> str:
    value = headers.get(name.lower().encode("latin-1", "replace"), b"").decode("utf-8", "replace").strip()
    return value if len(value) <= _MOST_CHARACTERS and value.isprintable() else ""
