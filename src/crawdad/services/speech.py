"""Text read aloud by a model: which providers can, which one does, and the sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crawdad.core.asking import Asker, SpeakWords
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.media import SpeechRequest
from crawdad.core.media_files import MediaStore
from crawdad.core.text import Text
from crawdad.services.catalogue.offers import Catalogue
from crawdad.store.key_values import KeyValues

_KEY = "speech.provider"
_LONGEST = 4096
_FORMAT = "mp3"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sound. `path` is its address on this gateway, where it was kept."""

    data: bytes
    media_type: str
    provider: str
    format: str = _FORMAT
    path: str = ""


class Speech:
    """Reads aloud. Every call is an exchange like any other, in the name of whoever asks."""

    def __init__(
        self, speak: SpeakWords, media: MediaStore, catalogue: Callable[[], Catalogue], values: KeyValues
    ) -> None:
        self._speak = speak
        self._media = media
        self._catalogue = catalogue
        self._values = values

    def providers(self) -> dict[str, list[str]]:
        """The providers that have models which speak, with these."""
        found: dict[str, list[str]] = {}
        for offer in self._catalogue().offers.values():
            if "tts" in offer.model.lower():  # what it is called is all that lists of models tell of it
                found.setdefault(offer.provider.id, []).append(offer.model)
        return found

    async def active(self) -> str:
        """The provider that speaks: the chosen one, else the first; empty where none can."""
        known, chosen = self.providers(), await self._values.get(_KEY)
        return chosen if chosen in known else next(iter(known), "")

    async def choose(self, provider: str) -> None:
        """Have another provider speak. Raises BAD_REQUEST."""
        known = self.providers()
        if provider not in known:
            raise bad_request("speech.no_provider", "provider", known=", ".join(known) or "-")
        await self._values.put(_KEY, provider)

    async def say(self, asker: Asker, text: str, *, keep: bool) -> Spoken:
        """Read a text aloud; `keep`: put the sound where people can fetch it. Raises UNAVAILABLE where nobody can."""
        if len(text) > _LONGEST:
            raise bad_request("arguments.too_long", "text", most=_LONGEST)
        provider = await self.active()
        if not provider:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("speech.nobody"))
        model = f"{provider}/{self.providers()[provider][0]}"
        data, media_type = await self._speak.speak(asker, SpeechRequest(model, text, format=_FORMAT))
        path = ""
        if keep:
            path = (await self._media.save(data, media_type, f"speech.{_FORMAT}", asker.principal.id)).path
        return Spoken(data, media_type, provider, path=path)


def others(providers: Sequence[str], active: str) -> list[str]:
    """Those that would speak instead."""
    return [provider for provider in providers if provider != active]
