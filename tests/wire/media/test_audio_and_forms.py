"""Transcripts, speech, and the forms they come in."""

from __future__ import annotations

import base64
import io
import wave

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import File
from crawdad.core.usage import Usage
from crawdad.wire.media import audio as wire
from crawdad.wire.media.multipart import Form, read_form, write_form


def test_a_form_made_by_another_client_reads() -> None:
    sent = httpx.Request(
        "POST",
        "http://x/",
        data={"model": "whisper-1", "language": "zh", "timestamp_granularities[]": ["word", "segment"]},
        files={"file": ("录音.mp3", b"\x00\xff--x\r\n", "audio/mpeg")},
    )
    form = read_form(sent.read(), sent.headers["content-type"])
    assert form.get("model") == "whisper-1"
    assert [value for name, value in form.fields if name == "timestamp_granularities[]"] == ["word", "segment"]
    assert form.files == [("file", File(b"\x00\xff--x\r\n", "录音.mp3", "audio/mpeg"))]


@given(
    st.lists(st.tuples(st.text("abc_[]", min_size=1, max_size=5), st.text(max_size=20)), max_size=4),
    st.lists(st.tuples(st.text("abc", min_size=1, max_size=5), st.binary(max_size=40)), max_size=3),
)
def test_forms_round_trip(fields: list[tuple[str, str]], files: list[tuple[str, bytes]]) -> None:
    form = Form(fields, [(name, File(data, "f.bin", "audio/wav")) for name, data in files])
    body, content_type = write_form(form, "crawdad-boundary-0123456789")
    if not fields and not files:
        return
    assert read_form(body, content_type) == form


@given(st.binary(max_size=300))
def test_any_bytes_read_or_are_refused(body: bytes) -> None:
    try:
        read_form(body, "multipart/form-data; boundary=x")
    except GatewayError as error:
        assert error.kind is ErrorKind.BAD_REQUEST


def test_a_form_with_too_many_parts_is_refused() -> None:
    body, content_type = write_form(Form([("a", "b")] * 65), "x123")
    with pytest.raises(GatewayError):
        read_form(body, content_type)


def test_a_header_cannot_be_smuggled_through_a_file_name() -> None:
    body, _ = write_form(Form([], [("file", File(b"", 'a"\r\nX-Evil: 1', "audio/wav\r\nX-Evil: 2"))]), "x123")
    assert b"\r\nX-Evil" not in body


def test_the_openai_form_keeps_every_field_but_the_model() -> None:
    form = Form([("model", "asked"), ("language", "de"), ("include[]", "logprobs")], [("file", File(b"x", "a.wav"))])
    sent = wire.openai_transcription_form(wire.read_transcription(form, "upstream"))
    assert sent.fields == [("model", "upstream"), ("language", "de"), ("include[]", "logprobs")]


def test_gemini_is_asked_for_words_only() -> None:
    form = Form(
        [("response_format", "text"), ("language", "zh")],
        [("file", File(b"sound", "a.m4a", "application/octet-stream"))],
    )
    parts = wire.gemini_transcription(wire.read_transcription(form, "m"))["contents"][0]["parts"]
    assert parts[1]["inlineData"] == {"mimeType": "audio/aac", "data": base64.b64encode(b"sound").decode()}
    with pytest.raises(GatewayError):
        wire.gemini_transcription(wire.read_transcription(Form([("response_format", "srt")], form.files), "m"))
    with pytest.raises(GatewayError):
        wire.gemini_transcription(wire.read_transcription(Form([], [("file", File(b"x", "a.exe"))]), "m"))


def test_a_transcript_is_told_in_the_form_asked_for() -> None:
    assert wire.write_transcript("hi", "text", Usage()) == (b"hi\n", "text/plain; charset=utf-8")
    body, media_type = wire.write_transcript("hi", "json", Usage(input_tokens=3, output_tokens=1))
    assert media_type == "application/json" and isinstance(body, dict)
    assert body["usage"]["total_tokens"] == 4


def test_samples_become_a_wav_file_that_others_can_read() -> None:
    samples = bytes(range(100)) * 2
    data, media_type = wire.speech_bytes(base64.b64encode(samples).decode(), "audio/L16;codec=pcm;rate=16000", "mp3")
    assert media_type == "audio/wav"
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16000, 1, 2)
        assert sound.readframes(1000) == samples
    assert wire.speech_bytes(base64.b64encode(samples).decode(), "audio/L16;rate=24000", "pcm") == (
        samples,
        "audio/pcm",
    )


@pytest.mark.parametrize(
    "body", [{}, {"input": 5}, {"input": "x", "voice": 3}, {"input": "x", "response_format": "midi"}]
)
def test_bad_speech_requests_are_refused(body: dict[str, object]) -> None:
    with pytest.raises(GatewayError):
        wire.read_speech(body, "m")


def test_voices_become_googles() -> None:
    spoken = wire.gemini_speech(wire.read_speech({"input": "x", "voice": "alloy"}, "m"))
    voice = spoken["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]
    assert voice == {"voiceName": "Kore"}
