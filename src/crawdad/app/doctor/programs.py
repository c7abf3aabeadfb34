"""Checks of what the configuration leans on: programs of the machine, and tokens that look like what they should be."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from crawdad.app.doctor.finding import Finding, Patient, good, warn
from crawdad.core.secret import Secret

if TYPE_CHECKING:
    from crawdad.core.settings import Settings

_TOKENS: dict[tuple[str, str], tuple[str, str]] = {
    ("telegram", "botToken"): (r"\d{6,12}:[A-Za-z0-9_-]{30,50}", "123456789:AA…"),
    ("slack", "botToken"): (r"xoxb-[A-Za-z0-9-]{10,}", "xoxb-…"),
    ("slack", "appToken"): (r"xapp-[A-Za-z0-9-]{10,}", "xapp-…"),
    ("discord", "token"): (r"[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{20,}", "….….…"),
    ("feishu", "appId"): (r"cli_[A-Za-z0-9]{10,}", "cli_…"),
    ("qqbot", "appId"): (r"\d{6,20}", "102000000"),
}
"""Channel and key → what its value looks like, and how to show that."""


async def programs(patient: Patient) -> list[Finding]:
    """What agents are to be kept apart with, and what MCP servers are started with, is there."""
    if patient.settings is None:
        return []
    findings = []
    for names, purpose in _wanted(patient.settings):
        found = next((path for path in map(shutil.which, names) if path), None)
        if found is None:
            findings.append(warn("programs", "program_missing", names=" / ".join(names), purpose=purpose))
        else:
            findings.append(good("programs", "program_found", path=found, purpose=purpose))
    return findings


async def tokens(patient: Patient) -> list[Finding]:
    """Tokens of channels have the form of their platform. Nothing of one is shown."""
    if patient.settings is None:
        return []
    findings = []
    for channel, block in patient.settings.channels.items():
        shown = block.model_dump(by_alias=True)
        accounts = shown.get("accounts")
        places = [(f"channels.{channel}", shown)]
        places += [(f"channels.{channel}.accounts.{name}", one) for name, one in (accounts or {}).items()]
        for place, values in places:
            for (kind, key), (pattern, example) in _TOKENS.items():
                value = _text(values.get(key)) if isinstance(values, dict) else ""
                if kind == channel and value and not re.fullmatch(pattern, value):
                    findings.append(warn("tokens", "token_odd", name=f"{place}.{key}", example=example))
    return findings


def _wanted(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    agents = settings.agents
    boxes = [agents.defaults.sandbox, *(entry.sandbox for entry in agents.entries if entry.sandbox is not None)]
    backends = {box.backend for box in boxes if box.mode != "off"}
    if "bubblewrap" in backends:
        yield ("bwrap",), "agents.defaults.sandbox"
    if "container" in backends:
        yield ("docker", "podman"), "agents.defaults.sandbox"
    if "auto" in backends:
        yield ("bwrap", "docker", "podman"), "agents.defaults.sandbox"
    for name, server in settings.mcp.servers.items():
        command = getattr(server, "command", None)
        if command and "/" not in command:
            yield (command,), f"mcp.servers.{name}"


def _text(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    return value if isinstance(value, str) else ""
