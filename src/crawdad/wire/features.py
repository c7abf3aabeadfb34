"""What a request can ask for, and what becomes of it in each protocol: the loss rules as a table.

Every codec has a total table `SUPPORT: dict[Feature, Treatment]`. `survey` walks a request once and holds each feature it
uses against the table of the protocol it is about to be written in: what is refused raises, what is dropped or
approximated is noted. `docs/protocols.md` is generated from the same tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import MediaPart, OpaquePart, RefusalPart, TextPart, ThinkingPart, ToolResultPart
from crawdad.core.request import ModelRequest
from crawdad.core.text import Text


class Treatment(StrEnum):
    """What happens to a feature when a request is written."""

    NATIVE = "native"  # the protocol says it itself
    ADAPTED = "adapted"  # said in other words, nothing lost; not noted
    APPROXIMATED = "approximated"  # said less exactly; noted
    DROPPED = "dropped"  # a knob that is left out; noted
    REFUSED = "refused"  # content that cannot be said: a clear 400


class Feature(StrEnum):
    """Everything a request can ask for that some protocol may be unable to say."""

    SYSTEM = "system instructions"
    LATE_SYSTEM = "system instructions in mid-conversation"
    PARTICIPANT_NAME = "participant names"
    IMAGE_DATA = "images by data"
    IMAGE_URL = "images by URL"
    IMAGE_FILE = "images by file id"
    DOCUMENT_DATA = "documents by data"
    DOCUMENT_TEXT = "documents as text"
    DOCUMENT_URL = "documents by URL"
    DOCUMENT_FILE = "documents by file id"
    AUDIO_DATA = "audio input"
    AUDIO_REFERENCE = "audio by URL or file id"
    VIDEO = "video input"
    FUNCTION_TOOLS = "function tools"
    CUSTOM_TOOLS = "custom (free-text) tools"
    TOOL_NAMESPACES = "tool namespaces"
    BUILTIN_TOOLS = "server-side tools"
    FORCED_BUILTIN_TOOL = "forcing a server-side tool"
    STRICT_TOOLS = "strict tool schemas"
    TOOL_CHOICE_NAMED = "forcing one tool"
    TOOL_CHOICE_ALLOWED = "restricting to some tools"
    PARALLEL_TOOL_CALLS = "switching parallel tool calls"
    TOOL_RESULT_MEDIA = "media in tool results"
    TOOL_RESULT_ERROR = "marking tool results as errors"
    FOREIGN_THINKING = "thinking of another vendor"
    OPAQUE_HISTORY = "server-side items of another vendor"
    COMPACTED_HISTORY = "a conversation that another vendor compacted"
    REFUSAL_HISTORY = "refusals in the history"
    CITATION_HISTORY = "citations in the history"
    REASONING_EFFORT = "reasoning effort"
    REASONING_BUDGET = "reasoning budget"
    REASONING_SUMMARY = "reasoning summaries"
    JSON_OUTPUT = "JSON output"
    JSON_SCHEMA_OUTPUT = "JSON-schema output"
    TEMPERATURE = "temperature"
    TOP_P = "top_p"
    TOP_K = "top_k"
    MAX_TOKENS = "output token limit"
    STOP = "stop sequences"
    SEED = "seed"
    FREQUENCY_PENALTY = "frequency penalty"
    PRESENCE_PENALTY = "presence penalty"
    N = "several choices"
    LOGPROBS = "log probabilities"
    LOGIT_BIAS = "logit bias"
    VERBOSITY = "verbosity"
    MODALITIES = "output modalities other than text"
    SERVICE_TIER = "service tier"
    USER = "end-user id"
    METADATA = "metadata"
    CACHE_MARKERS = "prompt-cache markers"
    CACHE_KEY = "prompt-cache key"
    EXTRA = "fields only the client's protocol knows"


SupportTable = Mapping[Feature, Treatment]


def features_of(request: ModelRequest, protocol: str) -> Iterator[Feature]:
    """The features `request` uses, seen from `protocol`, the one it is about to be written in. May repeat."""
    yield from _knobs(request)
    yield from _tool_features(request)
    spoken = False
    for message in request.messages:
        if message.name:
            yield Feature.PARTICIPANT_NAME
        if message.role in ("system", "developer"):
            yield Feature.LATE_SYSTEM if spoken else Feature.SYSTEM
        else:
            spoken = True
        for part in message.parts:
            yield from _part_features(part, request, protocol)
    if request.extra and request.protocol != protocol:
        yield Feature.EXTRA


def _foreign_thinking(request: ModelRequest, protocol: str) -> Iterator[Feature]:
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, ThinkingPart) and part.origin != protocol:
                yield Feature.FOREIGN_THINKING


def _knobs(request: ModelRequest) -> Iterator[Feature]:
    sampling, reasoning, output = request.sampling, request.reasoning, request.response_format
    for value, feature in (
        (sampling.temperature, Feature.TEMPERATURE),
        (sampling.top_p, Feature.TOP_P),
        (sampling.top_k, Feature.TOP_K),
        (sampling.max_tokens, Feature.MAX_TOKENS),
        (sampling.stop or None, Feature.STOP),
        (sampling.seed, Feature.SEED),
        (sampling.frequency_penalty or None, Feature.FREQUENCY_PENALTY),
        (sampling.presence_penalty or None, Feature.PRESENCE_PENALTY),
        (sampling.n if sampling.n != 1 else None, Feature.N),
        (sampling.logprobs or None, Feature.LOGPROBS),
        (sampling.logit_bias or None, Feature.LOGIT_BIAS),
        (request.verbosity, Feature.VERBOSITY),
        (request.service_tier if request.service_tier != "auto" else None, Feature.SERVICE_TIER),
        (request.user, Feature.USER),
        (request.metadata or None, Feature.METADATA),
        (request.cache_key, Feature.CACHE_KEY),
    ):
        if value is not None:
            yield feature
    if request.modalities and [m.lower() for m in request.modalities] != ["text"]:
        yield Feature.MODALITIES
    if reasoning is not None:
        if reasoning.effort is not None:
            yield Feature.REASONING_EFFORT
        if reasoning.budget is not None:
            yield Feature.REASONING_BUDGET
        if reasoning.summary is not None:
            yield Feature.REASONING_SUMMARY
    if output is not None and output.kind != "text":
        yield Feature.JSON_OUTPUT if output.kind == "json" else Feature.JSON_SCHEMA_OUTPUT


def _tool_features(request: ModelRequest) -> Iterator[Feature]:
    by_name = {}
    for tool in request.tools:
        by_name[tool.name] = tool
        if tool.kind == "builtin":
            yield Feature.BUILTIN_TOOLS
            continue
        yield Feature.FUNCTION_TOOLS if tool.kind == "function" else Feature.CUSTOM_TOOLS
        if tool.namespace:
            yield Feature.TOOL_NAMESPACES
        if tool.strict:
            yield Feature.STRICT_TOOLS
        if tool.cache:
            yield Feature.CACHE_MARKERS
    if request.parallel_tool_calls is not None:
        yield Feature.PARALLEL_TOOL_CALLS
    choice = request.tool_choice
    if choice is not None and choice.mode == "named":
        forced = by_name.get(choice.names[0]) if choice.names else None
        yield Feature.FORCED_BUILTIN_TOOL if forced and forced.kind == "builtin" else Feature.TOOL_CHOICE_NAMED
    elif choice is not None and choice.mode == "allowed":
        yield Feature.TOOL_CHOICE_ALLOWED


_MEDIA = {
    ("image", "data"): Feature.IMAGE_DATA,
    ("image", "url"): Feature.IMAGE_URL,
    ("image", "file"): Feature.IMAGE_FILE,
    ("document", "data"): Feature.DOCUMENT_DATA,
    ("document", "url"): Feature.DOCUMENT_URL,
    ("document", "file"): Feature.DOCUMENT_FILE,
    ("document", "text"): Feature.DOCUMENT_TEXT,
    ("audio", "data"): Feature.AUDIO_DATA,
}


def media_feature(part: MediaPart) -> Feature:
    """The feature that a media part uses."""
    if part.kind == "video":
        return Feature.VIDEO
    form = "file" if part.file_id else "url" if part.url else "text" if part.text is not None else "data"
    return _MEDIA.get((part.kind, form), Feature.AUDIO_REFERENCE)


def _part_features(part: object, request: ModelRequest, protocol: str) -> Iterator[Feature]:
    if getattr(part, "cache", None):
        yield Feature.CACHE_MARKERS
    if isinstance(part, TextPart):
        if part.citations:
            yield Feature.CITATION_HISTORY
    elif isinstance(part, MediaPart):
        yield media_feature(part)
    elif isinstance(part, ThinkingPart):
        if part.origin != protocol:
            yield Feature.FOREIGN_THINKING
    elif isinstance(part, ToolResultPart):
        yield from _result_features(part, request, protocol)
    elif isinstance(part, RefusalPart):
        yield Feature.REFUSAL_HISTORY
    elif isinstance(part, OpaquePart) and part.protocol != protocol:
        yield Feature.COMPACTED_HISTORY if part.essential else Feature.OPAQUE_HISTORY


def _result_features(part: ToolResultPart, request: ModelRequest, protocol: str) -> Iterator[Feature]:
    if part.is_error:
        yield Feature.TOOL_RESULT_ERROR
    for inner in part.content:
        if isinstance(inner, MediaPart):
            yield Feature.TOOL_RESULT_MEDIA
        yield from _part_features(inner, request, protocol)


_BY_ID = frozenset({Feature.IMAGE_FILE, Feature.DOCUMENT_FILE})
_SHARED_FILES = frozenset({"openai-chat", "openai-responses"})
"""Protocols of the same vendor, whose file ids are the same."""


def survey(request: ModelRequest, protocol: str, support: SupportTable) -> list[str]:
    """Notes on what writing `request` in `protocol` loses. Raises BAD_REQUEST for content that cannot be said.

    A request that goes back into the protocol it came from loses nothing but what another vendor thought.
    """
    own = request.protocol == protocol
    notes: dict[str, None] = {}
    for feature in _foreign_thinking(request, protocol) if own else features_of(request, protocol):
        treatment = support[feature]
        if feature in _BY_ID and not {request.protocol, protocol} <= _SHARED_FILES:
            treatment = Treatment.REFUSED  # one vendor's file means nothing to another
        if treatment is Treatment.REFUSED:
            raise GatewayError(
                ErrorKind.BAD_REQUEST,
                Text("wire.cannot_say", {"protocol": protocol, "feature": feature.value}),
                {"code": "unsupported_content", "feature": feature.name.lower()},
            )
        if treatment in (Treatment.DROPPED, Treatment.APPROXIMATED):
            notes[f"{feature.value}: {treatment.value} ({protocol})"] = None
    return list(notes)
