"""OpenClaw's configuration made ours: what is left out of its text, and what of it is new where there is one already."""

from __future__ import annotations

from typing import Any

from crawdad.core.sessions import normalise_agent_id
from crawdad.services.configuration.json5.document import plain
from crawdad.services.configuration.json5.rewriting import readable, rewrite, with_object
from crawdad.services.configuration.paths import Path

_PLACES: tuple[tuple[str, ...], ...] = (
    ("agents", "defaults", "workspace"),
    ("agents", "list", "*", "workspace"),
    ("agents", "list", "*", "agentDir"),
    ("agent", "workspace"),
    ("session", "store"),
    ("cron", "store"),
)
"""Where its own folders are named. What lies in them is copied to where ours are."""


def without_places(text: str, mount: Path = ()) -> str:
    """The text of a file whose value stands at `mount`, without the places; comments and all else stay. Raises BAD_REQUEST for
    one that cannot be read."""
    root = plain(readable(with_object(text)))
    return rewrite(text, _stripped(root, tuple(str(key) for key in mount)))


def _stripped(value: Any, at: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _stripped(item, (*at, key)) for key, item in value.items() if not _is_place((*at, key), item)}
    if isinstance(value, list):
        return [_stripped(item, (*at, "*")) for item in value]
    return value


def _is_place(path: tuple[str, ...], value: Any) -> bool:
    wanted = tuple("*" if key.isdecimal() else key for key in path)
    return wanted in _PLACES and isinstance(value, str)


def without_value(text: str, path: Path) -> str | None:
    """The text without what stands at `path`, or without the nearest thing around it that the text has; None: there is none."""
    from crawdad.core.errors import GatewayError
    from crawdad.services.configuration import edits

    for length in range(len(path), 0, -1):
        try:
            return edits.unset_value(text, path[:length])
        except GatewayError:
            continue
    return None


def news(theirs: Any, ours: Any) -> Any:
    """What `theirs` has and `ours` has not, as a patch: keys of objects, and agents by their ids. What both have stays ours;
    empty: nothing."""
    found: dict[str, Any] = {}
    for key, value in theirs.items():
        if key == "$include":
            continue
        if key not in ours:
            found[key] = value
        elif isinstance(value, dict) and isinstance(ours[key], dict) and (inner := news(value, ours[key])):
            found[key] = inner
    agents, known = _agents(theirs), _agents(ours)
    if known:
        ids = {_id(entry) for entry in known}
        fresh = [
            {**entry, "default": False} if entry.get("default") else entry for entry in agents if _id(entry) not in ids
        ]
        if fresh:
            found.setdefault("agents", {})["list"] = fresh
    return found


def joined(text: str, patch: dict[str, Any]) -> str:
    """The text with a patch of `news` in it."""
    return rewrite(text, _joined(plain(readable(with_object(text))), patch))


def _joined(value: Any, patch: Any) -> Any:
    if isinstance(value, dict) and isinstance(patch, dict):
        return {**value, **{key: _joined(value.get(key), item) for key, item in patch.items()}}
    if isinstance(value, list) and isinstance(patch, list):
        return [*value, *patch]
    return patch


def _agents(value: Any) -> list[dict[str, Any]]:
    agents = value.get("agents") if isinstance(value, dict) else None
    found = agents.get("list") if isinstance(agents, dict) else None
    return [entry for entry in found if isinstance(entry, dict) and entry.get("id")] if isinstance(found, list) else []


def _id(entry: dict[str, Any]) -> str:
    return normalise_agent_id(str(entry["id"]))
