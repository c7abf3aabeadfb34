"""Citations and log probabilities, both ways."""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import Citation, JsonObject, TokenLogprob
from crawdad.wire.openai_chat.support import NAME


def read_annotations(values: Any) -> list[Citation]:
    """The citations in `annotations`: `url_citation`, or whatever else a vendor puts there, kept raw."""
    return [_read_annotation(value) for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _read_annotation(raw: JsonObject) -> Citation:
    body = raw.get("url_citation")
    if not isinstance(body, dict):
        return Citation("file" if raw.get("type") == "file" else "other", protocol=NAME, raw=raw)
    start, end = body.get("start_index"), body.get("end_index")
    return Citation(
        "url",
        url=_text(body.get("url")),
        title=_text(body.get("title")),
        start=start if type(start) is int else None,
        end=end if type(end) is int else None,
        cited_text=_text(body.get("content")),
        protocol=NAME,
        raw=raw,
    )


def write_annotation(citation: Citation, base: int, length: int) -> JsonObject:
    """A citation as an annotation of the message.

    `base` is where the citation's part begins in the message's content and `length` how long the part is so far: a
    citation without offsets covers all of it. Citations of documents become `url_citation` too, with what they have.
    """
    if citation.raw is not None and citation.protocol == NAME:
        return citation.raw
    start = 0 if citation.start is None else citation.start
    end = length if citation.end is None else citation.end
    body: JsonObject = {
        "url": citation.url or citation.file_id or "",
        "title": citation.title or "",
        "start_index": base + start,
        "end_index": base + end,
    }
    if citation.cited_text:
        body["content"] = citation.cited_text
    return {"type": "url_citation", "url_citation": body}


def read_logprobs(values: Any) -> list[TokenLogprob]:
    """The tokens of `logprobs.content` or `logprobs.refusal`; entries that make no sense are left out."""
    if not isinstance(values, list):
        return []
    return [token for value in values if (token := _read_token(value, deep=True)) is not None]


def _read_token(raw: Any, deep: bool) -> TokenLogprob | None:
    if not isinstance(raw, dict):
        return None
    token, logprob = raw.get("token"), raw.get("logprob")
    if not isinstance(token, str) or not isinstance(logprob, (int, float)) or isinstance(logprob, bool):
        return None
    utf8, top = raw.get("bytes"), raw.get("top_logprobs") if deep else None
    return TokenLogprob(
        token,
        logprob,
        utf8 if isinstance(utf8, list) and all(type(byte) is int for byte in utf8) else None,
        [rival for item in top if (rival := _read_token(item, deep=False)) is not None]
        if isinstance(top, list)
        else [],
    )


def write_logprobs(content: list[TokenLogprob], refusal: list[TokenLogprob]) -> JsonObject | None:
    """The `logprobs` object of a choice, None where there are none."""
    if not content and not refusal:
        return None
    return {
        "content": [_write_token(token) for token in content] if content else None,
        "refusal": [_write_token(token) for token in refusal] if refusal else None,
    }


def _write_token(token: TokenLogprob) -> JsonObject:
    return {
        "token": token.token,
        "bytes": token.utf8,
        "logprob": token.logprob,
        "top_logprobs": [{"token": rival.token, "bytes": rival.utf8, "logprob": rival.logprob} for rival in token.top],
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
