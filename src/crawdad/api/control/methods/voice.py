"""`voicewake.*`, `tts.*` and `talk.config`: what devices that listen and talk need. Sound comes from models that speak; nothing
here talks by itself, so that there is nothing to be switched on."""

from __future__ import annotations

import base64
from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.asking import Asker
from crawdad.services.speech import Speech, Spoken, others
from crawdad.wire.control.schema import BOOLEAN, FILLED, NOTHING, STRING, STRINGS, closed, opened
from crawdad.wire.control.scopes import READ, WRITE
from crawdad.wire.media.audio import GEMINI_VOICES

_STATUS = "{enabled, auto, provider, fallbackProvider, fallbackProviders[], prefsPath, …}"
_SPOKEN = "{audioBase64, provider, outputFormat, mimeType, fileExtension}"


def methods(control: Control) -> list[Method]:
    """The methods of this subject. Without agents there is nothing that asks models."""
    voice = _Voice(control)
    found = [
        Method("voicewake.get", READ, voice.words, NOTHING, "{triggers[]}"),
        Method("voicewake.set", WRITE, voice.set_words, closed({"triggers": STRINGS}, "triggers"), "{triggers[]}"),
        Method("talk.config", READ, voice.talk, closed({"includeSecrets": BOOLEAN}), "{config{session{mainKey}}}"),
    ]
    if control.speech is None:
        return found
    speech, text = _Speech(control, control.speech), {"text": FILLED}
    return [
        *found,
        Method("tts.status", READ, speech.status, NOTHING, _STATUS),
        Method(
            "tts.providers", READ, speech.providers, NOTHING, "{providers[{id, name, configured, models[]}], active}"
        ),
        Method("tts.setProvider", WRITE, speech.choose, opened({"provider": FILLED}, "provider"), "{provider}"),
        Method(
            "tts.convert",
            WRITE,
            speech.convert,
            opened({**text, "channel": STRING}, "text"),
            "{audioPath, provider, outputFormat, voiceCompatible}",
        ),
        Method("tts.speak", WRITE, speech.speak, closed(text, "text"), _SPOKEN),
    ]


class _Voice:
    def __init__(self, control: Control) -> None:
        self._control = control

    async def words(self, _: Asked) -> Any:
        return {"triggers": await self._control.wake_words.get()}

    async def set_words(self, asked: Asked) -> Any:
        return {"triggers": await self._control.wake_words.set(asked.params["triggers"])}

    async def talk(self, _: Asked) -> Any:
        """Where a device that talks leads to. It has no voice of its own here, so there is no more to tell."""
        return {"config": {"session": {"mainKey": "main"}}}


class _Speech:
    def __init__(self, control: Control, speech: Speech) -> None:
        self._control = control
        self._speech = speech

    async def status(self, _: Asked) -> Any:
        """Answers are not read aloud by themselves: `enabled` is false, and nothing changes that."""
        known, active = list(self._speech.providers()), await self._speech.active()
        rest = others(known, active)
        told = {"enabled": False, "auto": "off", "provider": active, "fallbackProvider": rest[0] if rest else None}
        told |= {"fallbackProviders": rest, "prefsPath": "", "hasOpenAIKey": "openai" in known}
        return {**told, "hasElevenLabsKey": False, "edgeEnabled": False}

    async def providers(self, _: Asked) -> Any:
        found = [
            {"id": provider, "name": provider, "configured": True, "models": models, "voices": list(GEMINI_VOICES)}
            for provider, models in self._speech.providers().items()
        ]
        return {"providers": found, "active": await self._speech.active()}

    async def choose(self, asked: Asked) -> Any:
        await self._speech.choose(asked.params["provider"].strip())
        return {"provider": asked.params["provider"].strip()}

    async def convert(self, asked: Asked) -> Any:
        """`audioPath` is an address on this gateway: a path on its disk would be of use to nobody elsewhere."""
        spoken = await self._said(asked, keep=True)
        told = {"audioPath": spoken.path, "provider": spoken.provider}
        return {**told, "outputFormat": spoken.format, "voiceCompatible": False}

    async def speak(self, asked: Asked) -> Any:
        spoken = await self._said(asked, keep=False)
        told = {"audioBase64": base64.b64encode(spoken.data).decode(), "provider": spoken.provider}
        told |= {"outputFormat": spoken.format, "mimeType": spoken.media_type}
        return {**told, "fileExtension": f".{spoken.format}"}

    async def _said(self, asked: Asked, *, keep: bool) -> Spoken:
        asker = Asker(asked.connection.admitted.principal)
        return await self._speech.say(asker, asked.params["text"].strip(), keep=keep)
