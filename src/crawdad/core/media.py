"""What is asked of models that do not converse: embeddings, pictures, transcripts and speech, in no protocol's spelling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage


@dataclass(slots=True)
class EmbeddingRequest:
    """Texts (or token ids) to embed. `task` is Google's taskType word; `encoding` is how the client wants vectors."""

    model: str
    inputs: list[str | list[int]]
    dimensions: int | None = None
    encoding: Literal["float", "base64"] = "float"
    user: str | None = None
    task: str | None = None
    title: str | None = None


@dataclass(slots=True)
class EmbeddingResponse:
    """One vector for each input, in order."""

    vectors: list[list[float]]
    usage: Usage = field(default_factory=Usage)


@dataclass(slots=True)
class File:
    """A file that a client sent or a model made. `data` is the bytes themselves."""

    data: bytes
    name: str = "file"
    media_type: str = "application/octet-stream"


@dataclass(slots=True)
class ImageRequest:
    """Pictures to make, or to change when `images` are given. Sizes are in pixels; None leaves them to the model.

    `ratio` is width:height where the client said that instead of pixels. `quality` is low, medium, high, standard, hd or
    auto. `extra` holds fields that only OpenAI's own contract understands.
    """

    model: str
    prompt: str
    count: int = 1
    width: int | None = None
    height: int | None = None
    ratio: str | None = None
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    output_format: str | None = None
    user: str | None = None
    as_url: bool = False
    images: list[File] = field(default_factory=list)
    mask: File | None = None
    extra: JsonObject = field(default_factory=dict)


@dataclass(slots=True)
class Image:
    """One picture, as base64 `data` or as a `url`."""

    data: str | None = None
    url: str | None = None
    media_type: str = "image/png"
    revised_prompt: str | None = None


@dataclass(slots=True)
class ImageResponse:
    """The pictures made."""

    images: list[Image]
    usage: Usage = field(default_factory=Usage)


@dataclass(slots=True)
class TranscriptionRequest:
    """Speech to write down. `format` is json, text, srt, vtt, verbose_json or diarized_json."""

    model: str
    file: File
    prompt: str | None = None
    language: str | None = None
    temperature: float | None = None
    format: str = "json"
    fields: list[tuple[str, str]] = field(default_factory=list)
    """Every text field as the client sent it, for upstreams that speak the same contract."""


@dataclass(slots=True)
class SpeechRequest:
    """Text to read aloud. `format` is mp3, opus, aac, flac, wav or pcm."""

    model: str
    text: str
    voice: str = "alloy"
    instructions: str | None = None
    format: str = "mp3"
    speed: float | None = None
