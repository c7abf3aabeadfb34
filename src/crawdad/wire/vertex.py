"""Vertex AI: where its models are and how they are asked, as data.

Sources: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations (hosts),
https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude (Claude),
https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/publishers.models/list (lists of models).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from crawdad.wire.profile import Profile

NAME = "vertex"
CLAUDE_VERSION = "vertex-2023-10-16"
_HOST = "aiplatform.googleapis.com"
_MULTI_REGIONS = ("us", "eu")

PROFILE = Profile(
    name=NAME,
    vertex=True,
    families=(("claude-", "anthropic-messages"), ("gemini-", "gemini"), ("imagen-", "gemini")),
    list_paths=(
        "/v1beta1/publishers/google/models?pageSize=100",
        "/v1beta1/publishers/anthropic/models?pageSize=100",
    ),
    open_list=True,
    key_header="x-goog-api-key",
)

_FORMS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "gemini": {"models_path": "/publishers/google/models"},
        "anthropic-messages": {"models_path": "/publishers/anthropic/models", "body_version": CLAUDE_VERSION},
    }
)
"""What is peculiar to the models of one publisher, by the protocol they speak."""


def is_vertex(host: str) -> bool:
    """Whether a host is one of Vertex AI's: global, regional (`us-east5-…`) or multi-regional (`….us.rep.…`)."""
    name = host.lower().partition(":")[0]
    return name.endswith(_HOST) or (name.startswith("aiplatform.") and name.endswith(".rep.googleapis.com"))


def vertex_base_url(project: str, location: str) -> str:
    """The base URL of a project's models in one location (`global`, `us`, `us-east5`, …)."""
    if location == "global":
        host = _HOST
    elif location in _MULTI_REGIONS:
        host = f"aiplatform.{location}.rep.googleapis.com"
    else:
        host = f"{location}-{_HOST}"
    return f"https://{host}/v1/projects/{project}/locations/{location}"


def with_form(profile: Profile, protocol: str, model: str) -> Profile:
    """`profile`, made to fit a model that speaks `protocol`."""
    form = _FORMS.get(protocol)
    if form is None:
        return profile
    nested = "gemini" in model or "maas" in model
    return replace(profile, **form, embeddings="nested" if nested else "predict")
