"""Transcripts and speech from any provider that hears or talks."""

from __future__ import annotations

from dataclasses import replace

import orjson

from crawdad.core.errors import bad_request
from crawdad.core.media import SpeechRequest, TranscriptionRequest
from crawdad.core.parts import MediaPart
from crawdad.core.response import ModelResponse, fold
from crawdad.services.catalogue import Offer
from crawdad.services.operations.calls import OPENAI, able, cannot, complete, post, post_json
from crawdad.services.turns.cut import ESTIMATED
from crawdad.services.turns.front import ModelFront, Reply
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs
from crawdad.wire.edit import replace_string
from crawdad.wire.fields import parse_upstream, unreadable
from crawdad.wire.gemini import method_path
from crawdad.wire.media import audio as wire
from crawdad.wire.media.multipart import write_form


class Audio:
    """Takes OpenAI's audio requests."""

    def __init__(self, front: ModelFront) -> None:
        self._front = front

    async def transcribe(self, turn: Turn) -> Reply:
        """`POST /v1/audio/transcriptions`."""
        if turn.form is None:
            raise bad_request("wire.type", "Content-Type", expected="multipart/form-data")
        request = wire.read_transcription(turn.form, turn.model)

        async def attempt(offer: Offer) -> Reply:
            if offer.protocol in OPENAI:
                return await self._transcribe_openai(turn, offer, replace(request, model=offer.model))
            if offer.protocol != "gemini":
                raise cannot(turn)
            turn.exchange.lane = "translated"
            answer = await self._ask_gemini(turn, offer, wire.gemini_transcription(request))
            turn.exchange.usage = answer.usage
            body, media_type = wire.write_transcript(answer.text.strip(), request.format, answer.usage)
            return self._complete(turn, offer, body if isinstance(body, bytes) else orjson.dumps(body), media_type)

        offers = able(self._front.offers(turn), "audio", "audio", turn)
        return await self._front.dispatcher.run(turn, offers, attempt)

    async def _transcribe_openai(self, turn: Turn, offer: Offer, request: TranscriptionRequest) -> Reply:
        turn.exchange.lane = "express"
        body, content_type = write_form(wire.openai_transcription_form(request), f"crawdad{turn.exchange.id}")
        raw, headers = await post(turn, offer, "/audio/transcriptions", body, self._front.transport, content_type)
        media_type = headers.get("content-type", "application/json")
        if media_type.startswith("text/event-stream"):  # newer models tell it word by word, asked to
            turn.exchange.usage = wire.streamed_usage(raw)
        elif request.format in ("json", "verbose_json", "diarized_json"):
            turn.exchange.usage = wire.openai_usage(parse_upstream(raw))
        if not turn.exchange.usage.known and not turn.exchange.usage.audio_seconds:
            turn.exchange.usage.audio_seconds = wire.estimated_seconds(request.file.data)
            turn.exchange.notes.append(ESTIMATED)
        return self._complete(turn, offer, raw, media_type)

    async def speak(self, turn: Turn) -> Reply:
        """`POST /v1/audio/speech`."""
        request = wire.read_speech(turn.body, turn.model)

        async def attempt(offer: Offer) -> Reply:
            if offer.protocol in OPENAI:
                turn.exchange.lane = "express"
                raw = replace_string(turn.raw, turn.body, "model", offer.model)
                sound, headers = await post(turn, offer, "/audio/speech", raw, self._front.transport)
                turn.exchange.usage.characters = len(request.text)
                media_type = headers.get("content-type", wire.SPEECH_TYPES[request.format])
                return self._complete(turn, offer, sound, media_type)
            if offer.protocol != "gemini":
                raise cannot(turn)
            return await self._speak_gemini(turn, offer, request)

        offers = able(self._front.offers(turn), "audio", "audio", turn)
        return await self._front.dispatcher.run(turn, offers, attempt)

    async def _speak_gemini(self, turn: Turn, offer: Offer, request: SpeechRequest) -> Reply:
        turn.exchange.lane = "translated"
        answer = await self._ask_gemini(turn, offer, wire.gemini_speech(request))
        sound = next((p for p in answer.parts if isinstance(p, MediaPart) and p.kind == "audio" and p.data), None)
        if sound is None or sound.data is None:
            raise unreadable("no sound in the answer")
        data, media_type = wire.speech_bytes(sound.data, sound.media_type or "", request.format)
        turn.exchange.usage = answer.usage
        if media_type != wire.SPEECH_TYPES[request.format]:
            turn.exchange.notes.append(f"speech as {request.format}: given as {media_type}")
        return self._complete(turn, offer, data, media_type)

    async def _ask_gemini(self, turn: Turn, offer: Offer, body: dict[str, object]) -> ModelResponse:
        path = method_path(offer.model, "generateContent", offer.profile)
        document = await post_json(turn, offer, path, body, self._front.transport)
        return fold(codecs.get("gemini").read_response(document, offer.profile))

    def _complete(self, turn: Turn, offer: Offer, body: bytes, media_type: str) -> Reply:
        return complete(turn, offer, self._front.ledger, body, media_type)
