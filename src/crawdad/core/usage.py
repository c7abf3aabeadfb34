"""How many tokens a turn took, in one convention: input *includes* cached tokens, output *includes* reasoning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class Usage:
    """Token counts of one turn. Codecs convert from and to protocols that count differently.

    `input_tokens` includes `cache_read_tokens` and `cache_write_tokens`; `output_tokens` includes `reasoning_tokens`.
    `cache_write_1h_tokens` is the part of `cache_write_tokens` with the longer lifetime. `tool_input_tokens` are the
    tokens of server-side tool results that the vendor counts beside the prompt (included in `input_tokens`).
    `web_searches` counts server-side searches. `cost` is what the vendor itself says the turn
    cost, in US dollars. `pictures`, `audio_seconds` and `characters` are what some models are priced by instead. `None` in
    `input_tokens`/`output_tokens` means that nobody said.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    reasoning_tokens: int = 0
    tool_input_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    image_input_tokens: int = 0
    image_output_tokens: int = 0
    accepted_prediction_tokens: int = 0
    rejected_prediction_tokens: int = 0
    web_searches: int = 0
    service_tier: str | None = None
    cost: float | None = None
    pictures: int = 0
    audio_seconds: float = 0.0
    characters: int = 0

    @property
    def known(self) -> bool:
        """Whether the upstream reported anything at all."""
        return self.input_tokens is not None or self.output_tokens is not None

    @property
    def total_tokens(self) -> int:
        """Everything that was read and written."""
        return (self.input_tokens or 0) + (self.output_tokens or 0)

    def merge(self, later: Usage) -> None:
        """Take over what a later report says: counts are cumulative, so a later non-zero value replaces an earlier one."""
        for name in _FIELDS:
            value = getattr(later, name)
            if value:
                setattr(self, name, value)
            elif value == 0 and getattr(self, name) is None:
                setattr(self, name, 0)


_FIELDS = tuple(Usage.__dataclass_fields__)


def total_usage(usages: Iterable[Usage]) -> Usage:
    """What several turns took together. The service tier is that of the first one that tells any."""
    total = Usage()
    for usage in usages:
        for name in _FIELDS:
            value = getattr(usage, name)
            if isinstance(value, (int, float)):
                setattr(total, name, value + (getattr(total, name) or 0))
        total.service_tier = total.service_tier or usage.service_tier
    return total
