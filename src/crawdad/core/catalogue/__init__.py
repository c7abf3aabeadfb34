"""The catalogue of words: key → (English, 简体中文). One module a subject, joined here; a key appears once."""

from __future__ import annotations

from crawdad.core.catalogue import (
    accounts,
    budgets,
    channels,
    cli,
    cli_accounts,
    configuration,
    control,
    devices,
    doctor,
    fetch,
    http,
    identity,
    management,
    oauth,
    responses,
    routing,
    sessions,
    settings,
    statistics,
    store,
    tools,
    upstream,
    wire,
)

_SUBJECTS = (
    *(
        accounts,
        budgets,
        channels,
        cli,
        cli_accounts,
        configuration,
        control,
        devices,
        doctor,
        fetch,
        http,
        identity,
        management,
        oauth,
        responses,
    ),
    *(routing, sessions, settings, statistics, store, tools, upstream, wire),
)
MESSAGES: dict[str, tuple[str, str]] = {}

for _module in _SUBJECTS:
    for _key, _pair in _module.MESSAGES.items():
        if _key in MESSAGES:
            raise ValueError(f"catalogue key {_key} stands twice")
        MESSAGES[_key] = _pair
