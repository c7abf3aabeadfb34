"""Bodies of requests, and messages in them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from crawdad.core.agents import QueueMode
from crawdad.core.errors import bad_request
from crawdad.core.parts import MediaPart, Message, Part, TextPart
from crawdad.core.request import Sampling

Name = Annotated[str, Field(max_length=256)]
PublicId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,128}$")]
_MOST_PARTS = 100


class Body(BaseModel):
    """camelCase; what is not known is left alone, as the guide's clients send more than it names."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class SaidBody(Body):
    """A message."""

    role: Literal["user", "assistant", "system", "developer"] = "user"
    content: Any = ""


class ContextBody(Body):
    """Which session: `sessionId` names one of the caller's own."""

    session_id: PublicId | None = None
    agent_id: Name | None = None


class KnobsBody(Body):
    """How a turn shall be taken."""

    model: Name | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    stream: bool = False
    queue_mode: QueueMode | None = None
    timeout_seconds: Annotated[float, Field(ge=0, le=86_400)] | None = None

    @property
    def sampling(self) -> Sampling | None:
        """The knobs of generation that were turned."""
        if self.temperature is None and self.top_p is None and self.max_tokens is None:
            return None
        return Sampling(temperature=self.temperature, top_p=self.top_p, max_tokens=self.max_tokens)


class CreateBody(KnobsBody):
    """`POST /sessions`."""

    messages: Annotated[list[SaidBody], Field(max_length=1000)] = Field(default_factory=list)
    context: ContextBody = ContextBody()
    title: Annotated[str, Field(max_length=200)] = ""


class SayBody(KnobsBody):
    """`POST /sessions/{id}/messages`."""

    message: SaidBody | Annotated[str, Field(max_length=10_000_000)]


class PatchBody(Body):
    """`PATCH /sessions/{id}`: what is left out stays."""

    title: str | None = None
    label: str | None = None
    model: str | None = None
    thinking_level: str | None = None
    queue_mode: str | None = None


class ForkBody(Body):
    """`POST /sessions/{id}/fork`: up to which line; left out: all."""

    sequence: Annotated[int, Field(ge=1)] | None = None


def message_of(body: SaidBody | str, field: str) -> Message:
    """A message. Raises BAD_REQUEST."""
    if isinstance(body, str):
        return Message("user", [TextPart(body)])
    return Message(body.role, _parts(body.content, f"{field}.content"))


def _parts(content: Any, field: str) -> list[Part]:
    if isinstance(content, str):
        return [TextPart(content)]
    if not isinstance(content, list) or len(content) > _MOST_PARTS:
        raise bad_request("guide.bad_content", field)
    return [_part(each, f"{field}[{place}]") for place, each in enumerate(content)]


def _part(value: Any, field: str) -> Part:
    if isinstance(value, dict):
        match value.get("type"):
            case "text" | "input_text" if isinstance(value.get("text"), str):
                return TextPart(value["text"])
            case "image" if isinstance(value.get("data"), str) and isinstance(value.get("mimeType"), str):
                return MediaPart("image", data=value["data"], media_type=value["mimeType"])
            case "image_url" | "input_image":
                given = value.get("image_url")
                url = given.get("url") if isinstance(given, dict) else given
                if isinstance(url, str):
                    return _image(url)
    raise bad_request("guide.bad_content", field)


def _image(url: str) -> MediaPart:
    head, comma, data = url.partition(",")
    if comma and head.startswith("data:") and head.endswith(";base64"):
        return MediaPart("image", data=data, media_type=head[5:-7] or None)
    return MediaPart("image", url=url)
