"""What models cost, and what a turn costs by that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crawdad.core.usage import Usage

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Prices in US dollars, of a million tokens where nothing else is said. None: nobody knows.

    `minute` is of sound, `characters` of a million of them, `picture`, `request` and `web_search` of one.
    """

    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    cache_write_1h: float | None = None
    audio_input: float | None = None
    audio_output: float | None = None
    image_input: float | None = None
    image_output: float | None = None
    picture: float | None = None
    minute: float | None = None
    characters: float | None = None
    request: float | None = None
    web_search: float | None = None
    tiers: tuple[Tier, ...] = ()
    peaks: tuple[Peak, ...] = ()
    service_tiers: Mapping[str, Price] = field(default_factory=dict)
    source: str = ""
    """Where the price was read."""
    date: str = ""
    """When: a day or a month."""

    @property
    def known(self) -> bool:
        """Whether anything at all is known."""
        amounts = (self.input, self.output, self.picture, self.minute, self.characters, self.request, self.image_output)
        return any(amount is not None for amount in amounts)

    def effective(self, input_tokens: int, at: float, service_tier: str | None = None) -> Price:
        """The price of a request of that many input tokens, begun `at` (Unix seconds), in that class of service."""
        price = self
        for peak in self.peaks:
            if peak.covers(at):
                price = peak.price
        if service_tier is not None and service_tier in self.service_tiers:
            price = self.service_tiers[service_tier]
        for tier in price.tiers:
            if input_tokens > tier.above:
                price = tier.over(price)
        return price


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices of a request with more than `above` input tokens; what is None stays as it is below that."""

    above: int
    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    cache_write_1h: float | None = None

    def over(self, price: Price) -> Price:
        """`price` with what this tier changes."""
        names = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
        return replace(price, **{name: getattr(self, name) for name in names if getattr(self, name) is not None})


@dataclass(frozen=True, slots=True)
class Peak:
    """A price between two times of the day (seconds after midnight, UTC)."""

    begins: int
    ends: int
    price: Price

    def covers(self, at: float) -> bool:
        """Whether the moment `at` (Unix seconds) lies in it."""
        second = at % 86400
        if self.begins <= self.ends:
            return self.begins <= second < self.ends
        return second >= self.begins or second < self.ends


FREE = Price(input=0.0, output=0.0)


def cost_of(usage: Usage, price: Price | None, at: float = 0.0) -> float | None:
    """What a turn cost in US dollars; None where the price is unknown, or what there is to be paid."""
    if price is None or not price.known:
        return None
    now = price.effective(usage.input_tokens or 0, at, usage.service_tier)
    cost, counted = 0.0, False
    if usage.known and (now.input is not None or now.output is not None):
        cost, counted = _tokens(usage, now) / _MILLION, True
    for amount, rate in (
        (usage.pictures, now.picture),
        (usage.audio_seconds / 60, now.minute),
        (usage.characters / _MILLION, now.characters),
    ):
        if amount and rate is not None and not counted:
            cost, counted = cost + amount * rate, True
    if not counted and now.request is None:
        return None
    return cost + (now.request or 0.0) + usage.web_searches * (now.web_search or 0.0)


def _tokens(usage: Usage, price: Price) -> float:
    base, out = price.input or 0.0, price.output or 0.0
    read, written, written_1h = usage.cache_read_tokens, usage.cache_write_tokens, usage.cache_write_1h_tokens
    written_1h = min(written_1h, written)
    sound, pictures = usage.audio_input_tokens, usage.image_input_tokens
    plain = max(0, (usage.input_tokens or 0) - read - written)
    sound = min(sound, plain)
    pictures = min(pictures, plain - sound)
    write = base if price.cache_write is None else price.cache_write
    total = (plain - sound - pictures) * base
    total += sound * (base if price.audio_input is None else price.audio_input)
    total += pictures * (base if price.image_input is None else price.image_input)
    total += read * (base if price.cache_read is None else price.cache_read)
    total += (written - written_1h) * write
    total += written_1h * (write if price.cache_write_1h is None else price.cache_write_1h)
    spoken = min(usage.audio_output_tokens, usage.output_tokens or 0)
    drawn = min(usage.image_output_tokens, (usage.output_tokens or 0) - spoken)
    total += ((usage.output_tokens or 0) - spoken - drawn) * out
    total += spoken * (out if price.audio_output is None else price.audio_output)
    total += drawn * (out if price.image_output is None else price.image_output)
    return total
