"""The list of skills that ClawHub (or a registry that speaks as it does) offers, kept for when it cannot be asked.

Its documented API: `GET /api/v1/skills?sort=downloads` answers `{items: [{slug, displayName, summary, …}], nextCursor}`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Timeouts, Transport, UpstreamCall
from crawdad.core.text import Text
from crawdad.store.key_values import KeyValues

Source = Literal["remote", "cache", "empty", "error"]
_KEPT = "skills.registry"
_PAGE = 200
_MOST_PAGES = 3
_MOST_BYTES = 4 * 1024 * 1024
_SECONDS = 20.0
_FRESH_SECONDS = 60.0
_PATIENCE = Timeouts(connect=5.0, first_byte=10.0, idle=10.0)
_LONGEST = {"id": 128, "name": 200, "description": 500, "version": 64}


@dataclass(frozen=True, slots=True)
class Listing:
    """What there is to be had. `at`: when the registry said so, Unix seconds. `problem`: why it could not be asked now."""

    skills: list[JsonObject]
    source: Source
    at: float | None = None
    problem: GatewayError | None = None


class SkillRegistry:
    """Asks at most once a minute; the address is the operator's, and is looked at like that of a caller (no private network
    unless the settings allow it)."""

    def __init__(self, transport: Transport, url: Callable[[], str], values: KeyValues, clock: Clock) -> None:
        self._transport = transport
        self._url = url
        self._values = values
        self._clock = clock
        self._asking = asyncio.Lock()

    async def sync(self) -> Listing:
        """The list as the registry has it, else as it last said it."""
        async with self._asking:
            url = self._url().rstrip("/")
            kept = await self._values.get(_KEPT)
            kept = kept if isinstance(kept, dict) and kept.get("url") == url else None
            if kept is not None and 0 <= self._clock.now() - kept["at"] < _FRESH_SECONDS:
                return Listing(kept["skills"], "cache", kept["at"])
            try:
                async with asyncio.timeout(_SECONDS):
                    skills = await self._ask(url)
            except TimeoutError:
                return _without_answer(kept, GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("skills.registry_slow")))
            except GatewayError as error:
                return _without_answer(kept, error)
            if not skills:
                return Listing(kept["skills"], "cache", kept["at"]) if kept is not None else Listing([], "empty")
            now = self._clock.now()
            await self._values.put(_KEPT, {"url": url, "at": now, "skills": skills})
            return Listing(skills, "remote", now)

    async def _ask(self, url: str) -> list[JsonObject]:
        found: dict[str, JsonObject] = {}
        cursor = ""
        for _ in range(_MOST_PAGES):
            query = {"sort": "downloads", "limit": str(_PAGE), "nonSuspiciousOnly": "true"}
            page = await self._page(
                f"{url}/api/v1/skills?{urlencode({**query, **({'cursor': cursor} if cursor else {})})}"
            )
            items = page.get("items")
            for item in items if isinstance(items, list) else []:
                entry = _entry(item)
                if entry is not None:
                    found.setdefault(entry["id"], entry)
            following = page.get("nextCursor")
            if not isinstance(following, str) or following in ("", cursor):
                break
            cursor = following
        return list(found.values())

    async def _page(self, url: str) -> dict[str, Any]:
        call = UpstreamCall("GET", url, {"accept": "application/json"}, None, _PATIENCE, guarded=True)
        answer = await self._transport.send(call)
        try:
            body = await answer.read(_MOST_BYTES)
        finally:
            await answer.close()
        if answer.status != 200:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, Text("skills.registry_refused", {"status": answer.status}))
        try:
            page = orjson.loads(body)
        except orjson.JSONDecodeError:
            page = None
        if not isinstance(page, dict):
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("skills.registry_broken"))
        return page


def _without_answer(kept: dict[str, Any] | None, problem: GatewayError) -> Listing:
    return Listing(kept["skills"], "cache", kept["at"], problem) if kept else Listing([], "error", None, problem)


def _entry(item: Any) -> JsonObject | None:
    if not isinstance(item, dict) or not isinstance(item.get("slug"), str) or not item["slug"]:
        return None
    latest, stats = item.get("latestVersion"), item.get("stats")
    told = {
        "id": item["slug"],
        "name": item.get("displayName") or item["slug"],
        "description": item.get("summary") or "",
        "version": latest.get("version") if isinstance(latest, dict) else "",
    }
    entry: JsonObject = {key: str(value or "")[: _LONGEST[key]] for key, value in told.items()}
    downloads = stats.get("downloads") if isinstance(stats, dict) else None
    return {**entry, "downloads": downloads} if isinstance(downloads, int) else entry
