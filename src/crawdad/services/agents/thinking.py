"""How much a model shall think, in OpenClaw's words and in those of the request. Pure."""

from __future__ import annotations

from crawdad.core.errors import bad_request
from crawdad.core.request import Reasoning

LEVELS = ("off", "minimal", "low", "medium", "high", "xhigh", "adaptive")
_ALIASES = {
    "": "off",
    "none": "off",
    "disabled": "off",
    "on": "low",
    "min": "minimal",
    "think": "minimal",
    "mid": "medium",
    "med": "medium",
    "max": "xhigh",
    "highest": "high",
    "ultrathink": "high",
    "extra-high": "xhigh",
    "x-high": "xhigh",
    "auto": "adaptive",
}


def level_of(text: str) -> str:
    """The level that somebody wrote. Raises BAD_REQUEST."""
    bare = text.strip().lower()
    level = _ALIASES.get(bare, bare)
    if level not in LEVELS:
        raise bad_request("agents.thinking", "thinking", value=text[:40], levels=", ".join(LEVELS))
    return level


def reasoning_of(level: str | None) -> Reasoning | None:
    """What the request says for a level; None: nothing, the model does as it does."""
    if level is None:
        return None
    if level == "off":
        return Reasoning(effort="none", budget=0)
    if level == "adaptive":
        return Reasoning(adaptive=True, summary="auto", include_thoughts=True)
    return Reasoning(effort=level, summary="auto", include_thoughts=True)
