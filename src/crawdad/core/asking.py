"""Asking models on the side of a turn: about a picture, for a picture, for vectors. Each call is an exchange of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from crawdad.core.identity import Principal
from crawdad.core.media import File, Image, ImageRequest, SpeechRequest
from crawdad.core.parts import Part
from crawdad.core.text import Language


@dataclass(frozen=True, slots=True)
class Asker:
    """In whose name a model is asked: budgets, limits and the log go by it. `session` keeps it with its conversation."""

    principal: Principal
    session: str = ""
    language: Language = "en"


class AskModel(Protocol):
    """A question and its answer, without tools. Raises what the model's front door raises."""

    async def ask(self, asker: Asker, model: str, parts: Sequence[Part], *, system: str = "") -> str: ...


class DrawPictures(Protocol):
    """Pictures from a model that draws."""

    async def draw(self, asker: Asker, request: ImageRequest) -> list[Image]: ...


class HearRecording(Protocol):
    """What is said in a recording, from a model that hears."""

    async def hear(self, asker: Asker, model: str, recording: File, *, language: str = "", prompt: str = "") -> str: ...


class SpeakWords(Protocol):
    """Sound from a model that reads aloud."""

    async def speak(self, asker: Asker, request: SpeechRequest) -> tuple[bytes, str]:
        """The sound, and its media type."""


class EmbedTexts(Protocol):
    """Texts as vectors, one for each."""

    async def embed(self, asker: Asker, model: str, texts: Sequence[str]) -> list[list[float]]: ...
