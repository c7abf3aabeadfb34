"""What an account to be kept shall be, and whether that makes sense. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from crawdad.core.accounts import AccountKind
from crawdad.core.budgets import Budget
from crawdad.core.errors import bad_request
from crawdad.core.secret import Secret
from crawdad.core.settings import Api
from crawdad.services.accounts.vendors import LOCAL

MOST_LIMITS = 16
MOST_MODELS = 500
_LONGEST_LABEL = 200
_LONGEST_SECRET = 16 * 1024
_LONGEST_URL = 2000
_PROVIDER = re.compile(r"[A-Za-z0-9][\w.-]{0,63}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class AccountOrder:
    """An account to be kept. An empty `label` is chosen; `priority` is its place in the order (None: behind all others)."""

    provider: str
    kind: AccountKind = "api_key"
    label: str = ""
    secret: Secret | None = None
    name: str | None = None
    api: Api | None = None
    base_url: str | None = None
    models: tuple[str, ...] = ()
    weight: float = 1.0
    plan: str | None = None
    limits: tuple[Budget, ...] = ()
    extra: dict[str, str] = field(default_factory=dict)
    priority: int | None = None
    check: bool = True


def check_order(order: AccountOrder, known: bool) -> None:
    """Raise BAD_REQUEST unless the order makes sense. `known`: whether its provider can be reached without an address."""
    if not _PROVIDER.match(order.provider):
        raise bad_request("wire.value", "provider", value=repr(order.provider[:64]))
    if not known and order.base_url is None:
        raise bad_request("accounts.no_address", "baseUrl", provider=order.provider)
    if order.base_url is not None:
        check_base_url(order.base_url)
    for name, value in (("label", order.label), ("name", order.name or ""), ("plan", order.plan or "")):
        if len(value) > _LONGEST_LABEL or not value.isprintable():
            raise bad_request("wire.value", name, value=repr(value[:64]))
    _check_secret(order)
    if not 0 < order.weight <= 1000:
        raise bad_request("wire.value", "weight", value=repr(order.weight))
    if len(order.models) > MOST_MODELS or any(
        not name or len(name) > 256 or not name.isprintable() for name in order.models
    ):
        raise bad_request("wire.value", "models", value=repr(order.models)[:64])
    if len(order.limits) > MOST_LIMITS:
        raise bad_request("wire.value", "limits", value=str(len(order.limits)))


def _check_secret(order: AccountOrder) -> None:
    if order.kind == "none":
        return
    if order.secret is None or not order.secret.reveal().strip():
        raise bad_request("wire.missing", "refreshToken" if order.kind == "google_oauth" else "apiKey")
    value = order.secret.reveal()
    if len(value) > _LONGEST_SECRET:
        raise bad_request("wire.value", "apiKey", value="…")
    if order.kind in ("api_key", "google_oauth") and (not value.isascii() or not value.isprintable() or " " in value):
        raise bad_request("accounts.odd_key", "apiKey")  # it goes into a header


def check_base_url(url: str) -> None:
    """Raise BAD_REQUEST unless a URL is one of http(s), without a credential in it, and none of a cloud's own secrets."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    fine = parts.scheme in ("http", "https") and host and not parts.username and not parts.password
    if (
        not fine
        or len(url) > _LONGEST_URL
        or not url.isprintable()
        or parts.query
        or parts.fragment
        or _is_metadata(host)
    ):
        raise bad_request("accounts.bad_url", "baseUrl", url=url[:200])


def _is_metadata(host: str | None) -> bool:
    """Whether a host is the address where a cloud hands out its machines' credentials."""
    try:
        address = ip_address((host or "").strip("[]"))
    except ValueError:
        return (host or "").rstrip(".").lower() in ("metadata.google.internal", "metadata")
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_link_local or str(address) == "fd00:ec2::254"


def kind_for(provider: str, has_secret: bool) -> AccountKind:
    """The kind of an account for which none was named."""
    return "none" if provider in LOCAL and not has_secret else "api_key"


def free_label(provider: str, taken: Collection[str]) -> str:
    """A label for an account of a provider: `openai:main`, `openai:2`, …"""
    label, number = f"{provider}:main", 2
    while label in taken:
        label, number = f"{provider}:{number}", number + 1
    return label
