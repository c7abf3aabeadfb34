"""`tools.web.*`: reading and searching the web."""

from __future__ import annotations

from pydantic import Field

from crawdad.core.section import Section


class WebFetchSettings(Section):
    """`tools.web.fetch.*`."""

    enabled: bool = True
    max_chars: int = Field(50_000, ge=100)


class WebToolsSettings(Section):
    """`tools.web.*`."""

    fetch: WebFetchSettings = WebFetchSettings()
