"""What is asked of a search service and what it found, in no service's spelling."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from crawdad.core.parts import JsonObject


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for. `freshness` is day, week, month, year or `YYYY-MM-DDtoYYYY-MM-DD`. `country` has two letters,
    `language` is a code such as `en` or `zh-hans`."""

    text: str
    count: int = 5
    country: str = ""
    language: str = ""
    ui_language: str = ""
    freshness: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One HTTP request: the path behind the service's address, with its query."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One page that was found."""

    title: str
    url: str
    snippet: str = ""
    published: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a service found: pages, and where a model answered, its words."""

    hits: tuple[Hit, ...] = ()
    answer: str = ""


class SearchService(Protocol):
    """A service. `base_url` is where it is unless the operator says otherwise; empty: only the operator can say."""

    name: str
    base_url: str
    model: str
    needs_key: bool

    def write(self, query: Query, key: str, model: str) -> Asked:
        """The request."""

    def read(self, document: Any) -> Found:
        """Its answer. Raises UPSTREAM_BROKEN where it is none."""

    def go_on(self, asked: Asked, document: Any) -> Asked | None:
        """What has to be asked next before there is an answer; None: there is one."""


def text_of(value: Any, longest: int = 2000) -> str:
    """A text out of anything."""
    return value.strip()[:longest] if isinstance(value, str) else ""


def objects_of(value: Any) -> list[JsonObject]:
    """The objects in a list out of anything."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def object_of(value: Any) -> JsonObject:
    """An object out of anything."""
    return value if isinstance(value, dict) else {}


def hits_of(found: list[Hit]) -> tuple[Hit, ...]:
    """Each page once, and only those with an address of the web."""
    unique = {hit.url: hit for hit in reversed(found) if hit.url.startswith(("http://", "https://"))}
    return tuple(reversed(unique.values()))
