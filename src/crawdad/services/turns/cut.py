"""What a turn used where nobody said it: the client left, the upstream broke off, or tells of no answer what it took."""

from __future__ import annotations

from collections.abc import Iterable

from crawdad.core.errors import GatewayError
from crawdad.core.events import PartDelta, PartStart, StreamEvent
from crawdad.core.parts import ToolCallPart
from crawdad.services.catalogue import Offer
from crawdad.services.estimate import estimate_body, estimate_request
from crawdad.services.turns.turn import Turn
from crawdad.wire.codec import Codec
from crawdad.wire.profile import Profile

ESTIMATED = "usage estimated"
_MOST_SAMPLE = 32 * 1024
_PER_TOKEN = 4
_OTHER_SCRIPT = 3


class Heard:
    """The beginning of an express-lane answer, kept in case that it is cut off: what was said in it is counted only then."""

    __slots__ = ("_kept", "_pieces", "_total")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._kept = 0
        self._total = 0

    def add(self, piece: bytes) -> None:
        """The client got `piece` (whole events)."""
        size = len(piece)
        self._total += size
        if self._kept < _MOST_SAMPLE:
            self._pieces.append(piece)
            self._kept += size

    def weight(self, codec: Codec, profile: Profile) -> int:
        """The weight (see `weight_of`) of all that was said, reckoned from the beginning that was kept."""
        reader = codec.stream_reader(profile)
        weight = 0
        try:
            for piece in self._pieces:
                weight += weight_of(reader.feed(piece))
        except GatewayError:
            pass  # what was read up to there counts
        return round(weight * self._total / self._kept) if self._kept else 0


def weight_of(events: Iterable[StreamEvent]) -> int:
    """How much text there is in `events`: four to a token of ASCII."""
    total = 0
    for event in events:
        text = ""
        if isinstance(event, PartDelta):
            text = event.text
        elif isinstance(event, PartStart):  # parts of a whole answer begin complete
            part = event.part
            text = part.arguments if isinstance(part, ToolCallPart) else getattr(part, "text", None) or ""
        if text:
            total += len(text) if text.isascii() else _OTHER_SCRIPT * len(text)
    return total


def fill_in(turn: Turn, offer: Offer) -> None:
    """Complete the exchange's usage by what the client heard, where the upstream did not say it."""
    exchange = turn.exchange
    if offer.provider.local or exchange.operation == "count_tokens":
        return
    usage, estimated = exchange.usage, False
    if usage.input_tokens is None:
        usage.input_tokens, estimated = input_tokens(turn), True
    heard = -(-exchange.heard // _PER_TOKEN)
    if heard > (usage.output_tokens or 0):
        usage.output_tokens, estimated = heard, True
    if estimated and ESTIMATED not in exchange.notes:
        exchange.notes.append(ESTIMATED)


def fill_in_input(turn: Turn) -> None:
    """Complete the usage of a turn whose answer is nothing to be counted, such as an embedding."""
    usage, notes = turn.exchange.usage, turn.exchange.notes
    if usage.input_tokens is None:
        usage.input_tokens = input_tokens(turn)
        if ESTIMATED not in notes:
            notes.append(ESTIMATED)


def input_tokens(turn: Turn) -> int:
    """An estimate of the turn's input. The request is looked at only where it was understood anyway."""
    return estimate_request(turn.request) if turn.touched else estimate_body(turn.body)
