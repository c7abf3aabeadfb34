"""The catalogue of words: key → (English, 简体中文). One module a subject, joined here; a key appears once."""

from __future__ import annotations

from crawdad.core.catalogue import (
    budgets,
    cli,
    configuration,
    doctor,
    fetch,
    http,
    identity,
    responses,
    routing,
    settings,
    store,
    upstream,
    wire,
)

MESSAGES: dict[str, tuple[str, str]] = {}

_MODULES = (
    budgets,
    cli,
    configuration,
    doctor,
    fetch,
    http,
    identity,
    responses,
    routing,
    settings,
    store,
    upstream,
    wire,
)
for _module in _MODULES:
    for _key, _pair in _module.MESSAGES.items():
        if _key in MESSAGES:
            raise ValueError(f"catalogue key {_key} stands twice")
        MESSAGES[_key] = _pair
