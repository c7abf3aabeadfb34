"""OpenClaw's `exec-approvals.json`, read: what of it can be said in our configuration."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from crawdad.core.sessions import normalise_agent_id
from crawdad.core.text import Text

_WORDS = {
    "security": ("deny", "allowlist", "full"),
    "ask": ("off", "on-miss", "always"),
    "askFallback": ("deny", "allowlist"),
}
_PATTERN_SIGNS = frozenset("*?[]{}")
_EVERYBODY = "*"


def read_approvals(document: Any, agents: Collection[str]) -> tuple[dict[str, Any], list[tuple[str, Text]]]:
    """What goes into `tools.exec`, and what cannot, by name, with the reason. The list of an agent counts for all where there
    is no other agent: else it would let others run what only this one may."""
    found: dict[str, Any] = {}
    left: list[tuple[str, Text]] = []
    if not isinstance(document, dict):
        return found, left
    defaults = document.get("defaults")
    if isinstance(defaults, dict):
        found = {name: defaults[name] for name, words in _WORDS.items() if defaults.get(name) in words}
        left += [
            (f"{name}: {defaults[name]}", Text("moving.approval_word"))
            for name in _WORDS
            if isinstance(defaults.get(name), str) and name not in found
        ]
        if defaults.get("autoAllowSkills"):
            left.append(("autoAllowSkills", Text("moving.approval_skills")))
    programs: list[dict[str, Any]] = []
    for agent, section in _sections(document):
        if agent != _EVERYBODY and {normalise_agent_id(agent)} != set(agents):
            left.append((agent, Text("moving.approval_agent")))
            continue
        left += [(f"{agent}.{name}", Text("moving.approval_agent")) for name in _WORDS if section.get(name)]
        for row in section.get("allowlist") or ():
            pattern = str(row.get("pattern") or "").strip() if isinstance(row, dict) else ""
            if not pattern or _PATTERN_SIGNS & set(pattern) or row.get("argPattern"):
                left.append((pattern or "?", Text("moving.approval_pattern")))
            elif all(each["program"] != pattern for each in programs):
                programs.append({"program": pattern, "arguments": ["..."]})
    return ({**found, "allowlist": programs} if programs else found), left


def fresh(wanted: dict[str, Any], ours: Any) -> dict[str, Any]:
    """What of it is new beside `ours` (the `tools.exec` that is here): what is said here stays."""
    ours = ours if isinstance(ours, dict) else {}
    found = {name: value for name, value in wanted.items() if name != "allowlist" and name not in ours}
    known = {each.get("program") for each in ours.get("allowlist") or () if isinstance(each, dict)}
    programs = [each for each in wanted.get("allowlist", ()) if each["program"] not in known]
    return {**found, "allowlist": programs} if programs else found


def _sections(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    agents = document.get("agents")
    if not isinstance(agents, dict):
        return []
    return [(str(name), section) for name, section in agents.items() if isinstance(section, dict)]
