"""Finding pieces: by their words (BM25), by their vectors (cosine), by both. Pure, and small enough to be built anew."""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING

from crawdad.core.text_search import index_words, query_words
from crawdad.services.memory.chunks import Chunk

_SATURATION = 1.2
_LENGTH = 0.75
_UNKNOWN = 0.25
"""How much a word that stands nowhere counts against a piece, next to one that stands somewhere else."""

if TYPE_CHECKING:
    Vector = array[float]


@dataclass(frozen=True, slots=True)
class Hit:
    """A piece and how well it fits, from 0 to 1."""

    chunk: Chunk
    score: float


class Index:
    """The pieces of one agent's memory. Vectors may be missing, also of some."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.chunks = list(chunks)
        self.vectors: dict[int, Vector] = {}
        self._lengths: list[int] = []
        self._places: dict[str, list[tuple[int, int]]] = {}
        for number, chunk in enumerate(self.chunks):
            words = index_words(f"{chunk.path} {chunk.text}").split()
            self._lengths.append(len(words))
            for word, count in Counter(words).items():
                self._places.setdefault(word, []).append((number, count))
        self._average = sum(self._lengths) / len(self._lengths) if self._lengths else 1.0

    def by_words(self, query: str) -> dict[int, float]:
        """How well pieces fit the words of a query: about which share of them, weighted by their rarity, stands there."""
        words = list(dict.fromkeys(query_words(query).split()))[:200]
        total = 0.0
        scores: defaultdict[int, float] = defaultdict(float)
        rarest = self._rarity(1)
        for word in words:
            places = self._places.get(word, ())
            if not places:
                total += rarest * _UNKNOWN
                continue
            rarity = self._rarity(len(places))
            total += rarity
            for number, count in places:
                norm = _SATURATION * (1 - _LENGTH + _LENGTH * self._lengths[number] / self._average)
                scores[number] += rarity * min(1.0, count * (_SATURATION + 1) / (count + norm))
        return {number: min(1.0, score / total) for number, score in scores.items()} if total else {}

    def by_vector(self, vector: Vector) -> dict[int, float]:
        """How alike pieces and a vector are."""
        return {number: max(0.0, _dot(vector, own)) for number, own in self.vectors.items() if len(own) == len(vector)}

    def _rarity(self, places: int) -> float:
        return math.log(1 + (len(self.chunks) - places + 0.5) / (places + 0.5))


def unit(values: Sequence[float]) -> Vector:
    """A vector of length 1."""
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return array("f", (value / length for value in values))


def _dot(left: Vector, right: Vector) -> float:
    return float(sum(map(mul, left, right)))


def mixed(
    index: Index, words: Mapping[int, float], likeness: Mapping[int, float] | None, weights: tuple[float, float]
) -> list[Hit]:
    """Pieces by both scores, the best first. `weights` are those of likeness and of words; None: words alone count."""
    if likeness is None:
        scores = dict(words)
    else:
        total = sum(weights) or 1.0
        scores = {
            number: (weights[0] * likeness.get(number, 0.0) + weights[1] * words.get(number, 0.0)) / total
            for number in {*words, *likeness}
        }
    ranked = sorted(scores.items(), key=lambda found: (-found[1], found[0]))
    return [Hit(index.chunks[number], score) for number, score in ranked]


def distinct(hits: Sequence[Hit], most: int) -> list[Hit]:
    """The best hits, without those that are mostly the lines of a better one."""
    found: list[Hit] = []
    for hit in hits:
        if len(found) == most:
            break
        if not any(_overlap(hit.chunk, better.chunk) for better in found):
            found.append(hit)
    return found


def _overlap(chunk: Chunk, other: Chunk) -> bool:
    if chunk.path != other.path or chunk.first == chunk.last == other.first == other.last:
        return False
    shared = min(chunk.last, other.last) - max(chunk.first, other.first) + 1
    return shared > 0.5 * (chunk.last - chunk.first + 1)
