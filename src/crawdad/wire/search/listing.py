"""Services that list pages: Brave, Tavily, SearXNG.

Sources: api-dashboard.search.brave.com/app/documentation, docs.tavily.com, docs.searxng.org/dev/search_api.html.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from crawdad.wire.fields import unreadable
from crawdad.wire.search.query import Asked, Found, Hit, Query, hits_of, object_of, objects_of, text_of

_BRAVE_FRESHNESS = {"day": "pd", "week": "pw", "month": "pm", "year": "py"}
_PERIODS = frozenset(("day", "week", "month", "year"))


class Brave:
    """Brave Search."""

    name = "brave"
    base_url = "https://api.search.brave.com/res/v1"
    model = ""
    needs_key = True

    def write(self, query: Query, key: str, model: str) -> Asked:
        asked = {"q": query.text, "count": str(query.count)}
        if query.country:
            asked["country"] = query.country.upper()
        if query.language:
            asked["search_lang"] = query.language
        if query.ui_language:
            asked["ui_lang"] = query.ui_language
        if query.freshness:
            asked["freshness"] = _BRAVE_FRESHNESS.get(query.freshness, query.freshness)
        return Asked("GET", f"/web/search?{urlencode(asked)}", {"X-Subscription-Token": key})

    def read(self, document: Any) -> Found:
        if not isinstance(document, dict):
            raise unreadable("no search results in it")
        results = objects_of(object_of(document.get("web")).get("results"))
        return Found(
            hits_of(
                [
                    Hit(
                        text_of(one.get("title"), 300),
                        text_of(one.get("url")),
                        text_of(one.get("description")),
                        text_of(one.get("page_age")) or text_of(one.get("age"), 100),
                    )
                    for one in results
                ]
            )
        )

    def go_on(self, asked: Asked, document: Any) -> Asked | None:
        return None


class Tavily:
    """Tavily."""

    name = "tavily"
    base_url = "https://api.tavily.com"
    model = ""
    needs_key = True

    def write(self, query: Query, key: str, model: str) -> Asked:
        body: dict[str, Any] = {"query": query.text, "max_results": query.count}
        if query.freshness in _PERIODS:
            body["time_range"] = query.freshness
        elif "to" in query.freshness:
            body["start_date"], _, body["end_date"] = query.freshness.partition("to")
        return Asked("POST", "/search", {"Authorization": f"Bearer {key}"}, body)

    def read(self, document: Any) -> Found:
        if not isinstance(document, dict) or not isinstance(document.get("results"), list):
            raise unreadable("no search results in it")
        return Found(_plain_hits(document), text_of(document.get("answer"), 8000))

    def go_on(self, asked: Asked, document: Any) -> Asked | None:
        return None


class Searxng:
    """SearXNG, wherever the operator has one. Its answers as JSON must be switched on there (`search.formats`)."""

    name = "searxng"
    base_url = ""
    model = ""
    needs_key = False

    def write(self, query: Query, key: str, model: str) -> Asked:
        asked = {"q": query.text, "format": "json"}
        if query.language:
            asked["language"] = query.language
        if query.freshness in _PERIODS:
            asked["time_range"] = query.freshness
        return Asked("GET", f"/search?{urlencode(asked)}", {"Authorization": f"Bearer {key}"} if key else {})

    def read(self, document: Any) -> Found:
        if not isinstance(document, dict) or not isinstance(document.get("results"), list):
            raise unreadable("no search results in it")
        return Found(_plain_hits(document))

    def go_on(self, asked: Asked, document: Any) -> Asked | None:
        return None


def _plain_hits(document: dict[str, Any]) -> tuple[Hit, ...]:
    return hits_of(
        [
            Hit(
                text_of(one.get("title"), 300),
                text_of(one.get("url")),
                text_of(one.get("content")),
                text_of(one.get("published_date")) or text_of(one.get("publishedDate"), 100),
            )
            for one in objects_of(document["results"])
        ]
    )
