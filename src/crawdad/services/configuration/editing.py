"""The configuration as somebody far away edits it: the text without its secrets, written back whole or as a patch.

A write is tied to the hash of the text that it was made from: two who edit at once cannot undo each other's work unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.files import MISSING
from crawdad.core.text import Text
from crawdad.services.configuration import edits
from crawdad.services.configuration.json5.rewriting import rewrite
from crawdad.services.configuration.problems import Problem
from crawdad.services.configuration.redaction import redacted, redacted_text, restored
from crawdad.services.configuration.running import RunningConfiguration

Edit = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A configuration to be shown. `raw` is None where the text cannot be read."""

    path: str
    exists: bool
    hash: str
    raw: str | None
    parsed: dict[str, Any]
    effective: dict[str, Any]
    problems: tuple[Problem, ...]


class ConfigurationEditor:
    """Reads and writes the main file of the running configuration."""

    def __init__(self, running: RunningConfiguration) -> None:
        self._running = running

    async def show(self) -> Shown:
        """The configuration as the files have it now."""
        loaded = await self._running.load()
        text, digest = await self._running.text()
        raw = redacted_text(text) if text else ""
        parsed = edits.value_of(raw) if raw else {}
        effective = redacted(await self._running.effective())
        return Shown(self._running.path, digest != MISSING, digest, raw, parsed, effective, tuple(loaded.problems))

    async def replace(self, raw: str, base_hash: str | None) -> Shown:
        """Put another text in its place. Raises BAD_REQUEST, CONFLICT."""
        return await self._write(lambda old: restored(raw, old), base_hash)

    async def patch(self, raw: str, base_hash: str | None) -> Shown:
        """Merge a JSON5 object into it: objects merge, null removes, lists replace; lists of objects that all have an
        `id` merge by it. Raises BAD_REQUEST, CONFLICT."""
        patch = edits.value_of(raw)

        def edit(old: str) -> str:
            return restored(rewrite(old, merged(edits.value_of(old), patch)), old)

        return await self._write(edit, base_hash)

    async def problems_of(self, raw: str) -> tuple[Problem, ...]:
        """What would be wrong with another text in its place; nothing is written. Raises BAD_REQUEST for what is no text of a
        configuration."""
        return await self._running.problems_of(lambda old: restored(raw, old))

    async def edit(self, edit: Edit) -> None:
        """Put what `edit` makes of the text as it is now in its place. Raises BAD_REQUEST."""
        await self._running.write(edit)

    async def _write(self, edit: Edit, base_hash: str | None) -> Shown:
        _, digest = await self._running.text()
        if digest != MISSING:
            if base_hash is None:
                raise GatewayError(ErrorKind.CONFLICT, Text("configuration.hash_required"))
            if base_hash != digest:
                raise GatewayError(ErrorKind.CONFLICT, Text("configuration.hash_changed"))
        try:
            await self._running.write(edit, digest)
        except GatewayError as error:
            if error.kind is ErrorKind.CONFLICT:
                raise GatewayError(ErrorKind.CONFLICT, Text("configuration.hash_changed")) from error
            raise
        return await self.show()


def merged(value: Any, patch: Any) -> Any:
    """`patch` merged into `value`."""
    if isinstance(patch, list) and isinstance(value, list) and _all_named(patch) and _all_named(value):
        known = {item["id"]: item for item in value}
        for item in patch:
            known[item["id"]] = merged(known.get(item["id"]), item)
        return list(known.values())
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), item)
    return result


def _all_named(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in items)
