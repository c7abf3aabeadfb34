"""A configuration as a panel shows and saves it: parts of it are not shown, and are kept when the rest comes back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from crawdad.services.configuration import edits
from crawdad.services.configuration.json5.rewriting import rewrite
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.redaction import restored

Edit = Callable[[str], str]


def without(value: Any, hidden: Sequence[Path]) -> Any:
    """The value without what stands at the `hidden` paths; an object that has nothing else goes with it."""
    for path in hidden:
        value = _without(value, path)
    return value


def replacing(value: dict[str, Any], hidden: Sequence[Path]) -> Edit:
    """The edit that puts `value` in place of all that was shown: what is hidden and the secrets that were masked stay as they
    were, and so do the comments. Raises BAD_REQUEST where the old text cannot be read: what nobody could see is not written
    over."""

    def edit(text: str) -> str:
        old = edits.value_of(text)
        wanted = without(value, hidden)
        for path in hidden:
            wanted = _kept(wanted, old, path)
        return restored(rewrite(text, wanted), text)

    return edit


def merging(path: Path, patch: dict[str, Any]) -> Edit:
    """The edit that lays `patch` over the object at `path`, key by key: what stands below a key is replaced, not merged. Masked
    secrets stay as they were."""

    def edit(text: str) -> str:
        present = _at(edits.value_of(text), path)
        merged = {**(present if isinstance(present, dict) else {}), **patch}
        return restored(edits.set_value(text, path, merged), text)

    return edit


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _without(value: Any, path: Path) -> Any:
    if not isinstance(value, dict) or path[0] not in value:
        return value
    rest = {key: item for key, item in value.items() if key != path[0]}
    if len(path) == 1:
        return rest
    below = _without(value[path[0]], path[1:])
    return value if below is value[path[0]] else rest if below == {} else value | {path[0]: below}


def _kept(value: Any, old: Any, path: Path) -> Any:
    if not isinstance(old, dict) or path[0] not in old:
        return value
    present = value if isinstance(value, dict) else {}
    if len(path) == 1:
        return {**present, path[0]: old[path[0]]}
    below = _kept(present.get(path[0]), old[path[0]], path[1:])
    return value if below is None else {**present, path[0]: below}
