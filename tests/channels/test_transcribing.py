"""Voice messages as text: which models are asked, what they are given, and what is said when it cannot be done."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.programs.ffmpeg import Ffmpeg
from crawdad.core.asking import Asker
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import File
from crawdad.core.tool_settings import AudioSettings
from crawdad.services.agents.transcript import text_of
from crawdad.services.channels.transcribing import Transcribing, recording_type
from tests.support.channel_stage import TOKEN, channel_stage

SILK = b"\x02#!SILK_V3" + b"\x00" * 40


class Hearing:
    """Models that hear, by name: what they say, or the error that they raise."""

    def __init__(self, **models: str | GatewayError) -> None:
        self.models = models
        self.asked: list[tuple[str, File, str, str]] = []

    async def hear(self, asker: Asker, model: str, recording: File, *, language: str = "", prompt: str = "") -> str:
        self.asked.append((model, recording, language, prompt))
        said = self.models[model.partition("/")[2]]
        if isinstance(said, GatewayError):
            raise said
        return said


async def no_program(data: bytes) -> bytes:
    raise GatewayError(ErrorKind.UNAVAILABLE, "ffmpeg is not installed")


def settings(*models: dict[str, Any], **more: Any) -> AudioSettings:
    return AudioSettings.model_validate({"models": list(models), **more})


def test_what_a_recording_is() -> None:
    assert recording_type(SILK, "audio/amr") == "audio/silk", "QQ calls it so"
    assert recording_type(b"#!AMR\n", "application/octet-stream") == "audio/amr"
    assert recording_type(b"OggS", "audio/ogg; codecs=opus") == "audio/ogg"


async def test_models_are_tried_in_their_order() -> None:
    broken = GatewayError(ErrorKind.UPSTREAM_ERROR, "no")
    hearing = Hearing(first=broken, second="hello")
    first = {"provider": "p", "model": "first", "language": "zh"}
    tool = {"type": "cli", "command": "whisper"}
    small = {"model": "p/second", "maxBytes": 1}
    wanted = settings(tool, small, first, {"model": "p/second"}, language="en", prompt="Crawdad")
    transcribe = Transcribing(hearing, lambda: wanted, no_program)
    assert await transcribe(b"OggS", "audio/ogg", "../../x.ogg") == "hello"
    assert [(one[0], one[1].name, one[2], one[3]) for one in hearing.asked] == [
        ("p/first", "recording.ogg", "zh", "Crawdad"),
        ("p/second", "recording.ogg", "en", "Crawdad"),
    ]
    hearing.models["second"] = broken
    with pytest.raises(GatewayError) as failed:
        await transcribe(b"OggS", "audio/ogg", "x")
    assert failed.value is broken


@pytest.mark.parametrize(
    ("wanted", "data", "kind"),
    [
        (settings(), b"OggS", ErrorKind.BAD_REQUEST),
        (settings({"model": "p/m"}, enabled=False), b"OggS", ErrorKind.BAD_REQUEST),
        (settings({"model": "p/m"}, maxBytes=3), b"OggS", ErrorKind.TOO_LARGE),
        (settings({"model": "p/m", "maxBytes": 3}), b"OggS", ErrorKind.TOO_LARGE),
        (settings({"model": "p/m"}), SILK, ErrorKind.UPSTREAM_ERROR),
    ],
)
async def test_what_cannot_be_written_down(wanted: AudioSettings, data: bytes, kind: ErrorKind) -> None:
    hearing = Hearing(m="never")
    with pytest.raises(GatewayError) as failed:
        await Transcribing(hearing, lambda: wanted, no_program)(data, "audio/ogg", "x")
    assert failed.value.kind is kind and hearing.asked == []
    assert data != SILK or "ffmpeg" in failed.value.message()


def program(folder: Path, source: str) -> Ffmpeg:
    """A program that stands in for ffmpeg, which is not everywhere."""
    path = folder / "ffmpeg"
    path.write_text(f"#!{sys.executable}\nimport sys\n{source}\n")
    path.chmod(0o755)
    return Ffmpeg(str(path))


async def test_what_models_do_not_take_is_changed_first(tmp_path: Path) -> None:
    source = (
        "assert sys.argv[sys.argv.index('-i') + 1] == 'pipe:0'\n"
        "sys.stdout.buffer.write(b'RIFF' + sys.stdin.buffer.read())"
    )
    hearing = Hearing(m="hello")
    transcribe = Transcribing(hearing, lambda: settings({"model": "p/m"}), program(tmp_path, source).to_wave)
    assert await transcribe(b"#!AMR\n", "audio/amr", "x") == "hello"
    ((_, recording, _, _),) = hearing.asked
    assert recording == File(b"RIFF#!AMR\n", "recording.wav", "audio/wav")


async def test_a_program_that_fails_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(GatewayError) as failed:
        await program(tmp_path, "sys.exit(3)").to_wave(SILK)
    assert failed.value.kind is ErrorKind.UPSTREAM_ERROR and "3" in failed.value.message()
    with pytest.raises(GatewayError):
        await Ffmpeg(str(tmp_path / "none")).to_wave(SILK)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg, which is not installed")
async def test_the_real_program_reads_amr_and_no_list_of_files() -> None:
    frames = b"".join(bytes([0x3C, *(number * place % 256 for place in range(31))]) for number in range(50))
    wave = await Ffmpeg().to_wave(b"#!AMR\n" + frames)  # 50 frames of 20 ms, 16,000 samples a second of two bytes
    assert wave[:4] == b"RIFF" and wave[8:12] == b"WAVE" and abs(len(wave) - 32_000) < 4_000
    for other in (SILK, b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n", b""):
        with pytest.raises(GatewayError):
            await Ffmpeg().to_wave(other)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("turn off the light", "[Transcript of the audio]"),
        (GatewayError(ErrorKind.UPSTREAM_ERROR, "secret detail"), "it could not be written down"),
        (GatewayError(ErrorKind.BAD_REQUEST, "none"), "nobody here can listen to it"),
        (" ", "nothing is said in it"),
    ],
)
async def test_the_agent_is_shown_what_was_said_as_a_transcript(
    database_url: str, said: str | GatewayError, shown: str
) -> None:
    block = {"memory": {"token": TOKEN, "allowFrom": ["u1"]}}
    hearing = Hearing(m=said)
    transcribe = Transcribing(hearing, lambda: settings({"model": "p/m"}), no_program)
    async with channel_stage(database_url, block, transcribe=transcribe) as stage:
        voice = stage.platform.upload(b"OggS" + b"\x00" * 30, "v.ogg", "audio", "audio/ogg")
        assert await stage.done(stage.platform.say("", media=[voice])["id"]) == "answered"
        text = text_of(stage.runs.orders[0].parts)
        assert shown in text and "secret detail" not in text
