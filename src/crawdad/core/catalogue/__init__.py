"""The catalogue of words: key → (English, 简体中文). One module a subject, joined here; a key appears once."""

from __future__ import annotations

from crawdad.core.catalogue import (
    accounts,
    agent_tools,
    agents,
    budgets,
    channels,
    cli,
    cli_accounts,
    cli_sessions,
    cli_skills,
    configuration,
    doctor,
    doors,
    fetch,
    guide,
    http,
    identity,
    management,
    mcp,
    media_tools,
    memory,
    oauth,
    responses,
    routing,
    schedule,
    session_tools,
    sessions,
    settings,
    skills,
    statistics,
    store,
    tools,
    upstream,
    web_tools,
    wire,
)

_SUBJECTS = (
    accounts,
    agent_tools,
    agents,
    budgets,
    channels,
    cli,
    cli_accounts,
    cli_sessions,
    cli_skills,
    configuration,
    doctor,
    doors,
    fetch,
    guide,
    http,
    identity,
    management,
    mcp,
    media_tools,
    memory,
    oauth,
    responses,
    routing,
    schedule,
    session_tools,
    sessions,
    settings,
    skills,
    statistics,
    store,
    tools,
    upstream,
    web_tools,
    wire,
)
MESSAGES: dict[str, tuple[str, str]] = {}

for _module in _SUBJECTS:
    for _key, _pair in _module.MESSAGES.items():
        if _key in MESSAGES:
            raise ValueError(f"catalogue key {_key} stands twice")
        MESSAGES[_key] = _pair
