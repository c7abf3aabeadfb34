"""Cutting notes into pieces that can be found and shown: whole lines, with what neighbours share. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file: the lines from `first` to `last`, counted from 1."""

    path: str
    first: int
    last: int
    text: str


def weight(text: str) -> float:
    """About how many tokens a text has: four letters each, or one character of a dense script."""
    plain = sum(character < "\u2e80" for character in text)
    return plain / 4 + (len(text) - plain)


def chunks_of(path: str, text: str, tokens: int, overlap: int) -> list[Chunk]:
    """The pieces of a text. One with more than `tokens` is a single long line's part."""
    found: list[Chunk] = []
    lines: list[tuple[int, str, float]] = []
    total = 0.0
    for number, line, size in _lines(text, tokens):
        if lines and total + size > tokens:
            _add(found, path, lines)
            lines = _shared(lines, min(overlap, tokens // 2))
            total = sum(weight_ for _, _, weight_ in lines)
            if total + size > tokens:
                lines, total = [], 0.0
        lines.append((number, line, size))
        total += size
    _add(found, path, lines)
    return found


def _lines(text: str, tokens: int) -> list[tuple[int, str, float]]:
    found: list[tuple[int, str, float]] = []
    for number, line in enumerate(text.splitlines(), 1):
        size = weight(line) + 0.25
        if size <= tokens:
            found.append((number, line, size))
            continue
        step = max(1, int(len(line) * tokens / size))
        pieces = [line[at : at + step] for at in range(0, len(line), step)]
        found += [(number, piece, weight(piece)) for piece in pieces]
    return found


def _shared(lines: list[tuple[int, str, float]], overlap: int) -> list[tuple[int, str, float]]:
    total, count = 0.0, 0
    for _, _, size in reversed(lines):
        if total + size > overlap:
            break
        total += size
        count += 1
    return lines[len(lines) - count :]


def _add(found: list[Chunk], path: str, lines: list[tuple[int, str, float]]) -> None:
    text = "\n".join(line for _, line, _ in lines)
    if text.strip():
        found.append(Chunk(path, lines[0][0], lines[-1][0], text))
