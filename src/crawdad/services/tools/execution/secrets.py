"""Secrets that programs of a turn are given in their environment, and that nobody is shown again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from crawdad.core.secret import Secret

MASK = "***"
_SHORTEST = 6
"""Shorter values are no secrets: `1`, `true`. Masking them would spoil the output."""

Find = Callable[[str, Path], Awaitable[Mapping[str, Secret]]]
"""The variables of an agent in a workspace."""


async def _none(agent_id: str, workspace: Path) -> Mapping[str, Secret]:
    return {}


class ProgramSecrets:
    """`find` is set by whoever knows them."""

    def __init__(self) -> None:
        self.find: Find = _none


class Masking:
    """Takes secrets out of a text that comes in pieces. What may be the beginning of one is held back until more is there."""

    def __init__(self, secrets: Sequence[Secret] = ()) -> None:
        values = {secret.reveal() for secret in secrets}
        self._values = sorted((value for value in values if len(value) >= _SHORTEST), key=len, reverse=True)
        self._held = ""

    def feed(self, text: str, *, last: bool = False) -> str:
        """What may be shown now."""
        if not self._values:
            return text
        text, self._held = self._held + text, ""
        for value in self._values:
            text = text.replace(value, MASK)
        if last:
            return text
        held = max((_overlap(text, value) for value in self._values), default=0)
        if held:
            text, self._held = text[:-held], text[-held:]
        return text


def _overlap(text: str, value: str) -> int:
    """How many characters at the end of `text` are the beginning of `value`."""
    longest = min(len(text), len(value) - 1)
    return next((length for length in range(longest, 0, -1) if text.endswith(value[:length])), 0)
