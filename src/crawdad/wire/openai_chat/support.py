"""What becomes of each feature of a request when it is written as a chat completion."""

from __future__ import annotations

from functools import lru_cache

from crawdad.wire.features import Feature, SupportTable, Treatment
from crawdad.wire.profile import Profile

NAME = "openai-chat"

_NATIVE, _ADAPTED, _DROPPED, _REFUSED = Treatment.NATIVE, Treatment.ADAPTED, Treatment.DROPPED, Treatment.REFUSED

SUPPORT: dict[Feature, Treatment] = {
    Feature.SYSTEM: _NATIVE,
    Feature.LATE_SYSTEM: _NATIVE,
    Feature.PARTICIPANT_NAME: _NATIVE,
    Feature.IMAGE_DATA: _NATIVE,
    Feature.IMAGE_URL: _NATIVE,
    Feature.IMAGE_FILE: _REFUSED,
    Feature.DOCUMENT_DATA: _NATIVE,
    Feature.DOCUMENT_TEXT: _ADAPTED,
    Feature.DOCUMENT_URL: _REFUSED,
    Feature.DOCUMENT_FILE: _NATIVE,
    Feature.AUDIO_DATA: _NATIVE,
    Feature.AUDIO_REFERENCE: _REFUSED,
    Feature.VIDEO: _REFUSED,
    Feature.FUNCTION_TOOLS: _NATIVE,
    Feature.CUSTOM_TOOLS: _NATIVE,
    Feature.TOOL_NAMESPACES: _ADAPTED,
    Feature.BUILTIN_TOOLS: _DROPPED,
    Feature.FORCED_BUILTIN_TOOL: _DROPPED,
    Feature.STRICT_TOOLS: _NATIVE,
    Feature.TOOL_CHOICE_NAMED: _NATIVE,
    Feature.TOOL_CHOICE_ALLOWED: _NATIVE,
    Feature.PARALLEL_TOOL_CALLS: _NATIVE,
    Feature.TOOL_RESULT_MEDIA: _ADAPTED,
    Feature.TOOL_RESULT_ERROR: _ADAPTED,
    Feature.FOREIGN_THINKING: _DROPPED,
    Feature.OPAQUE_HISTORY: _DROPPED,
    Feature.COMPACTED_HISTORY: _REFUSED,
    Feature.REFUSAL_HISTORY: _NATIVE,
    Feature.CITATION_HISTORY: _DROPPED,
    Feature.REASONING_EFFORT: _NATIVE,
    Feature.REASONING_BUDGET: Treatment.APPROXIMATED,
    Feature.REASONING_SUMMARY: _DROPPED,
    Feature.JSON_OUTPUT: _NATIVE,
    Feature.JSON_SCHEMA_OUTPUT: _NATIVE,
    Feature.TEMPERATURE: _NATIVE,
    Feature.TOP_P: _NATIVE,
    Feature.TOP_K: _DROPPED,
    Feature.MAX_TOKENS: _NATIVE,
    Feature.STOP: _NATIVE,
    Feature.SEED: _NATIVE,
    Feature.FREQUENCY_PENALTY: _NATIVE,
    Feature.PRESENCE_PENALTY: _NATIVE,
    Feature.N: _NATIVE,
    Feature.LOGPROBS: _NATIVE,
    Feature.LOGIT_BIAS: _NATIVE,
    Feature.VERBOSITY: _NATIVE,
    Feature.MODALITIES: _NATIVE,
    Feature.SERVICE_TIER: _NATIVE,
    Feature.USER: _NATIVE,
    Feature.METADATA: _DROPPED,  # accepted only together with `store`, which is ours to decide for foreign requests
    Feature.CACHE_MARKERS: _DROPPED,
    Feature.CACHE_KEY: _NATIVE,
    Feature.EXTRA: _DROPPED,
}
"""The vendor that owns the protocol; `support_for` tells what differs elsewhere."""


@lru_cache(maxsize=256)
def support_for(profile: Profile) -> SupportTable:
    """The table as it stands for one upstream."""
    reasoning = profile.thinking_switch
    changes = {
        Feature.PARTICIPANT_NAME: _NATIVE if profile.participant_names else _DROPPED,
        Feature.DOCUMENT_DATA: _NATIVE if profile.file_parts or profile.document_urls != "none" else _REFUSED,
        Feature.DOCUMENT_FILE: _NATIVE if profile.file_parts else _REFUSED,
        Feature.DOCUMENT_URL: _REFUSED if profile.document_urls == "none" else _NATIVE,
        Feature.AUDIO_DATA: _NATIVE if profile.audio_parts else _REFUSED,
        Feature.VIDEO: _NATIVE if profile.video_parts else _REFUSED,
        Feature.CUSTOM_TOOLS: _NATIVE if profile.custom_tools else _ADAPTED,
        Feature.TOOL_CHOICE_ALLOWED: _NATIVE if profile.allowed_tools else _ADAPTED,
        Feature.STRICT_TOOLS: _NATIVE if profile.strict_tools else _DROPPED,
        Feature.PARALLEL_TOOL_CALLS: _NATIVE if profile.parallel_tool_calls else _DROPPED,
        Feature.JSON_SCHEMA_OUTPUT: _NATIVE if profile.json_schema else Treatment.APPROXIMATED,
        Feature.TOP_K: _NATIVE if profile.top_k else _DROPPED,
        Feature.CACHE_MARKERS: _NATIVE if profile.cache_control else _DROPPED,
    }
    if reasoning == "reasoning":
        changes[Feature.REASONING_BUDGET] = _NATIVE
        changes[Feature.REASONING_SUMMARY] = _NATIVE
    elif reasoning == "enable_thinking":
        changes[Feature.REASONING_BUDGET] = _NATIVE
    if not profile.reasoning_effort:
        switch = _DROPPED if reasoning == "none" else Treatment.APPROXIMATED
        if reasoning != "reasoning":
            changes[Feature.REASONING_EFFORT] = switch
        if changes.get(Feature.REASONING_BUDGET) is not _NATIVE:
            changes[Feature.REASONING_BUDGET] = switch
    return {**SUPPORT, **changes}
