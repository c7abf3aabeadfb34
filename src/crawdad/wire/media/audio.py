"""Transcripts and speech: OpenAI's contract towards clients; OpenAI's and Gemini's towards upstreams."""

from __future__ import annotations

import base64
import re
import struct
from typing import Any

import orjson

from crawdad.core.errors import bad_request
from crawdad.core.media import SpeechRequest, TranscriptionRequest
from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.fields import as_count, get_number, get_string, need_string, unreadable
from crawdad.wire.media.multipart import Form
from crawdad.wire.sse import SseReader

TRANSCRIPT_FORMATS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")
SPEECH_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_MEDIA_BY_SUFFIX = {
    "mp3": "audio/mp3",
    "mpga": "audio/mp3",
    "mpeg": "audio/mp3",
    "wav": "audio/wav",
    "m4a": "audio/aac",
    "mp4": "audio/aac",
    "aac": "audio/aac",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "aiff": "audio/aiff",
    "aif": "audio/aiff",
    "webm": "audio/webm",
}
_BYTES_A_SECOND = 16_000
_RATE = re.compile(r"rate=(\d+)")


def read_transcription(form: Form, model: str) -> TranscriptionRequest:
    """`POST /v1/audio/transcriptions`. Raises BAD_REQUEST."""
    file = form.file("file")
    if file is None:
        raise bad_request("wire.missing", "file")
    wanted = form.get("response_format") or "json"
    if wanted not in TRANSCRIPT_FORMATS:
        raise bad_request("wire.value", "response_format", value=repr(wanted[:40]))
    return TranscriptionRequest(
        model,
        file,
        prompt=form.get("prompt"),
        language=form.get("language"),
        format=wanted,
        fields=form.fields,
    )


def openai_transcription_form(request: TranscriptionRequest) -> Form:
    """The form for an OpenAI-type upstream: the client's own fields with the model replaced."""
    fields = [(name, value) for name, value in request.fields if name != "model"]
    return Form([("model", request.model), *fields], [("file", request.file)])


def streamed_usage(stream: bytes) -> Usage:
    """The usage in the event that ends a streamed transcript. Never raises."""
    for data in reversed(SseReader().feed(stream)):
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            continue
        if isinstance(event, dict) and event.get("type") == "transcript.text.done":
            return openai_usage(event)
    return Usage()


def openai_usage(document: Any) -> Usage:
    """The usage of an OpenAI-type transcript: tokens, or the duration of what was heard. Never raises."""
    if not isinstance(document, dict):
        return Usage()
    usage = document.get("usage")
    if not isinstance(usage, dict) or usage.get("type") == "duration":
        told = usage.get("seconds") if isinstance(usage, dict) else document.get("duration")
        return Usage(audio_seconds=_seconds(told))
    details = usage.get("input_token_details")
    audio = as_count(details.get("audio_tokens")) if isinstance(details, dict) else 0
    return Usage(
        input_tokens=as_count(usage.get("input_tokens")),
        output_tokens=as_count(usage.get("output_tokens")),
        audio_input_tokens=audio,
    )


def estimated_seconds(recording: bytes) -> float:
    """How long a recording is, roughly, where nobody said: by its size, as MP3s of medium quality are."""
    return len(recording) / _BYTES_A_SECOND


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return 0.0
    return seconds if 0 < seconds < 1e7 else 0.0


def gemini_transcription(request: TranscriptionRequest) -> JsonObject:
    """The body of `:generateContent` that asks a Gemini model for a transcript. Raises BAD_REQUEST for formats with
    times, which it does not give reliably."""
    if request.format not in ("json", "text"):
        raise bad_request("wire.cannot_say", protocol="gemini", feature=f"transcripts as {request.format}")
    suffix = request.file.name.rpartition(".")[2].lower()
    media_type = _MEDIA_BY_SUFFIX.get(suffix, request.file.media_type)
    if not media_type.startswith("audio/"):
        raise bad_request("wire.value", "file", value=repr(request.file.name[:80]))
    words = "Write down exactly what is said in this recording. Answer with the transcript alone."
    if request.language:
        words += f" The language is {request.language}."
    if request.prompt:
        words += f" Context: {request.prompt}"
    data = base64.b64encode(request.file.data).decode()
    parts = [{"text": words}, {"inlineData": {"mimeType": media_type, "data": data}}]
    return {"contents": [{"role": "user", "parts": parts}]}


def write_transcript(text: str, wanted: str, usage: Usage) -> tuple[bytes | JsonObject, str]:
    """`(body, media type)` of a transcript for the client."""
    if wanted == "text":
        return text.encode() + b"\n", "text/plain; charset=utf-8"
    body: JsonObject = {"text": text}
    if usage.known:
        body["usage"] = {
            "type": "tokens",
            "input_tokens": usage.input_tokens or 0,
            "output_tokens": usage.output_tokens or 0,
            "total_tokens": usage.total_tokens,
        }
    return body, "application/json"


def read_speech(body: JsonObject, model: str) -> SpeechRequest:
    """`POST /v1/audio/speech`. Raises BAD_REQUEST."""
    voice = body.get("voice")
    if isinstance(voice, dict):
        voice = voice.get("id")
    wanted = get_string(body, "response_format") or "mp3"
    if wanted not in SPEECH_TYPES:
        raise bad_request("wire.value", "response_format", value=repr(wanted[:40]))
    if voice is not None and not isinstance(voice, str):
        raise bad_request("wire.type", "voice", expected="a string")
    return SpeechRequest(
        model,
        need_string(body, "input"),
        voice=voice or "alloy",
        instructions=get_string(body, "instructions"),
        format=wanted,
        speed=get_number(body, "speed"),
    )


GEMINI_VOICES = {
    "alloy": "Kore",
    "ash": "Charon",
    "ballad": "Fenrir",
    "coral": "Aoede",
    "echo": "Puck",
    "fable": "Leda",
    "nova": "Zephyr",
    "onyx": "Orus",
    "sage": "Callirrhoe",
    "shimmer": "Autonoe",
    "verse": "Umbriel",
}
"""OpenAI's voice names → Google's; other names are taken for Google's own."""


def gemini_speech(request: SpeechRequest) -> JsonObject:
    """The body of `:generateContent` for a Gemini model that speaks. Raises BAD_REQUEST for formats it cannot make."""
    if request.format not in ("wav", "pcm", "mp3"):
        raise bad_request("wire.cannot_say", protocol="gemini", feature=f"speech as {request.format}")
    text = f"{request.instructions}: {request.text}" if request.instructions else request.text
    voice = GEMINI_VOICES.get(request.voice, request.voice)
    return {
        "contents": [{"role": "user", "parts": [{"text": text}]}],
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}},
        },
    }


def speech_bytes(data: str, media_type: str, wanted: str) -> tuple[bytes, str]:
    """`(sound, media type)` from a Gemini answer: raw 16-bit samples, which become a WAV file unless `pcm` is wanted."""
    try:
        samples = base64.b64decode(data, validate=True)
    except ValueError as error:
        raise unreadable(f"bad audio: {error}") from None
    if not ("l16" in media_type.lower() or "pcm" in media_type.lower()):
        return samples, media_type
    if wanted == "pcm":
        return samples, SPEECH_TYPES["pcm"]
    rate = _RATE.search(media_type)
    return wav(samples, int(rate[1]) if rate else 24000), SPEECH_TYPES["wav"]


def wav(samples: bytes, rate: int) -> bytes:
    """Raw 16-bit mono samples as a WAV file."""
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16,
                       b"data", len(samples))  # fmt: skip
    return head + samples
