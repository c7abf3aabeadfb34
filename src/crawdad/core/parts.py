"""What a message is made of, in no protocol's spelling.

A message is a role and a list of parts. Parts are mutable, slotted dataclasses because a streamed answer grows them
in place. `extra` on a part or message holds fields that only the protocol it was read from understands; a codec writes
them back only into that same protocol (`ModelRequest.protocol` / `MessageStart.protocol` name it) and ignores them
otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

JsonObject = dict[str, Any]

Role = Literal["system", "developer", "user", "assistant", "tool"]
MediaKind = Literal["image", "document", "audio", "video"]


@dataclass(slots=True)
class CacheMarker:
    """A prompt-cache breakpoint after the part that carries it. `ttl` is the protocol's own word, such as `5m` or `1h`."""

    ttl: str | None = None


@dataclass(slots=True)
class Citation:
    """A source that a piece of answer text rests on.

    `start`/`end` are character offsets into the text of the part (None where the protocol gives none).
    `raw` is the citation as `protocol` spelled it, for writing back into the same protocol.
    """

    kind: Literal["url", "file", "document", "other"]
    url: str | None = None
    title: str | None = None
    start: int | None = None
    end: int | None = None
    cited_text: str | None = None
    file_id: str | None = None
    protocol: str = ""
    raw: JsonObject | None = None


@dataclass(slots=True)
class TokenLogprob:
    """One token of the answer with its log probability and, where asked for, its closest rivals."""

    token: str
    logprob: float
    utf8: list[int] | None = None
    top: list[TokenLogprob] = field(default_factory=list)


@dataclass(slots=True)
class TextPart:
    """Plain text. `signature` is an opaque token some vendors (Gemini) attach to text."""

    text: str = ""
    citations: list[Citation] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    signature: str | None = None
    cache: CacheMarker | None = None
    extra: JsonObject = field(default_factory=dict)


@dataclass(slots=True)
class ThinkingPart:
    """Reasoning, in the clear, summarised, signed, encrypted or redacted.

    `text` is what may be shown (a summary when `summary` is true). `signature` is Anthropic's or Gemini's proof,
    `encrypted` is opaque reasoning (Responses `encrypted_content`, Anthropic `redacted_thinking.data` when `redacted`).
    `origin` is the protocol whose vendor made the opaque values: they mean something only there, byte for byte. `format`
    is what that protocol calls their form, where it passes on those of several vendors (OpenRouter).
    """

    text: str = ""
    signature: str | None = None
    encrypted: str | None = None
    redacted: bool = False
    summary: bool = False
    id: str | None = None
    origin: str = ""
    cache: CacheMarker | None = None
    extra: JsonObject = field(default_factory=dict)
    format: str | None = None


@dataclass(slots=True)
class MediaPart:
    """An image, document, audio clip or video: exactly one of `data` (base64), `url`, `file_id` or `text` is set.

    `text` is for documents given as plain text. `detail` is OpenAI's image detail word.
    """

    kind: MediaKind
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    text: str | None = None
    media_type: str | None = None
    name: str | None = None
    detail: str | None = None
    cache: CacheMarker | None = None
    extra: JsonObject = field(default_factory=dict)


@dataclass(slots=True)
class ToolCallPart:
    """The model asks for a tool. `arguments` is the text the model wrote: JSON for functions, free text when `custom`."""

    id: str = ""
    name: str = ""
    arguments: str = ""
    custom: bool = False
    namespace: str | None = None
    signature: str | None = None
    origin: str = ""
    cache: CacheMarker | None = None
    extra: JsonObject = field(default_factory=dict)


@dataclass(slots=True)
class ToolResultPart:
    """What a tool answered. `content` holds text and media parts; `name` is known only where the protocol says it."""

    call_id: str = ""
    content: list[Part] = field(default_factory=list)
    name: str | None = None
    is_error: bool = False
    custom: bool = False
    cache: CacheMarker | None = None
    extra: JsonObject = field(default_factory=dict)


@dataclass(slots=True)
class RefusalPart:
    """The model's own words for declining."""

    text: str = ""
    extra: JsonObject = field(default_factory=dict)
    logprobs: list[TokenLogprob] = field(default_factory=list)


@dataclass(slots=True)
class OpaquePart:
    """A piece that only `protocol` can say (a server-side tool's call or result, a compaction item).

    `kind` is the protocol's type name. It is written back verbatim into the same protocol, and elsewhere left out with
    a note, except that `text`, when set, is a plain-text rendering that other protocols may use. Without an `essential`
    piece the conversation makes no sense: protocols that cannot say it refuse the request.
    """

    protocol: str
    kind: str
    raw: JsonObject = field(default_factory=dict)
    text: str | None = None
    essential: bool = False


Part = TextPart | ThinkingPart | MediaPart | ToolCallPart | ToolResultPart | RefusalPart | OpaquePart


@dataclass(slots=True)
class Message:
    """One voice in the conversation. Tool results are parts of a message with role `tool`."""

    role: Role
    parts: list[Part] = field(default_factory=list)
    name: str | None = None
    id: str | None = None
    extra: JsonObject = field(default_factory=dict)
