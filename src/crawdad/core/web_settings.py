"""`tools.web.*`: reading and searching the web."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from crawdad.core.section import SecretValue, Section

SearchProvider = Literal["brave", "perplexity", "tavily", "searxng", "gemini", "grok", "kimi"]


class WebFetchSettings(Section):
    """`tools.web.fetch.*`."""

    enabled: bool = True
    max_chars: int = Field(50_000, ge=100)
    max_chars_cap: int = Field(50_000, ge=100)
    """More than this no call gets, whatever it asks for."""
    max_bytes: int = Field(2 * 1024 * 1024, ge=1024)
    timeout_seconds: float = Field(30.0, gt=0)
    cache_ttl_minutes: float = Field(15.0, ge=0)
    user_agent: str | None = None


class SearchServiceSettings(Section):
    """`tools.web.search.<service>.*`. What is left out is the service's own."""

    api_key: SecretValue | None = None
    base_url: str | None = None
    model: str | None = None


class WebSearchSettings(Section):
    """`tools.web.search.*`."""

    enabled: bool = True
    provider: SearchProvider | None = None
    """Unset: the first that has what it needs."""
    api_key: SecretValue | None = None
    """The key of Brave's service."""
    max_results: int = Field(5, ge=1, le=10)
    timeout_seconds: float = Field(30.0, gt=0)
    cache_ttl_minutes: float = Field(15.0, ge=0)
    brave: SearchServiceSettings = SearchServiceSettings()
    perplexity: SearchServiceSettings = SearchServiceSettings()
    tavily: SearchServiceSettings = SearchServiceSettings()
    searxng: SearchServiceSettings = SearchServiceSettings()
    gemini: SearchServiceSettings = SearchServiceSettings()
    grok: SearchServiceSettings = SearchServiceSettings()
    kimi: SearchServiceSettings = SearchServiceSettings()


class WebToolsSettings(Section):
    """`tools.web.*`."""

    fetch: WebFetchSettings = WebFetchSettings()
    search: WebSearchSettings = WebSearchSettings()
