"""Prices that a provider tells in its own list of models.

Source: OpenRouter's documentation of `GET /api/v1/models`: `pricing` holds decimals in strings, US dollars for one token (one
request, one search); `-1` stands for a price that differs from request to request. Each of `pricing.overrides` counts where
its conditions hold: `min_prompt_tokens`, or a time of the day.
"""

from __future__ import annotations

import math
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.prices import Price, Tier

_MILLION = 1_000_000
_MOST = 1_000_000.0
"""Dollars for a million tokens: beyond that somebody counts in another unit."""
_BY_TOKEN = {
    "prompt": "input",
    "completion": "output",
    "input_cache_read": "cache_read",
    "input_cache_write": "cache_write",
    "input_cache_write_1h": "cache_write_1h",
    "audio": "audio_input",
    "audio_output": "audio_output",
    "image_token": "image_input",
}
_BY_PIECE = {"request": "request", "web_search": "web_search"}
_OF_TIERS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
_MOST_OVERRIDES = 20


def read_listed_price(entry: JsonObject, source: str) -> Price | None:
    """The price in a model's entry of the list; None where it has none that is a price. `source` is what is told of where
    it was read. A discount is left out: the price is then higher than what is paid, never lower."""
    pricing = entry.get("pricing")
    if not isinstance(pricing, dict):
        return None
    rates: dict[str, Any] = _rates(pricing)
    if "input" not in rates or "output" not in rates:
        return None
    return Price(**rates, tiers=_tiers(pricing.get("overrides")), source=source)


def _rates(pricing: JsonObject) -> dict[str, float]:
    """Zero is free for what goes in and out. For the rest it stands for what is not charged by itself."""
    found = {}
    for key, name in _BY_TOKEN.items():
        amount = _amount(pricing.get(key))
        if amount is not None and amount * _MILLION <= _MOST and (amount or name in ("input", "output")):
            found[name] = round(amount * _MILLION, 9)
    for key, name in _BY_PIECE.items():
        amount = _amount(pricing.get(key))
        if amount:
            found[name] = amount
    return found


def _tiers(overrides: Any) -> tuple[Tier, ...]:
    """Those of long prompts. A price by the time of the day is left to what the provider says that a turn cost."""
    found = []
    for override in overrides[:_MOST_OVERRIDES] if isinstance(overrides, list) else ():
        above = override.get("min_prompt_tokens") if isinstance(override, dict) else None
        if not isinstance(above, int) or isinstance(above, bool) or above < 1 or "utc_start" in override:
            continue
        rates = {name: amount for name, amount in _rates(override).items() if name in _OF_TIERS}
        found.append(Tier(above - 1, **rates))
    return tuple(sorted(found, key=lambda tier: tier.above))


def _amount(value: Any) -> float | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        amount = float(value)
    except (ValueError, OverflowError):
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None
