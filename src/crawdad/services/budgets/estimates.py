"""What a request will take, before anybody has taken it: at least, and at most. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crawdad.core.budgets import Amounts
from crawdad.core.prices import Price
from crawdad.core.usage import Usage
from crawdad.services.estimate import MOST_TOKENS
from crawdad.services.turns.cut import input_tokens
from crawdad.services.turns.turn import Turn

_PER_DRAWN = 6240
"""Output tokens of the dearest picture that models drawing by tokens make."""
_BYTES_A_SECOND = 4000
"""Of speech that is compressed well: less would be taken for longer."""
_LEAST_SHARE = 0.4
"""Of the estimated input, what it takes in any case: estimates without a tokenizer err."""
_LIMITS = ("max_completion_tokens", "max_output_tokens", "max_tokens", "maxOutputTokens")
_GENERATION = ("generationConfig", "generation_config")
"""Where Gemini has both; its JSON knows either spelling of every name."""
_COUNTS = ("n", "candidateCount", "candidate_count", "sampleCount")
_NO_OUTPUT = frozenset({"embeddings", "count_tokens"})
_DRAWING = frozenset({"images", "image_edits"})


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens in and out: at least and at most. `usage` is the most, as if it had been used."""

    least: Usage
    most: Usage


@dataclass(frozen=True, slots=True)
class Span:
    """What a request takes of each unit, at least and at most."""

    least: Amounts
    most: Amounts


def estimate(turn: Turn, model_output: int, assumed_output: int) -> Estimate:
    """What the turn will use. `model_output` is the most that the model can say (0: unknown), `assumed_output` what is set
    aside at most for a request that names no limit of its own."""
    operation = turn.exchange.operation
    if operation == "count_tokens":
        return Estimate(Usage(input_tokens=0, output_tokens=0), Usage(input_tokens=0, output_tokens=0))
    tokens = input_tokens(turn)
    least = Usage(input_tokens=int(tokens * _LEAST_SHARE), output_tokens=0)
    most = Usage(input_tokens=tokens, output_tokens=0)
    count = _asked_count(turn.body)
    if operation in _DRAWING:
        most.output_tokens, most.pictures, least.pictures = count * _PER_DRAWN, count, 1
    elif operation == "transcriptions":
        _hear(turn, least, most)
    elif operation == "speech":
        said = turn.body.get("input")
        characters = len(said) if isinstance(said, str) else 0
        least.characters = most.characters = characters
        most.output_tokens = min(MOST_TOKENS, characters * 8)
    elif operation not in _NO_OUTPUT:
        asked = _asked_limit(turn.body)
        if asked is None:
            asked = min(model_output, assumed_output) if model_output > 0 else assumed_output
        most.output_tokens = min(MOST_TOKENS, asked * count)
    return Estimate(least, most)


def span(found: Estimate, prices: Sequence[Price | None], at: float) -> Span:
    """The estimate in all units, at whichever of the `prices` is the least and the most."""
    least, most = found.least, found.most
    cheap = [_dollars(least, price, at, dear=False) for price in prices if price is not None]
    dear = [_dollars(most, price, at, dear=True) for price in prices if price is not None]
    return Span(
        Amounts(min(cheap, default=0.0), least.total_tokens, 1.0),
        Amounts(max(dear, default=0.0), most.total_tokens, 1.0),
    )


def _dollars(usage: Usage, price: Price, at: float, dear: bool) -> float:
    now = price.effective(usage.input_tokens or 0, at)
    inputs = [rate for rate in (now.input, now.cache_read) if rate is not None]
    if dear:
        inputs += [rate for rate in (now.cache_write, now.audio_input, now.image_input) if rate is not None]
    outputs = [rate for rate in (now.output, now.image_output, now.audio_output) if rate is not None]
    pick = max if dear else min
    total = (usage.input_tokens or 0) * pick(inputs, default=0.0) + (usage.output_tokens or 0) * pick(
        outputs, default=0.0
    )
    total /= 1_000_000
    if not inputs and not outputs:
        total += usage.pictures * (now.picture or 0.0) + usage.audio_seconds / 60 * (now.minute or 0.0)
        total += usage.characters / 1_000_000 * (now.characters or 0.0)
    return total + (now.request or 0.0)


def _hear(turn: Turn, least: Usage, most: Usage) -> None:
    size = sum(len(file.data) for _, file in turn.form.files) if turn.form is not None else len(turn.raw)
    most.audio_seconds = size / _BYTES_A_SECOND
    most.input_tokens = min(MOST_TOKENS, int(most.audio_seconds * 32))
    most.output_tokens = min(MOST_TOKENS, int(most.audio_seconds * 5) + 1)
    least.input_tokens = 0


def _asked_limit(body: Mapping[str, Any]) -> int | None:
    """The most output that the request asks for, by whichever name; the largest where it gives several."""
    found = [_whole(place.get(name)) for place in _places(body, *_GENERATION) for name in _LIMITS]
    return max((limit for limit in found if limit is not None), default=None)


def _asked_count(body: Mapping[str, Any]) -> int:
    found = [_whole(place.get(name)) for place in _places(body, *_GENERATION, "parameters") for name in _COUNTS]
    return min(128, max((count for count in found if count is not None), default=1))


def _places(body: Mapping[str, Any], *keys: str) -> list[Mapping[str, Any]]:
    """The body, and the objects in it that have one of the names."""
    return [body, *(inner for key in keys if isinstance(inner := body.get(key), dict))]


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)  # fields of a form
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        return None
    return MOST_TOKENS if value > MOST_TOKENS else int(value)
