"""Cutting an answer into messages that the platform takes. Pure.

Blocks of code stay whole where they fit into a message; one that does not is closed at the end of a piece and opened again
at the beginning of the next. Prose is cut between paragraphs, else lines, sentences, words, and only then within a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Measure = Callable[[str], int]
_FENCE = re.compile(r" {0,3}(?:(`{3,})([^`]*)|(~{3,})(.*))$")
"""Behind backticks no others: that is code within a line."""
_SENTENCES = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？；])")


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph, or a block of code with its fences: `opening` is the line that begins it, `mark` the fence."""

    text: str
    opening: str = ""
    mark: str = ""


def chunks(text: str, limit: int, measure: Measure = len, *, paragraphs: bool = False) -> list[str]:
    """`text` in messages of at most `limit`, as `measure` counts (it must not shrink when text is added). `paragraphs`: each in
    a message of its own. White space at the ends of messages goes. An empty text has none."""
    limit = max(limit, 1)
    if not paragraphs and measure(text) <= limit and not _unclosed(text):
        return [text.strip("\n")] if text.strip() else []
    found: list[str] = []
    current = ""
    for block in _blocks(text):
        joined = f"{current}\n\n{block.text}" if current else block.text
        if measure(joined) <= limit and not (paragraphs and current):
            current = joined
            continue
        if current:
            found.append(current)
        *whole, current = _pieces(block, limit, measure)
        found += whole
    if current:
        found.append(current)
    return [piece for piece in found if piece.strip()]


def closed(text: str) -> str:
    """`text` with a block of code that is still open at its end closed: what is shown of an answer while it grows."""
    mark = _unclosed(text)
    if not mark:
        return text
    return f"{text}{mark}" if text.endswith("\n") else f"{text}\n{mark}"


def fence_of(line: str) -> tuple[str, str] | None:
    """The mark of a line that may begin or end a block of code, and what stands behind it; None: it is no such line."""
    found = _FENCE.match(line)
    return None if found is None else (found[1] or found[3], found[2] or found[4] or "")


def closes(fence: tuple[str, str] | None, mark: str) -> bool:
    """Whether a line ends the block that `mark` began."""
    return fence is not None and fence[0].startswith(mark) and not fence[1].strip()


def _unclosed(text: str) -> str:
    mark = ""
    for line in text.split("\n"):
        fence = fence_of(line)
        if mark:
            mark = "" if closes(fence, mark) else mark
        elif fence is not None:
            mark = fence[0]
    return mark


def _blocks(text: str) -> Iterator[_Block]:
    prose: list[str] = []
    code: list[str] = []
    mark = ""
    for line in text.split("\n"):
        fence = fence_of(line)
        if mark:
            code.append(line)
            if closes(fence, mark):
                yield _Block("\n".join(code), code[0], mark)
                code, mark = [], ""
        elif fence is not None:
            yield from _paragraph(prose)
            prose, code, mark = [], [line], fence[0]
        elif line.strip():
            prose.append(line)
        else:
            yield from _paragraph(prose)
            prose = []
    yield from _paragraph(prose)
    if mark:
        yield _Block("\n".join([*code, mark]), code[0], mark)


def _paragraph(lines: list[str]) -> Iterator[_Block]:
    if lines:
        yield _Block("\n".join(lines))


def _pieces(block: _Block, limit: int, measure: Measure) -> list[str]:
    if measure(block.text) <= limit:
        return [block.text]
    if not block.mark:
        return _packed(block.text, limit, measure)
    opening = block.opening
    frame = f"{opening}\n\n{block.mark}"
    if measure(frame) >= limit:
        opening = block.mark  # the language's name is the first thing to go
        frame = f"{opening}\n\n{block.mark}"
    room = limit - measure(frame)
    if room < 1:  # not even the fences fit: it cannot be shown as code
        return _packed(block.text, limit, measure)
    body = block.text.split("\n")[1:-1]
    framed: Measure = lambda inner: measure(f"{opening}\n{inner}\n{block.mark}")  # noqa: E731
    found: list[str] = []
    current: list[str] = []
    for line in body:
        if framed("\n".join([*current, line])) <= limit:
            current.append(line)
            continue
        if current:
            found.append("\n".join(current))
        *whole, last = _hard(line, limit, framed) or [""]
        found += whole
        current = [last]
    if current:
        found.append("\n".join(current))
    return [f"{opening}\n{inner}\n{block.mark}" for inner in found]


def _packed(text: str, limit: int, measure: Measure) -> list[str]:
    """Prose, cut where it hurts least."""
    found: list[str] = []
    current = ""
    for glue, piece in _cuts(text):
        joined = f"{current}{glue}{piece}" if current else piece
        if measure(joined) <= limit:
            current = joined
            continue
        if current:
            found.append(current)
            current = ""
        if measure(piece) <= limit:
            current = piece
            continue
        *whole, current = _words(piece, limit, measure)
        found += whole
    return [*found, current] if current else found


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.split("\n")):
        glue = "\n" if number else ""
        position = 0
        for cut in _SENTENCES.finditer(line):
            yield glue, line[position : cut.start()]
            glue, position = cut[0], cut.end()
        yield glue, line[position:]


def _words(text: str, limit: int, measure: Measure) -> list[str]:
    found: list[str] = []
    current = ""
    for word in re.split(r"(?<=\S)(?=\s)", text):
        if measure(current + word) <= limit:
            current += word
            continue
        if current.strip():
            found.append(current)
        bare = word.lstrip()
        *whole, current = _hard(bare, limit, measure) or [""]
        found += whole
    return [*found, current] if current.strip() or not found else found


def _hard(text: str, limit: int, measure: Measure) -> list[str]:
    """Cut anywhere, but not within one visible character's joints."""
    found: list[str] = []
    while text and measure(text) > limit:
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if measure(text[:middle]) <= limit else (low, middle - 1)
        while low > 1 and _joined(text, low):
            low -= 1
        found.append(text[:low])
        text = text[low:]
    return [*found, text] if text else found


def _joined(text: str, at: int) -> bool:
    """Whether a cut before `text[at]` would part what is one sign: combining marks, selectors, emoji that are joined."""
    after, before = text[at], text[at - 1]
    return (
        after in "\u200d\ufe0e\ufe0f\u20e3"
        or "\u0300" <= after <= "\u036f"
        or before == "\u200d"
        or ("\U0001f3fb" <= after <= "\U0001f3ff")
    )
