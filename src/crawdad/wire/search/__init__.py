"""How the search services of the web are spelled: one module each, pure; `SERVICES` has them all by name."""

from __future__ import annotations

from crawdad.wire.search.answering import Gemini, Grok, Kimi, Perplexity
from crawdad.wire.search.listing import Brave, Searxng, Tavily
from crawdad.wire.search.query import Asked as Asked
from crawdad.wire.search.query import Found as Found
from crawdad.wire.search.query import Hit as Hit
from crawdad.wire.search.query import Query as Query
from crawdad.wire.search.query import SearchService as SearchService

SERVICES: dict[str, SearchService] = {
    service.name: service for service in (Brave(), Perplexity(), Tavily(), Searxng(), Gemini(), Grok(), Kimi())
}
"""In the order in which they are looked at where none is named."""
