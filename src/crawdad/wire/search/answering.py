"""Services whose model searches and answers: Perplexity, Gemini, Grok, Kimi.

Sources: docs.perplexity.ai (chat completions), ai.google.dev/gemini-api/docs/google-search, docs.x.ai (responses with
`web_search`), platform.moonshot.ai/docs (`$web_search`).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from crawdad.wire.fields import unreadable
from crawdad.wire.search.query import Asked, Found, Hit, Query, hits_of, object_of, objects_of, text_of

_PERIODS = frozenset(("day", "week", "month", "year"))
_LONGEST = 16_000
_WITHIN = {"day": "the last day", "week": "the last week", "month": "the last month", "year": "the last year"}


def _in_words(query: Query) -> str:
    """The query for a model that has no knobs for its limits."""
    wishes = []
    if query.freshness:
        wishes.append(f"only from {_WITHIN.get(query.freshness, query.freshness.replace('to', ' to '))}")
    if query.country:
        wishes.append(f"for the country {query.country.upper()}")
    if query.language:
        wishes.append(f"in the language {query.language}")
    return f"{query.text} ({', '.join(wishes)})" if wishes else query.text


class Perplexity:
    """Perplexity's Sonar models, also through an address that speaks the same."""

    name = "perplexity"
    base_url = "https://api.perplexity.ai"
    model = "sonar-pro"
    needs_key = True

    def write(self, query: Query, key: str, model: str) -> Asked:
        body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": query.text}]}
        if query.freshness in _PERIODS:
            body["search_recency_filter"] = query.freshness
        return Asked("POST", "/chat/completions", {"Authorization": f"Bearer {key}"}, body)

    def read(self, document: Any) -> Found:
        message = _message(document)
        found = [
            Hit(
                text_of(one.get("title"), 300),
                text_of(one.get("url")),
                text_of(one.get("snippet")),
                text_of(one.get("date"), 100),
            )
            for one in objects_of(document.get("search_results"))
        ]
        cited = document.get("citations")
        found += [Hit("", url) for url in cited if isinstance(url, str)] if isinstance(cited, list) else []
        return Found(hits_of(found), text_of(message.get("content"), _LONGEST))

    def go_on(self, asked: Asked, document: Any) -> Asked | None:
        return None


class Gemini:
    """Gemini with Google Search."""

    name = "gemini"
    base_url = "https://generativelanguage.googleapis.com/v1beta"
    model = "gemini-2.5-flash"
    needs_key = True

    def write(self, query: Query, key: str, model: str) -> Asked:
        body = {
            "contents": [{"role": "user", "parts": [{"text": _in_words(query)}]}],
            "tools": [{"google_search": {}}],
        }
        return Asked("POST", f"/models/{quote(model, safe='')}:generateContent", {"x-goog-api-key": key}, body)

    def read(self, document: Any) -> Found:
        candidates = objects_of(document.get("candidates")) if isinstance(document, dict) else []
        if not candidates:
            raise unreadable("no answer in it")
        parts = objects_of(object_of(candidates[0].get("content")).get("parts"))
        text = "".join(part["text"] for part in parts if isinstance(part.get("text"), str) and not part.get("thought"))
        chunks = objects_of(object_of(candidates[0].get("groundingMetadata")).get("groundingChunks"))
        pages = [object_of(chunk.get("web")) for chunk in chunks]
        hits = [Hit(text_of(page.get("title"), 300), text_of(page.get("uri"))) for page in pages]
        return Found(hits_of(hits), text_of(text, _LONGEST))

    def go_on(self, asked: Asked, document: Any) -> Asked | None:
        return None


class Grok:
    """Grok with its own search."""

    name = "grok"
    base_url = "https://api.x.ai/v1"
    model = "grok-4-1-fast"
    needs_key = True

    def write(self, query: Query, key: str, model: str) -> Asked:
        body = {
            "model": model,
            "input": [{"role": "user", "content": _in_words(query)}],
            "tools": [{"type": "web_search"}],
        }
        return Asked("POST", "/responses", {"Authorization": f"Bearer {key}"}, body)

    def read(self, document: Any) -> Found:
        if not isinstance(document, dict) or not isinstance(document.get("output"), list):
            raise unreadable("no answer in it")
        words: list[str] = []
        hits: list[Hit] = []
        for item in objects_of(document["output"]):
            for part in objects_of(item.get("content")):
                if isinstance(part.get("text"), str):
                    words.append(part["text"])
                hits += [
                    Hit(text_of(note.get("title"), 300), text_of(note.get("url")))
                    for note in objects_of(part.get("annotations"))
                ]
        cited = document.get("citations")
        hits += [Hit("", url) for url in cited if isinstance(url, str)] if isinstance(cited, list) else []
        return Found(hits_of(hits), text_of("".join(words), _LONGEST))

    def go_on(self, asked: Asked, document: Any) -> Asked | None:
        return None


class Kimi:
    """Kimi with its own search: the model calls `$web_search`, and gets its own arguments back until it answers."""

    name = "kimi"
    base_url = "https://api.moonshot.ai/v1"
    model = "kimi-k2-turbo-preview"
    needs_key = True

    def write(self, query: Query, key: str, model: str) -> Asked:
        body = {
            "model": model,
            "messages": [{"role": "user", "content": _in_words(query)}],
            "tools": [{"type": "builtin_function", "function": {"name": "$web_search"}}],
        }
        return Asked("POST", "/chat/completions", {"Authorization": f"Bearer {key}"}, body)

    def read(self, document: Any) -> Found:
        hits = [
            Hit(text_of(one.get("title"), 300), text_of(one.get("url")), text_of(one.get("content")))
            for one in objects_of(document.get("search_results"))
        ]
        return Found(hits_of(hits), text_of(_message(document).get("content"), _LONGEST))

    def go_on(self, asked: Asked, document: Any) -> Asked | None:
        message = _message(document)
        calls = objects_of(message.get("tool_calls"))
        if not calls:
            return None
        assert asked.body is not None
        results = [
            {
                "role": "tool",
                "tool_call_id": text_of(call.get("id")),
                "name": text_of(object_of(call.get("function")).get("name")),
                "content": text_of(object_of(call.get("function")).get("arguments"), 100_000),
            }
            for call in calls
        ]
        body = {**asked.body, "messages": [*asked.body["messages"], message, *results]}
        return Asked(asked.method, asked.path, asked.headers, body)


def _message(document: Any) -> dict[str, Any]:
    choices = objects_of(document.get("choices")) if isinstance(document, dict) else []
    if not choices or not isinstance(choices[0].get("message"), dict):
        raise unreadable("no answer in it")
    found: dict[str, Any] = choices[0]["message"]
    return found
