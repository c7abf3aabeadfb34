"""Which price a model at a provider has.

The configuration goes first: a model's own `cost`, then `models.prices`. Else it is what the provider's own list says, where it
says prices; else the vendor's published one, if the provider is that vendor: somebody who resells the model asks what he likes.
What nobody knows is unknown, never zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import orjson

from crawdad.core.patterns import matches
from crawdad.core.prices import FREE, Peak, Price, Tier
from crawdad.core.settings import ModelCost, Settings
from crawdad.services.catalogue import Offer

_DATE = re.compile(r"-(?:20\d{6}|20\d\d-\d\d-\d\d)$")
_REMEMBERED = 10_000
_RATES = tuple(ModelCost.model_fields)
_FIELDS = frozenset(_RATES) & frozenset(Price.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Priced:
    """A published price: whose model, and by which names."""

    vendor: str
    names: tuple[str, ...]
    price: Price


class PriceBook:
    """Prices of offers under the settings of the moment."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._prices: object = None
        self._known: dict[tuple[str, str, str, str], Price | None] = {}

    def price_of(self, offer: Offer) -> Price | None:
        """What the offer's model costs; None where nobody knows. What runs inside this process costs nothing itself."""
        provider = offer.provider
        if provider.local:
            return FREE
        if offer.settings is not None:
            own = _configured(offer.settings.cost)
            if own.known:
                return own
        configured = self._settings().models.prices
        if configured is not self._prices:
            self._prices = configured
            self._known.clear()
        if offer.price is not None and _pattern_of(offer, configured) is None:
            return offer.price
        name = (provider.id, offer.model, provider.base_url, provider.profile.name)
        if name not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[name] = self._find(offer, configured)
        return self._known[name]

    def _find(self, offer: Offer, configured: Mapping[str, ModelCost]) -> Price | None:
        best = _pattern_of(offer, configured)
        if best is not None:
            found = _configured(configured[best])
            return found if found.known else None
        vendor = _vendor_of(offer)
        return None if vendor is None else published(vendor, offer.model)


def _pattern_of(offer: Offer, configured: Mapping[str, ModelCost]) -> str | None:
    """The most specific of the configured patterns that the offer's model fits."""
    best: str | None = None
    for pattern in configured:
        fits = matches(pattern, offer.name) or matches(pattern, offer.model)
        if fits and (best is None or _specificity(pattern) > _specificity(best)):
            best = pattern
    return best


def published(vendor: str, model: str) -> Price | None:
    """The price that `vendor` publishes for `model`, by its name with or without date."""
    names = _published()[0].get(vendor, {})
    name = model.lower().removeprefix("models/")
    for candidate in (name, _DATE.sub("", name), _DATE.sub("", name).removesuffix("-latest")):
        if candidate in names:
            return names[candidate]
    return None


def published_prices() -> Iterator[Priced]:
    """All of them, in the file's order."""
    for vendor, content in _document()["vendors"].items():
        for entry in content["models"]:
            yield Priced(vendor, tuple(entry["names"]), _price(entry))


def vendors() -> frozenset[str]:
    """Vendors whose prices are known."""
    return frozenset(_published()[0])


def _vendor_of(offer: Offer) -> str | None:
    provider = offer.provider
    names, hosts = _published()
    host = (urlsplit(provider.base_url).hostname or "").lower()
    while host:
        if host in hosts:
            return hosts[host]
        host = host.partition(".")[2]
    return next((name for name in (provider.profile.name, provider.id) if name in names), None)


@cache
def _published() -> tuple[Mapping[str, Mapping[str, Price]], Mapping[str, str]]:
    names: dict[str, dict[str, Price]] = {}
    for entry in published_prices():
        table = names.setdefault(entry.vendor, {})
        for name in entry.names:
            table.setdefault(name.lower(), entry.price)
    hosts = {host: vendor for vendor, content in _document()["vendors"].items() for host in content["hosts"]}
    return names, hosts


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((files("crawdad.services.prices") / "prices.json").read_bytes())
    return found


def _price(entry: Mapping[str, Any]) -> Price:
    rates = {name: float(entry[name]) for name in _FIELDS if name in entry and name not in ("tiers",)}
    return Price(
        **rates,
        tiers=tuple(Tier(**tier) for tier in entry.get("tiers", ())),
        peaks=tuple(Peak(_second(peak["from"]), _second(peak["to"]), _price(peak)) for peak in entry.get("peaks", ())),
        service_tiers={name: _price(tier) for name, tier in entry.get("service_tiers", {}).items()},
        source=entry.get("source", ""),
        date=entry.get("date", ""),
    )


def _second(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _configured(cost: ModelCost) -> Price:
    rates = {name: getattr(cost, name) for name in _RATES if name != "tiers"}
    return Price(**rates, tiers=tuple(Tier(**tier.model_dump()) for tier in cost.tiers), source="openclaw.json")


def _specificity(pattern: str) -> int:
    return len(pattern) - pattern.count("*") + (1000 if "*" not in pattern else 0)
