"""A turn that somebody wants a model to take, in no protocol's spelling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from crawdad.core.parts import CacheMarker, JsonObject, Message

ToolKind = Literal["function", "custom", "builtin"]
ToolMode = Literal["auto", "none", "required", "named", "allowed"]


@dataclass(slots=True)
class Tool:
    """A tool the model may call.

    `function`: `parameters` is a JSON Schema (None: no parameters were declared). `custom`: free-text input, `format` is
    its grammar. `builtin`: runs on the vendor's side; `raw` is the declaration as `ModelRequest.protocol` spells it and
    `name` its type. `namespace` groups functions (Responses); the wire name is made unique by the codec.
    """

    name: str
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool | None = None
    kind: ToolKind = "function"
    format: JsonObject | None = None
    namespace: str | None = None
    namespace_description: str | None = None
    cache: CacheMarker | None = None
    raw: JsonObject | None = None
    extra: JsonObject = field(default_factory=dict)


@dataclass(slots=True)
class ToolChoice:
    """Which tools the model may or must use. `names` is for `named` (one name) and `allowed` (some)."""

    mode: ToolMode = "auto"
    names: list[str] = field(default_factory=list)
    required: bool = False
    """With `allowed`: whether one of the allowed tools must be called."""
    raw: Any = None
    """The choice as the client spelled it, for writing back into the same protocol."""


@dataclass(slots=True)
class Reasoning:
    """How much the model should think, and how much of that it should show.

    `effort` is one of none, minimal, low, medium, high, xhigh, max. `budget` is in tokens; 0 means off, -1 the vendor's
    choice. `summary` is auto, concise, detailed or none. `adaptive`: the model decides (Anthropic).
    """

    effort: str | None = None
    budget: int | None = None
    summary: str | None = None
    include_thoughts: bool | None = None
    adaptive: bool = False
    raw: JsonObject | None = None

    @property
    def off(self) -> bool:
        """Whether thinking was switched off in so many words."""
        return self.effort == "none" or self.budget == 0


@dataclass(slots=True)
class ResponseFormat:
    """`text`, any `json`, or JSON that follows `schema`. `raw` is the format as the client's protocol spelled it."""

    kind: Literal["text", "json", "schema"]
    schema: JsonObject | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None
    raw: JsonObject | None = None


@dataclass(slots=True)
class Sampling:
    """The knobs of generation; None means that the client did not turn it."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    stop: list[str] = field(default_factory=list)
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None


@dataclass(slots=True)
class ModelRequest:
    """One turn: the conversation so far, the tools, the knobs.

    System and developer instructions are messages with those roles, where the client put them (protocols with a separate
    field put them first, with `Message.extra["top_level"] = True`). `protocol` is the one it was read from; `extra` holds
    top-level fields that only that protocol understands. `compact` asks for the conversation in short instead of its next
    turn; what its protocol says for that is the last part.
    """

    model: str
    messages: list[Message] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    sampling: Sampling = field(default_factory=Sampling)
    reasoning: Reasoning | None = None
    response_format: ResponseFormat | None = None
    verbosity: str | None = None
    modalities: list[str] | None = None
    stream: bool = False
    include_usage: bool | None = None
    service_tier: str | None = None
    user: str | None = None
    metadata: JsonObject | None = None
    cache_key: str | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    compact: bool = False
    protocol: str = ""
    extra: JsonObject = field(default_factory=dict)
