"""The protocol's name, and what becomes of each feature when a request is written in it."""

from __future__ import annotations

from crawdad.wire.features import Feature, SupportTable, Treatment

NAME = "openai-responses"

_NATIVE, _ADAPTED = Treatment.NATIVE, Treatment.ADAPTED
_APPROXIMATED, _DROPPED, _REFUSED = Treatment.APPROXIMATED, Treatment.DROPPED, Treatment.REFUSED

SUPPORT: SupportTable = {
    Feature.SYSTEM: _NATIVE,
    Feature.LATE_SYSTEM: _NATIVE,
    Feature.PARTICIPANT_NAME: _DROPPED,
    Feature.IMAGE_DATA: _NATIVE,
    Feature.IMAGE_URL: _NATIVE,
    Feature.IMAGE_FILE: _NATIVE,
    Feature.DOCUMENT_DATA: _NATIVE,
    Feature.DOCUMENT_TEXT: _ADAPTED,  # as input text under the document's name
    Feature.DOCUMENT_URL: _NATIVE,
    Feature.DOCUMENT_FILE: _NATIVE,
    Feature.AUDIO_DATA: _NATIVE,
    Feature.AUDIO_REFERENCE: _REFUSED,
    Feature.VIDEO: _REFUSED,
    Feature.FUNCTION_TOOLS: _NATIVE,
    Feature.CUSTOM_TOOLS: _NATIVE,
    Feature.TOOL_NAMESPACES: _NATIVE,
    Feature.BUILTIN_TOOLS: _DROPPED,
    Feature.FORCED_BUILTIN_TOOL: _REFUSED,
    Feature.STRICT_TOOLS: _NATIVE,
    Feature.TOOL_CHOICE_NAMED: _NATIVE,
    Feature.TOOL_CHOICE_ALLOWED: _NATIVE,
    Feature.PARALLEL_TOOL_CALLS: _NATIVE,
    Feature.TOOL_RESULT_MEDIA: _NATIVE,
    Feature.TOOL_RESULT_ERROR: _APPROXIMATED,  # said in the result's text
    Feature.FOREIGN_THINKING: _DROPPED,
    Feature.OPAQUE_HISTORY: _DROPPED,
    Feature.COMPACTED_HISTORY: _REFUSED,
    Feature.REFUSAL_HISTORY: _NATIVE,
    Feature.CITATION_HISTORY: _NATIVE,
    Feature.REASONING_EFFORT: _NATIVE,
    Feature.REASONING_BUDGET: _APPROXIMATED,  # as an effort
    Feature.REASONING_SUMMARY: _NATIVE,
    Feature.JSON_OUTPUT: _NATIVE,
    Feature.JSON_SCHEMA_OUTPUT: _NATIVE,
    Feature.TEMPERATURE: _NATIVE,
    Feature.TOP_P: _NATIVE,
    Feature.TOP_K: _DROPPED,
    Feature.MAX_TOKENS: _NATIVE,
    Feature.STOP: _DROPPED,
    Feature.SEED: _DROPPED,
    Feature.FREQUENCY_PENALTY: _DROPPED,
    Feature.PRESENCE_PENALTY: _DROPPED,
    Feature.N: _DROPPED,
    Feature.LOGPROBS: _NATIVE,
    Feature.LOGIT_BIAS: _DROPPED,
    Feature.VERBOSITY: _NATIVE,
    Feature.MODALITIES: _DROPPED,
    Feature.SERVICE_TIER: _NATIVE,
    Feature.USER: _NATIVE,
    Feature.METADATA: _NATIVE,
    Feature.CACHE_MARKERS: _DROPPED,  # caching is automatic; explicit breakpoints are known to the newest models only
    Feature.CACHE_KEY: _NATIVE,
    Feature.EXTRA: _DROPPED,
}
