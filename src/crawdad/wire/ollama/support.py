"""What becomes of each feature when a request is written for Ollama."""

from __future__ import annotations

from crawdad.wire.features import Feature, Treatment

NAME = "ollama"
"""The protocol's name."""

SUPPORT: dict[Feature, Treatment] = {
    Feature.SYSTEM: Treatment.NATIVE,
    Feature.LATE_SYSTEM: Treatment.NATIVE,
    Feature.PARTICIPANT_NAME: Treatment.DROPPED,
    Feature.IMAGE_DATA: Treatment.NATIVE,
    Feature.IMAGE_URL: Treatment.REFUSED,
    Feature.IMAGE_FILE: Treatment.REFUSED,
    Feature.DOCUMENT_DATA: Treatment.REFUSED,
    Feature.DOCUMENT_TEXT: Treatment.ADAPTED,
    Feature.DOCUMENT_URL: Treatment.REFUSED,
    Feature.DOCUMENT_FILE: Treatment.REFUSED,
    Feature.AUDIO_DATA: Treatment.REFUSED,
    Feature.AUDIO_REFERENCE: Treatment.REFUSED,
    Feature.VIDEO: Treatment.REFUSED,
    Feature.FUNCTION_TOOLS: Treatment.NATIVE,
    Feature.CUSTOM_TOOLS: Treatment.ADAPTED,
    Feature.TOOL_NAMESPACES: Treatment.ADAPTED,
    Feature.BUILTIN_TOOLS: Treatment.DROPPED,
    Feature.FORCED_BUILTIN_TOOL: Treatment.DROPPED,
    Feature.STRICT_TOOLS: Treatment.DROPPED,
    Feature.TOOL_CHOICE_NAMED: Treatment.APPROXIMATED,  # only that tool is offered, but it need not be called
    Feature.TOOL_CHOICE_ALLOWED: Treatment.APPROXIMATED,
    Feature.PARALLEL_TOOL_CALLS: Treatment.DROPPED,
    Feature.TOOL_RESULT_MEDIA: Treatment.ADAPTED,
    Feature.TOOL_RESULT_ERROR: Treatment.APPROXIMATED,
    Feature.FOREIGN_THINKING: Treatment.APPROXIMATED,  # as plain thoughts
    Feature.OPAQUE_HISTORY: Treatment.DROPPED,
    Feature.COMPACTED_HISTORY: Treatment.REFUSED,
    Feature.REFUSAL_HISTORY: Treatment.ADAPTED,
    Feature.CITATION_HISTORY: Treatment.DROPPED,
    Feature.REASONING_EFFORT: Treatment.APPROXIMATED,
    Feature.REASONING_BUDGET: Treatment.APPROXIMATED,
    Feature.REASONING_SUMMARY: Treatment.DROPPED,
    Feature.JSON_OUTPUT: Treatment.NATIVE,
    Feature.JSON_SCHEMA_OUTPUT: Treatment.NATIVE,
    Feature.TEMPERATURE: Treatment.NATIVE,
    Feature.TOP_P: Treatment.NATIVE,
    Feature.TOP_K: Treatment.NATIVE,
    Feature.MAX_TOKENS: Treatment.NATIVE,
    Feature.STOP: Treatment.NATIVE,
    Feature.SEED: Treatment.NATIVE,
    Feature.FREQUENCY_PENALTY: Treatment.NATIVE,
    Feature.PRESENCE_PENALTY: Treatment.NATIVE,
    Feature.N: Treatment.DROPPED,
    Feature.LOGPROBS: Treatment.NATIVE,
    Feature.LOGIT_BIAS: Treatment.DROPPED,
    Feature.VERBOSITY: Treatment.DROPPED,
    Feature.MODALITIES: Treatment.DROPPED,
    Feature.SERVICE_TIER: Treatment.DROPPED,
    Feature.USER: Treatment.DROPPED,
    Feature.METADATA: Treatment.DROPPED,
    Feature.CACHE_MARKERS: Treatment.DROPPED,
    Feature.CACHE_KEY: Treatment.DROPPED,
    Feature.EXTRA: Treatment.DROPPED,
}
