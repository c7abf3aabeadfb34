"""Citations and log probabilities of answer text, both ways. Readers never raise: what makes no sense is left out."""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import Citation, JsonObject, TokenLogprob
from crawdad.wire.openai_responses.support import NAME


def read_annotations(raw: Any) -> list[Citation]:
    """The citations in an `annotations` array."""
    return [read_annotation(item) for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []


def read_annotation(source: JsonObject) -> Citation:
    """One citation. A file citation has a position, not a range."""
    kind = source.get("type")
    start = _whole(source.get("start_index"))
    return Citation(
        kind="url" if kind == "url_citation" else "file" if "file_id" in source else "other",
        url=_string(source.get("url")),
        title=_string(source.get("title")) or _string(source.get("filename")),
        start=_whole(source.get("index")) if start is None and kind == "file_citation" else start,
        end=_whole(source.get("end_index")),
        file_id=_string(source.get("file_id")),
        protocol=NAME,
        raw=source,
    )


def write_annotation(citation: Citation, text: str) -> JsonObject:
    """A citation of any origin. Without a range it covers the whole `text`, as its vendor meant it."""
    if citation.protocol == NAME and citation.raw is not None:
        return citation.raw
    start = 0 if citation.start is None else citation.start
    end = len(text) if citation.end is None else citation.end
    if citation.url is not None:
        return {
            "type": "url_citation",
            "url": citation.url,
            "title": citation.title or citation.url,
            "start_index": start,
            "end_index": end,
        }
    return {
        "type": "file_citation",
        "file_id": citation.file_id or "",
        "filename": citation.title or citation.file_id or "document",
        "index": end,
    }


def read_logprobs(raw: Any) -> list[TokenLogprob]:
    """The tokens in a `logprobs` array."""
    return [_read_logprob(item) for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []


def _read_logprob(source: JsonObject) -> TokenLogprob:
    logprob, utf8, top = source.get("logprob"), source.get("bytes"), source.get("top_logprobs")
    return TokenLogprob(
        token=_string(source.get("token")) or "",
        logprob=float(logprob) if isinstance(logprob, (int, float)) else 0.0,
        utf8=utf8 if isinstance(utf8, list) and all(type(byte) is int for byte in utf8) else None,
        top=[
            TokenLogprob(rival.token, rival.logprob, rival.utf8)
            for rival in (_read_logprob({**item, "top_logprobs": None}) for item in top if isinstance(item, dict))
        ]
        if isinstance(top, list)
        else [],
    )


def write_logprob(token: TokenLogprob) -> JsonObject:
    """One token with its rivals. Bytes are required by the protocol, so they are made where nobody gave them."""
    return {
        "token": token.token,
        "bytes": _bytes(token),
        "logprob": token.logprob,
        "top_logprobs": [
            {"token": rival.token, "bytes": _bytes(rival), "logprob": rival.logprob} for rival in token.top
        ],
    }


def _bytes(token: TokenLogprob) -> list[int]:
    return list(token.token.encode("utf-8", "replace")) if token.utf8 is None else token.utf8


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None
