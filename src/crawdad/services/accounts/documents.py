"""Accounts as documents: what an export says, and what imports are understood. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from crawdad.core.accounts import Account, AccountKind
from crawdad.core.budgets import PERIODS, UNITS, Budget
from crawdad.core.errors import bad_request
from crawdad.core.secret import Secret
from crawdad.core.settings import Api
from crawdad.services.accounts.orders import AccountOrder, kind_for
from crawdad.services.accounts.vendors import COMPATIBLE, provider_id_of

VERSION = 1
_APIS: tuple[Api, ...] = (
    "openai-completions",
    "openai-responses",
    "anthropic-messages",
    "google-generative-ai",
    "ollama",
)
_KINDS: tuple[AccountKind, ...] = ("api_key", "google_oauth", "vertex_service_account", "none")
_TOKENS = re.compile(r"1//[A-Za-z0-9_-]{10,2000}|(?:sk-|AIza|gsk_|xai-)[A-Za-z0-9_-]{16,500}")
_PREFIXES = (
    ("1//", "google"),
    ("sk-ant-", "anthropic"),
    ("sk-or-", "openrouter"),
    ("AIza", "google"),
    ("gsk_", "groq"),
    ("xai-", "xai"),
    ("sk-", "openai"),
)
_MOST_ENTRIES = 1000
_FURTHEST = 1_000_000


def exported(account: Account, with_secret: bool) -> dict[str, Any]:
    """One account in an export. `email` repeats the label, as readers of the contract expect it."""
    document: dict[str, Any] = {
        "label": account.label,
        "email": account.label,
        "provider": account.provider,
        "kind": account.kind,
        "name": account.name,
        "api": account.api,
        "base_url": account.base_url,
        "models": list(account.models),
        "weight": account.weight,
        "priority": account.position,
        "plan": account.plan,
        "limits": [{"unit": one.unit, "period": one.period, "limit": one.limit} for one in account.limits],
        "extra": dict(account.extra),
        "paused": account.paused_at is not None,
    }
    if with_secret and account.secret is not None:
        document["secret"] = account.secret.reveal()
        if account.kind == "google_oauth":
            document["refresh_token"] = account.secret.reveal()
    return document


def entries_of(document: Any) -> list[Any]:
    """The entries of an import: an export, an object with `accounts`, an array, or text with tokens and keys in it. Raises
    BAD_REQUEST for anything else."""
    if isinstance(document, str):
        return _entries_of_text(document)
    if isinstance(document, dict):
        version = document.get("version", VERSION)
        if isinstance(version, int) and version > VERSION:
            raise bad_request("accounts.newer_export", "version", version=version)
        for name in ("accounts", "text"):
            if name in document:
                inner = document[name]
                return list(inner.values()) if isinstance(inner, dict) else entries_of(inner)
    if not isinstance(document, list):
        raise bad_request("accounts.no_entries", "accounts")
    if len(document) > _MOST_ENTRIES:
        raise bad_request("accounts.too_many", "accounts", most=_MOST_ENTRIES)
    return document


def _entries_of_text(text: str) -> list[Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = dict.fromkeys(_TOKENS.findall(text[: 4 << 20]))
        return [{"secret": token} for token in list(found)[:_MOST_ENTRIES]]
    return [] if isinstance(document, str) else entries_of(document)


def order_of(entry: Any, check: bool) -> AccountOrder:
    """The order that an entry asks for: of an export, of a row of the table, of the contract's own `{refresh_token, email}`,
    or a bare token. Raises BAD_REQUEST."""
    if isinstance(entry, str):
        entry = {"secret": entry}
    if not isinstance(entry, dict):
        raise bad_request("accounts.no_entries", "accounts")
    fields = _Fields(entry)
    refresh = fields.text("refresh_token", "refreshToken")
    service = _service_account(entry.get("serviceAccountJson", entry.get("service_account_json")))
    secret = refresh or service or fields.text("secret", "api_key", "apiKey", "key")
    if secret is None and isinstance(entry.get("token"), dict):
        refresh = secret = _Fields(entry["token"]).text("refresh_token", "refreshToken")
    named = fields.text("provider") or ("vertex" if service else "google" if refresh else provider_of_secret(secret))
    if named is None:
        raise bad_request("wire.missing", "provider")
    base_url = fields.text("base_url", "baseUrl")
    provider = provider_id_of(named, base_url)
    api = fields.text("api") or COMPATIBLE.get(named)
    if api is not None and api not in _APIS:
        raise bad_request("wire.value", "api", value=repr(api)[:64])
    kind = fields.text("kind")
    if kind is not None and kind not in _KINDS:
        raise bad_request("wire.value", "kind", value=repr(kind)[:64])
    if kind is None:
        is_refresh = refresh is not None or (secret or "").startswith("1//")
        kind = "google_oauth" if is_refresh else "vertex_service_account" if service else None
    extra = {name: value for name in ("project", "location", "client_id") if (value := fields.text(name)) is not None}
    return AccountOrder(
        provider=provider,
        kind=kind or kind_for(provider, secret is not None),  # type: ignore[arg-type]
        label=fields.text("label", "email") or "",
        secret=Secret(secret) if secret is not None else None,
        name=fields.text("name"),
        api=api,
        base_url=base_url,
        models=fields.texts("models"),
        weight=fields.number("weight", 1.0),
        plan=fields.text("plan", "subscription_tier"),
        limits=limits_of(fields.listed("limits")),
        extra={**_text_pairs(fields.mapping("extra")), **extra},
        priority=fields.place("priority", "position"),
        check=check,
    )


def is_paused(entry: Any) -> bool:
    """Whether an imported account is to stay paused."""
    if not isinstance(entry, dict):
        return False
    return bool(entry.get("paused") or entry.get("paused_at") or entry.get("proxy_disabled"))


def limits_of(listed: list[Any]) -> tuple[Budget, ...]:
    """Declared limits. Raises BAD_REQUEST."""
    found = []
    for one in listed:
        unit, period, limit = (
            (one.get(name) for name in ("unit", "period", "limit")) if isinstance(one, dict) else (None,) * 3
        )
        fine = unit in UNITS and period in PERIODS and isinstance(limit, (int, float)) and not isinstance(limit, bool)
        if not fine or not 0 < limit < 1e15:  # type: ignore[operator]
            raise bad_request("wire.value", "limits", value=repr(one)[:64])
        found.append(Budget(unit, period, float(limit)))  # type: ignore[arg-type]
    return tuple(found)


def provider_of_secret(secret: str | None) -> str | None:
    """Whose key it is, by the way it begins."""
    return next((provider for prefix, provider in _PREFIXES if secret and secret.startswith(prefix)), None)


def _service_account(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    if not isinstance(value, str):
        raise bad_request("wire.type", "serviceAccountJson", expected="an object")
    return value


class _Fields:
    """Typed access to an entry; JSON columns of a table are read as what they hold."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self._entry = entry

    def text(self, *names: str) -> str | None:
        for name in names:
            value = self._entry.get(name)
            if value is None or value == "":
                continue
            if not isinstance(value, str):
                raise bad_request("wire.type", name, expected="a string")
            return value.strip()
        return None

    def number(self, name: str, default: float) -> float:
        value = self._entry.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise bad_request("wire.type", name, expected="a number")
        return float(value)

    def place(self, *names: str) -> int | None:
        """A place in the order."""
        name = next((name for name in names if self._entry.get(name) is not None), None)
        if name is None:
            return None
        value = self.number(name, 0.0)
        if not -_FURTHEST <= value <= _FURTHEST:
            raise bad_request("wire.value", name, value=repr(value)[:64])
        return int(value)

    def listed(self, name: str) -> list[Any]:
        value = self._parsed(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad_request("wire.type", name, expected="an array")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        found = self.listed(name)
        if not all(isinstance(item, str) for item in found):
            raise bad_request("wire.type", name, expected="an array of strings")
        return tuple(found)

    def mapping(self, name: str) -> dict[str, Any]:
        value = self._parsed(name)
        return value if isinstance(value, dict) else {}

    def _parsed(self, name: str) -> Any:
        value = self._entry.get(name)
        if isinstance(value, str):
            try:
                return orjson.loads(value)
            except orjson.JSONDecodeError:
                raise bad_request("wire.type", name, expected="JSON") from None
        return value


def _text_pairs(mapping: Mapping[str, Any]) -> dict[str, str]:
    return {key: value for key, value in mapping.items() if isinstance(value, str)}
