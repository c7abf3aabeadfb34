"""What becomes of every feature in a request that is written in this protocol.

Two losses concern answers rather than requests, so no feature names them: citations of another vendor are told as
`web_search_result_location` when they point to a URL (file citations have no equivalent and leave only their text),
and generated images or audio become a short text in their place.
"""

from __future__ import annotations

from collections.abc import Mapping

from crawdad.wire.features import Feature, Treatment

NAME = "anthropic-messages"

SUPPORT: Mapping[Feature, Treatment] = {
    Feature.SYSTEM: Treatment.NATIVE,
    Feature.LATE_SYSTEM: Treatment.APPROXIMATED,  # moved up into `system`; only new models take them in place
    Feature.PARTICIPANT_NAME: Treatment.DROPPED,
    Feature.IMAGE_DATA: Treatment.NATIVE,
    Feature.IMAGE_URL: Treatment.NATIVE,
    Feature.IMAGE_FILE: Treatment.REFUSED,  # another vendor's file id means nothing here
    Feature.DOCUMENT_DATA: Treatment.NATIVE,  # PDF; text types become plain text; others are refused by the writer
    Feature.DOCUMENT_TEXT: Treatment.NATIVE,
    Feature.DOCUMENT_URL: Treatment.NATIVE,
    Feature.DOCUMENT_FILE: Treatment.REFUSED,
    Feature.AUDIO_DATA: Treatment.REFUSED,
    Feature.AUDIO_REFERENCE: Treatment.REFUSED,
    Feature.VIDEO: Treatment.REFUSED,
    Feature.FUNCTION_TOOLS: Treatment.NATIVE,
    Feature.CUSTOM_TOOLS: Treatment.APPROXIMATED,  # a function with one string; a grammar is only described
    Feature.TOOL_NAMESPACES: Treatment.ADAPTED,
    Feature.BUILTIN_TOOLS: Treatment.DROPPED,
    Feature.FORCED_BUILTIN_TOOL: Treatment.DROPPED,
    Feature.STRICT_TOOLS: Treatment.NATIVE,
    Feature.TOOL_CHOICE_NAMED: Treatment.NATIVE,
    Feature.TOOL_CHOICE_ALLOWED: Treatment.ADAPTED,  # the other tools are left out
    Feature.PARALLEL_TOOL_CALLS: Treatment.NATIVE,
    Feature.TOOL_RESULT_MEDIA: Treatment.NATIVE,
    Feature.TOOL_RESULT_ERROR: Treatment.NATIVE,
    Feature.FOREIGN_THINKING: Treatment.DROPPED,
    Feature.OPAQUE_HISTORY: Treatment.DROPPED,
    Feature.COMPACTED_HISTORY: Treatment.REFUSED,
    Feature.REFUSAL_HISTORY: Treatment.ADAPTED,
    Feature.CITATION_HISTORY: Treatment.DROPPED,  # the text stays
    Feature.REASONING_EFFORT: Treatment.ADAPTED,
    Feature.REASONING_BUDGET: Treatment.ADAPTED,
    Feature.REASONING_SUMMARY: Treatment.ADAPTED,
    Feature.JSON_OUTPUT: Treatment.APPROXIMATED,
    Feature.JSON_SCHEMA_OUTPUT: Treatment.NATIVE,
    Feature.TEMPERATURE: Treatment.NATIVE,
    Feature.TOP_P: Treatment.NATIVE,
    Feature.TOP_K: Treatment.NATIVE,
    Feature.MAX_TOKENS: Treatment.NATIVE,
    Feature.STOP: Treatment.NATIVE,
    Feature.SEED: Treatment.DROPPED,
    Feature.FREQUENCY_PENALTY: Treatment.DROPPED,
    Feature.PRESENCE_PENALTY: Treatment.DROPPED,
    Feature.N: Treatment.DROPPED,
    Feature.LOGPROBS: Treatment.DROPPED,
    Feature.LOGIT_BIAS: Treatment.DROPPED,
    Feature.VERBOSITY: Treatment.DROPPED,
    Feature.MODALITIES: Treatment.DROPPED,
    Feature.SERVICE_TIER: Treatment.APPROXIMATED,
    Feature.USER: Treatment.ADAPTED,
    Feature.METADATA: Treatment.DROPPED,
    Feature.CACHE_MARKERS: Treatment.NATIVE,
    Feature.CACHE_KEY: Treatment.DROPPED,
    Feature.EXTRA: Treatment.DROPPED,
}


def note(feature: Feature, treatment: Treatment, why: str) -> str:
    """A note in the form of `survey`, with the reason, for losses that depend on values."""
    return f"{feature.value}: {treatment.value}, {why} ({NAME})"
