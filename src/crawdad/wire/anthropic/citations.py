"""Citations, both ways.

A citation here covers the whole text block that carries it. One of another vendor that points to a URL is told as
`web_search_result_location`; its required `encrypted_index` is a sealed copy of the original, so that the client's next
turn brings it back exactly and it is never shown to a vendor that did not make it.
"""

from __future__ import annotations

from typing import Any, Literal

from crawdad.core.parts import Citation, JsonObject
from crawdad.wire.anthropic.support import NAME
from crawdad.wire.seals import seal, unseal

_KINDS: dict[str, Literal["url", "document"]] = {
    "web_search_result_location": "url",
    "char_location": "document",
    "page_location": "document",
    "content_block_location": "document",
}


def read_citation(raw: JsonObject) -> Citation:
    """A citation of a client's history or a vendor's answer. Never raises."""
    foreign = unseal(_text(raw, "encrypted_index"))
    if foreign is not None:
        return _unsealed(raw, foreign)
    url = _text(raw, "url")
    kind: Literal["url", "document", "other"] = _KINDS.get(_text(raw, "type") or "", "other")
    if raw.get("type") == "search_result_location":
        source = _text(raw, "source") or ""
        kind, url = ("url", source) if source.startswith(("http://", "https://")) else ("document", None)
    return Citation(
        kind=kind,
        url=url,
        title=_text(raw, "title") or _text(raw, "document_title"),
        cited_text=_text(raw, "cited_text"),
        file_id=_text(raw, "file_id"),
        protocol=NAME,
        raw=raw,
    )


def read_citations(raw: Any) -> list[Citation]:
    """The citations of a text block; what is no object is passed over."""
    return [read_citation(item) for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []


def write_citation(citation: Citation) -> JsonObject | None:
    """A citation in an answer to a client; None where it cannot be told."""
    if citation.protocol == NAME and citation.raw is not None:
        return citation.raw
    if citation.kind != "url" or not citation.url:
        return None
    original = {"p": citation.protocol, "start": citation.start, "end": citation.end, "raw": citation.raw}
    return {
        "type": "web_search_result_location",
        "url": citation.url,
        "title": citation.title,
        "cited_text": citation.cited_text or "",
        "encrypted_index": seal(original),
    }


def write_citations(citations: list[Citation]) -> list[JsonObject]:
    """Those of `citations` that can be told."""
    return [raw for raw in map(write_citation, citations) if raw is not None]


def own_citations(citations: list[Citation]) -> list[JsonObject]:
    """Those of `citations` that a vendor of this protocol made: only they may go back to it."""
    return [item.raw for item in citations if item.protocol == NAME and item.raw is not None]


def _unsealed(raw: JsonObject, original: JsonObject) -> Citation:
    start, end, vendors = original.get("start"), original.get("end"), original.get("raw")
    return Citation(
        kind="url",
        url=_text(raw, "url"),
        title=_text(raw, "title"),
        start=start if isinstance(start, int) else None,
        end=end if isinstance(end, int) else None,
        cited_text=_text(raw, "cited_text") or None,
        protocol=_text(original, "p") or "",
        raw=vendors if isinstance(vendors, dict) else None,
    )


def _text(source: JsonObject, key: str) -> str | None:
    value = source.get(key)
    return value if isinstance(value, str) else None
