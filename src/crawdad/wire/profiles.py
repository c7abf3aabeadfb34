"""Which profile fits an upstream: by name or host for the vendor, by model name for the model family.

Sources: Anthropic's and Google's model documentation (adaptive thinking came with Claude Opus 4.6, sampling parameters
went with Opus 4.7; Gemini 3 speaks of thinking levels, Gemini 1.x knows Google's schema subset only).
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

from crawdad.wire.openai_chat.profiles import PROFILES
from crawdad.wire.openai_chat.profiles import profile_for as chat_profile_for
from crawdad.wire.profile import DEFAULT, Profile
from crawdad.wire.vertex import NAME as VERTEX
from crawdad.wire.vertex import PROFILE as VERTEX_PROFILE
from crawdad.wire.vertex import is_vertex, with_form

_FIXED_THINKING = re.compile(
    r"claude-(?:2|instant|3|opus-4(?:-[0-5](?:\D|$)|-20|$)|sonnet-4(?:-[0-5](?:\D|$)|-20|$)|haiku-4(?:-[0-5](?:\D|$)|-20|$))"
)
_SAMPLED = re.compile(r"claude-(?:2|instant|3|(?:opus|sonnet|haiku)-4(?:-[0-6](?:\D|$)|-20|$))")
_SAMPLING_FIELDS = frozenset({"temperature", "top_p", "top_k"})
_THINKING_LEVELS = re.compile(r"gemini-(?:[3-9]|\d\d)")
_SUBSET_SCHEMAS = re.compile(r"gemini-1\.|gemini-pro|gemma-[12]")


def vendor_profile(protocol: str, base_url: str, name: str | None) -> Profile:
    """The profile of a provider. A `name` that the settings give goes before what its address tells."""
    host = urlsplit(base_url).netloc.rpartition("@")[2]
    vertex = name == VERTEX or (not name and is_vertex(host))
    if protocol in ("openai-chat", "openai-responses", "ollama"):
        found = PROFILES.get("google" if vertex else name or "")
        return found if found is not None else chat_profile_for(host)
    return VERTEX_PROFILE if vertex else replace(DEFAULT, name=name or protocol)


def model_profile(profile: Profile, protocol: str, model: str) -> Profile:
    """`profile`, made to fit one of the vendor's models."""
    name = model.lower().rpartition("/")[2].replace("@", "-")  # Vertex dates its models with an @
    if profile.vertex:
        profile = with_form(profile, protocol, name)
    if protocol == "anthropic-messages" and name.startswith("claude-"):
        sampled = _SAMPLED.match(name) is not None
        return replace(
            profile,
            adaptive_thinking=profile.adaptive_thinking and not _FIXED_THINKING.match(name),
            drop_fields=profile.drop_fields if sampled else profile.drop_fields | _SAMPLING_FIELDS,
        )
    if protocol == "gemini":
        return replace(
            profile,
            thinking_levels=bool(_THINKING_LEVELS.match(name)),
            thinking_level_names=_levels(name),
            json_schema_tools=not _SUBSET_SCHEMAS.match(name),
        )
    return profile


def _levels(name: str) -> tuple[str, ...]:
    if "flash" in name:
        return ("MINIMAL", "LOW", "MEDIUM", "HIGH")
    return ("LOW", "HIGH") if name.startswith("gemini-3-pro") else ("LOW", "MEDIUM", "HIGH")
