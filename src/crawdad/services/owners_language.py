"""The language of whoever this gateway belongs to, for what nobody asks for at the moment: heartbeats, jobs, first files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from crawdad.core.text import LANGUAGES, Language
from crawdad.store.key_values import KeyValues

OwnersLanguageOf = Callable[[], Awaitable[Language]]
_KEY = "owner.language"


class OwnersLanguage:
    """The one of the settings, where they name one; else the one in which the console was used last."""

    def __init__(self, values: KeyValues, configured: Callable[[], str]) -> None:
        self._values = values
        self._configured = configured

    async def get(self) -> Language:
        """The language in effect."""
        configured = self._configured()
        if configured in LANGUAGES:
            return configured
        kept = await self._values.get(_KEY)
        return kept if kept in LANGUAGES else "en"

    async def note(self, language: Language) -> None:
        """The console is used in this language."""
        if await self._values.get(_KEY) != language:
            await self._values.put(_KEY, language)
