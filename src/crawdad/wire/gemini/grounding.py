"""Grounding and citation metadata <-> citations.

https://ai.google.dev/api/generate-content#GroundingMetadata. Google counts UTF-8 bytes from the beginning of the answer's
text (thoughts, code and the like not counted); the vocabulary counts characters from the beginning of the part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from crawdad.core.parts import Citation, JsonObject
from crawdad.wire.gemini.spelling import NAME

MAX_TRACKED = 1_000_000
"""Characters of answer text kept to find citations in; beyond it they have no offsets."""
MAX_CITATIONS = 1000
"""How many citations of one chunk are read; Google's own metadata is kept whole beside them."""


@dataclass(slots=True)
class TextSpan:
    """One text part of an answer as it grew."""

    index: int
    pieces: list[str] = field(default_factory=list)
    raw: bytes = b""

    def encoded(self) -> bytes:
        """The text so far in UTF-8."""
        if self.pieces:
            self.raw += "".join(self.pieces).encode("utf-8", "replace")
            self.pieces = []
        return self.raw


class AnswerText:
    """The text of one candidate, for turning byte offsets into a part and characters."""

    __slots__ = ("_size", "spans")

    def __init__(self) -> None:
        self.spans: list[TextSpan] = []
        self._size = 0

    def add(self, text: str) -> None:
        """More text of the newest part."""
        self._size += len(text)
        if self._size <= MAX_TRACKED:
            self.spans[-1].pieces.append(text)

    def locate(self, start: int, end: int) -> tuple[int, int, int] | None:
        """`(part index, first character, character after the last)` of a byte range; None where there is no such text."""
        if self._size > MAX_TRACKED or end <= start:
            return None
        base = 0
        for span in self.spans:
            raw = span.encoded()
            if start < base + len(raw):
                stop = min(end - base, len(raw))
                first = len(raw[: start - base].decode("utf-8", "ignore"))
                return span.index, first, len(raw[:stop].decode("utf-8", "ignore"))
            base += len(raw)
        return None


def read_citations(candidate: JsonObject, text: AnswerText) -> list[tuple[int | None, Citation]]:
    """The citations of a candidate, each with the index of the text part it belongs to (None: no telling)."""
    return list(islice(_citations(candidate, text), MAX_CITATIONS))


def _citations(candidate: JsonObject, text: AnswerText) -> Iterator[tuple[int | None, Citation]]:
    yield from _grounding(candidate.get("groundingMetadata"), text)
    metadata = candidate.get("citationMetadata")
    entries = metadata.get("citations") if isinstance(metadata, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            citation = Citation("url", _string(entry, "uri"), _string(entry, "title"), protocol=NAME, raw=entry)
            yield _place(citation, entry, text), citation


def _grounding(metadata: Any, text: AnswerText) -> Iterator[tuple[int | None, Citation]]:
    if not isinstance(metadata, dict):
        return
    chunks, supports = metadata.get("groundingChunks"), metadata.get("groundingSupports")
    if not isinstance(chunks, list) or not isinstance(supports, list):
        return
    for support in supports:
        if not isinstance(support, dict):
            continue
        segment = support.get("segment")
        sources = support.get("groundingChunkIndices")
        for number in sources if isinstance(sources, list) else ():
            if type(number) is int and 0 <= number < len(chunks) and isinstance(chunks[number], dict):
                citation = _citation(chunks[number])
                yield _place(citation, segment if isinstance(segment, dict) else {}, text), citation


def _place(citation: Citation, segment: JsonObject, text: AnswerText) -> int | None:
    start, end = segment.get("startIndex", 0), segment.get("endIndex", 0)
    if type(start) is not int or type(end) is not int or start < 0:
        return None
    found = text.locate(start, end)
    if found is None:
        return None
    index, citation.start, citation.end = found
    return index


_KINDS: dict[str, Literal["url", "file", "document", "other"]] = {
    "web": "url",
    "retrievedContext": "file",
    "maps": "url",
    "image": "url",
}


def _citation(chunk: JsonObject) -> Citation:
    for key, kind in _KINDS.items():
        source = chunk.get(key)
        if isinstance(source, dict):
            return Citation(
                kind,
                url=_string(source, "uri") or _string(source, "sourceUri"),
                title=_string(source, "title"),
                cited_text=_string(source, "text") if key == "retrievedContext" else None,
                file_id=_string(source, "documentName"),
                protocol=NAME,
                raw=chunk,
            )
    return Citation("other", protocol=NAME, raw=chunk)


def _string(source: JsonObject, key: str) -> str | None:
    value = source.get(key)
    return value if isinstance(value, str) else None


def write_grounding(texts: list[tuple[str, list[Citation]]]) -> JsonObject | None:
    """`groundingMetadata` for the text parts of one candidate with their citations; None where there are none."""
    chunks: dict[tuple[str | None, ...], int] = {}
    bodies: list[JsonObject] = []
    supports: list[JsonObject] = []
    base = 0
    for text, citations in texts:
        for citation in citations:
            body = _chunk(citation)
            key = (citation.kind, citation.url, citation.title, citation.file_id, citation.cited_text)
            number = chunks.setdefault(key, len(bodies))
            if number == len(bodies):
                bodies.append(body)
            start = citation.start or 0
            end = len(text) if citation.end is None else citation.end
            segment: JsonObject = {"endIndex": base + _size(text[:end]), "text": text[start:end]}
            if base + start:
                segment["startIndex"] = base + _size(text[:start])
            supports.append({"segment": segment, "groundingChunkIndices": [number]})
        base += _size(text)
    return {"groundingChunks": bodies, "groundingSupports": supports} if supports else None


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _chunk(citation: Citation) -> JsonObject:
    known = {"uri": citation.url, "title": citation.title}
    source: JsonObject = {key: value for key, value in known.items() if value is not None}
    if citation.kind == "url":
        return {"web": source}
    if citation.cited_text is not None:
        source["text"] = citation.cited_text
    if citation.file_id is not None:
        source["documentName"] = citation.file_id
    return {"retrievedContext": source}
