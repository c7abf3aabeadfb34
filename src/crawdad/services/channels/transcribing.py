"""Writing down what is said in a recording: by the models of `tools.media.audio`, tried in order.

What models do not take (QQ's and WeChat's SILK and AMR) is changed into WAV first, where there is a program that can.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from crawdad.core.asking import Asker, HearRecording
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import File
from crawdad.core.text import Text
from crawdad.core.tool_settings import AudioSettings, MediaModelSettings
from crawdad.services.channels.orders import CHANNELS

_TAKEN = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/x-m4a": "m4a",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/flac": "flac",
    "audio/webm": "webm",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
"""What models take, by media type, and the ending of a name by which they know it."""

_log = structlog.get_logger(__name__)

Convert = Callable[[bytes], Awaitable[bytes]]
"""A recording as WAV. Raises `GatewayError` where it cannot be changed."""


def recording_type(data: bytes, claimed: str) -> str:
    """What a recording is: by its first bytes where they say so (QQ calls SILK by AMR's name), else as it is claimed. Pure."""
    head = data[:12]
    if b"#!SILK" in head:
        return "audio/silk"
    if head.startswith(b"#!AMR"):
        return "audio/amr"
    return claimed.partition(";")[0].strip().lower()


class Transcribing:
    """Calls with a recording's bytes, media type and name."""

    def __init__(self, calls: HearRecording, settings: Callable[[], AudioSettings], convert: Convert) -> None:
        self._calls = calls
        self._settings = settings
        self._convert = convert

    async def __call__(self, data: bytes, media_type: str, name: str) -> str:
        """What is said. Raises BAD_REQUEST where nobody is set to listen, TOO_LARGE, UPSTREAM_ERROR for a format that nobody
        takes, else what the last model raised."""
        settings = self._settings()
        models = [one for one in settings.models if one.type == "provider" and one.name]
        if not settings.enabled or not models:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("channels.nobody_hears"))
        if len(data) > settings.max_bytes:
            raise GatewayError(ErrorKind.TOO_LARGE, Text("channels.recording_large"))
        recording = await self._taken(data, recording_type(data, media_type))
        last = GatewayError(ErrorKind.TOO_LARGE, Text("channels.recording_large"))
        for model in models:
            if model.max_bytes is not None and len(data) > model.max_bytes:
                continue
            try:
                return await self._heard(settings, model, recording)
            except GatewayError as error:
                _log.info("recording_not_transcribed", model=model.name, reason=error.message())
                last = error
        raise last

    async def _taken(self, data: bytes, media_type: str) -> File:
        ending = _TAKEN.get(media_type)
        if ending is not None:
            return File(data, f"recording.{ending}", media_type)
        try:
            return File(await self._convert(data), "recording.wav", "audio/wav")
        except GatewayError as error:
            values = {"media_type": media_type or "?", "reason": error.text}
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, Text("channels.recording_format", values)) from error

    async def _heard(self, settings: AudioSettings, model: MediaModelSettings, recording: File) -> str:
        seconds = model.timeout_seconds or settings.timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._calls.hear(
                    Asker(CHANNELS),
                    model.name,
                    recording,
                    language=model.language or settings.language,
                    prompt=model.prompt or settings.prompt,
                )
        except TimeoutError:
            raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("media.model_timeout", {"model": model.name})) from None
