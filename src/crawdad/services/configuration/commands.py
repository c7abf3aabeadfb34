"""What the command line and the panels do with a configuration: get, set, unset, patch, validate.

Paths are written as people write them (`models.providers.openai.apiKey`). Secrets come out masked unless revealed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.secret import Secret, mask
from crawdad.core.text import Text
from crawdad.services.configuration import edits
from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.json5.document import plain, same
from crawdad.services.configuration.json5.parser import parse
from crawdad.services.configuration.loading import Loaded, Origin
from crawdad.services.configuration.paths import Path, format_path, parse_path
from crawdad.services.configuration.problems import Problem
from crawdad.services.configuration.secret_paths import looks_secret
from crawdad.services.configuration.source import Check, ConfigurationSource, Written

_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Reading:
    """A value in effect, as plain JSON, and where it comes from. `masked`: some secret in it is not shown."""

    path: str
    value: Any
    origin: Origin
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a configuration is free of errors, everything found, and the files that were read."""

    valid: bool
    problems: tuple[Problem, ...]
    files: tuple[str, ...]


async def get(source: ConfigurationSource, path: str, reveal: bool = False) -> Reading:
    """The value in effect at `path` (empty: everything). Raises NOT_FOUND, BAD_REQUEST (no path, or not readable)."""
    keys = parse_path(path)
    loaded = source.loaded or await source.load()
    value = _find(_effective(loaded), keys)
    if value is _NOTHING:
        raise GatewayError(ErrorKind.NOT_FOUND, Text("configuration.edit.missing", {"path": format_path(keys)}))
    view = _View(reveal)
    shown = view.of(value, str(keys[-1]) if keys else "")
    return Reading(format_path(keys), shown, loaded.origin(keys), view.masked)


async def set_value(
    source: ConfigurationSource, path: str, text: str, base_hash: str | None = None, as_text: bool = False
) -> Written:
    """Put `text` at `path` of the main file: the JSON5 value it reads as, or the text itself where it does not
    (or with `as_text`).
    """
    keys = parse_path(path)
    value = text if as_text else _json5_or_text(text)
    return await source.write(lambda old: edits.set_value(old, keys, value), base_hash, _takes_effect(keys, value))


async def unset_value(source: ConfigurationSource, path: str, base_hash: str | None = None) -> Written:
    """Remove the value at `path` from the main file. Raises NOT_FOUND when it is not there."""
    keys = parse_path(path)
    return await source.write(lambda old: edits.unset_value(old, keys), base_hash, _takes_effect(keys, _NOTHING))


async def merge_patch(source: ConfigurationSource, patch: dict[str, Any], base_hash: str | None = None) -> Written:
    """Apply a JSON merge patch (RFC 7396) to the main file."""
    return await source.write(lambda old: edits.merge_patch(old, patch), base_hash)


async def validate(source: ConfigurationSource) -> Verdict:
    """Read everything anew and say what is wrong with it."""
    loaded = await source.load()
    return Verdict(loaded.is_valid, loaded.problems, loaded.files)


def _json5_or_text(text: str) -> Any:
    parsed = parse(text)
    return text if parsed.root is None or parsed.problems else plain(parsed.root)


def takes_effect(patch: Mapping[str, Any]) -> Check:
    """Finds out whether an included file or an environment variable stands against what a merge patch sets."""
    checks = [_takes_effect(path, _NOTHING if value is None else value) for path, value in _leaves(patch)]

    def check(loaded: Loaded) -> list[Problem]:
        return [problem for each in checks for problem in each(loaded)]

    return check


def _leaves(patch: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for key, value in patch.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _takes_effect(path: Path, value: Any) -> Check:
    """Finds out whether an included file or an environment variable stands against setting `value` at `path`."""

    def check(loaded: Loaded) -> list[Problem]:
        findings = Findings()
        node = loaded.stated.find(path)
        if (node is not None) if value is _NOTHING else (node is None or not same(plain(node), value)):
            findings.error("edit.included", path, node)
        origin = loaded.origin(path)
        if origin.kind == "environment":
            findings.warning("edit.overridden", path, None, variable=origin.variable)
        return findings.problems

    return check


def _effective(loaded: Loaded) -> Any:
    """Everything in effect: the settings, and what stands in the files besides."""
    value = plain(loaded.root)
    return _over(value, loaded.settings.model_dump(by_alias=True)) if loaded.settings else value


def _over(base: Any, top: Any) -> Any:
    """`top` laid over `base`, key by key; lists are of `top`."""
    if not isinstance(base, dict) or not isinstance(top, Mapping):
        return top
    return {**base, **{key: _over(base.get(key), value) for key, value in top.items()}}


def _find(value: Any, path: Path) -> Any:
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(str(key), _NOTHING)
        elif isinstance(value, list | tuple) and str(key).isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return _NOTHING
    return value


class _View:
    """Makes values presentable; remembers whether it hid something."""

    def __init__(self, reveal: bool) -> None:
        self.reveal = reveal
        self.masked = False

    def of(self, value: Any, key: str) -> Any:
        if isinstance(value, Mapping):
            return {str(name): self.of(item, str(name)) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.of(item, key) for item in value]
        if isinstance(value, Secret):
            return self.secret(value.reveal())
        return self.secret(value) if isinstance(value, str) and looks_secret(key) else value

    def secret(self, value: str) -> str:
        if self.reveal or not value:
            return value
        self.masked = True
        return mask(value)
