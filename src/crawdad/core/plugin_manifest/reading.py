"""Reads manifests; every fault is told with its place."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_hooks import HOOKS
from crawdad.core.plugin_manifest.manifest import PERMISSIONS, CommandOffer, Manifest, Offers, PluginPermissions, Words
from crawdad.core.plugin_manifest.versions import PLUGIN_API, VERSION, api_fits, ranges_of
from crawdad.core.text import Text

MANIFEST_NAMES = ("crawdad.plugin.json", "crawdad.plugin.toml")
FOREIGN_MANIFEST = "openclaw.plugin.json"
MOST_BYTES = 256 * 1024

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_ENTRY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_HOST = re.compile(r"(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::\d{1,5})?|\*")
_PATH = re.compile(r"/[\x21-\x7e]{0,199}")
_HINTS = frozenset(("label", "help", "placeholder", "sensitive", "advanced", "order", "multiline"))
_NAMES = ("tools", "hooks", "channels", "providers", "routes", "methods", "services", "skills")
_KEYS = frozenset(
    (
        *("id", "version", "name", "description", "crawdad", "entry", "kind", "isolated", "offers", "permissions"),
        *("configSchema", "uiHints", "homepage", "license"),
    )
)


@dataclass(frozen=True, slots=True)
class ManifestProblem:
    """Something wrong with a manifest. `path` is empty where it is the whole."""

    path: str
    message: Text


def read_manifest(data: bytes, file_name: str) -> Manifest:
    """The manifest in a file of that name. Raises BAD_REQUEST; `details["problems"]` tells all that is wrong."""
    problems: list[ManifestProblem] = []
    document = _parsed(data, file_name, problems)
    manifest = _Reader(problems).manifest(document) if document is not None else None
    if manifest is None or problems:
        raise bad_manifest(file_name, problems)
    return manifest


def bad_manifest(file_name: str, problems: list[ManifestProblem]) -> GatewayError:
    """The error that tells what is wrong with a manifest."""
    first = problems[0]
    values = {"file": file_name, "path": first.path or "-", "problem": first.message, "more": len(problems) - 1}
    told = [
        {"path": each.path, "message": each.message.render("en"), "message_zh": each.message.render("zh")}
        for each in problems
    ]
    return GatewayError(
        ErrorKind.BAD_REQUEST, Text("plugins.bad_manifest", values), {"code": "bad_manifest", "problems": told}
    )


def _parsed(data: bytes, file_name: str, problems: list[ManifestProblem]) -> JsonObject | None:
    if len(data) > MOST_BYTES:
        problems.append(ManifestProblem("", Text("plugins.manifest.too_large", {"bytes": MOST_BYTES})))
        return None
    try:
        text = data.decode("utf-8")
        document = tomllib.loads(text) if file_name.endswith(".toml") else json.loads(text)
    except (ValueError, RecursionError) as error:  # both parsers' errors are ValueErrors
        problems.append(ManifestProblem("", Text("plugins.manifest.unreadable", {"reason": str(error)[:200]})))
        return None
    if not isinstance(document, dict):
        problems.append(ManifestProblem("", Text("plugins.manifest.type", {"wanted": "object"})))
        return None
    return document


class _Reader:
    """Reads a document, and notes what is wrong."""

    def __init__(self, problems: list[ManifestProblem]) -> None:
        self._problems = problems

    def manifest(self, document: JsonObject) -> Manifest:
        self._known(document, _KEYS, "")
        offers = self._offers(self._object(document, "offers"))
        schema = self._schema(self._object(document, "configSchema"))
        return Manifest(
            id=self._matched(document, "id", _ID, "plugins.manifest.id"),
            version=self._matched(document, "version", VERSION, "plugins.manifest.version"),
            entry=self._matched(document, "entry", _ENTRY, "plugins.manifest.entry"),
            api=self._api(document),
            name=self._words(document.get("name", document.get("id", "")), "name"),
            description=self._words(document.get("description", ""), "description"),
            kind=self._text(document, "kind"),
            isolated=self._flag(document, "isolated"),
            offers=offers,
            permissions=self._permissions(self._object(document, "permissions")),
            config_schema=schema,
            ui_hints=self._hints(self._object(document, "uiHints")),
            homepage=self._text(document, "homepage"),
            license=self._text(document, "license"),
        )

    def _fault(self, at: str, key: str, **values: object) -> None:
        self._problems.append(ManifestProblem(at, Text(key, values)))

    def _known(self, document: JsonObject, keys: frozenset[str], path: str) -> None:
        for key in document:
            if key not in keys and not key.startswith("x-"):
                self._fault(f"{path}.{key}".lstrip("."), "plugins.manifest.unknown", known=", ".join(sorted(keys)))

    def _object(self, document: JsonObject, key: str) -> JsonObject:
        found = document.get(key)
        if found is None:
            return {}
        if not isinstance(found, dict):
            self._fault(key, "plugins.manifest.type", wanted="object")
            return {}
        return found

    def _text(self, document: JsonObject, key: str, most: int = 200) -> str:
        found = document.get(key, "")
        if not isinstance(found, str) or len(found) > most or not found.isprintable():
            self._fault(key, "plugins.manifest.text", most=most)
            return ""
        return found

    def _matched(self, document: JsonObject, key: str, pattern: re.Pattern[str], fault: str) -> str:
        if key not in document:
            self._fault(key, "plugins.manifest.missing")
            return ""
        found = document[key]
        if not isinstance(found, str) or len(found) > 200 or not pattern.fullmatch(found):
            self._fault(key, fault)
            return ""
        return found

    def _flag(self, document: JsonObject, key: str, path: str = "") -> bool:
        found = document.get(key, False)
        if not isinstance(found, bool):
            self._fault(path or key, "plugins.manifest.type", wanted="boolean")
            return False
        return found

    def _api(self, document: JsonObject) -> str:
        found = document.get("crawdad")
        here = ".".join(map(str, PLUGIN_API))
        if found is None:
            self._fault("crawdad", "plugins.manifest.missing")
        elif not isinstance(found, str) or ranges_of(found) is None:
            self._fault("crawdad", "plugins.manifest.range")
        elif not api_fits(found):
            self._fault("crawdad", "plugins.manifest.other_api", wanted=found, here=here)
        else:
            return found
        return ""

    def _words(self, found: Any, path: str) -> Words:
        both = {"en": found, "zh": found} if isinstance(found, str) else found
        if not isinstance(both, dict) or not both.keys() <= {"en", "zh"}:
            self._fault(path, "plugins.manifest.words")
            return Words()
        if not all(isinstance(each, str) and len(each) <= 1000 and _is_plain(each) for each in both.values()):
            self._fault(path, "plugins.manifest.text", most=1000)
            return Words()
        return Words(both.get("en", ""), both.get("zh", ""))

    def _list(self, document: JsonObject, key: str, path: str, pattern: re.Pattern[str] | None) -> tuple[str, ...]:
        found = document.get(key, [])
        if not isinstance(found, list) or len(found) > 200:
            self._fault(path, "plugins.manifest.type", wanted="array")
            return ()
        kept: list[str] = []
        for place, each in enumerate(found):
            at = f"{path}[{place}]"
            if not isinstance(each, str) or not 0 < len(each) <= 200 or not each.isprintable():
                self._fault(at, "plugins.manifest.text", most=200)
            elif pattern is not None and not pattern.fullmatch(each):
                self._fault(at, "plugins.manifest.name", name=each)
            elif each in kept:
                self._fault(at, "plugins.manifest.twice", name=each)
            else:
                kept.append(each)
        return tuple(kept)

    def _offers(self, document: JsonObject) -> Offers:
        self._known(document, frozenset((*_NAMES, "commands", "handlers")), "offers")
        lists = {
            name: self._list(document, name, f"offers.{name}", {"routes": _PATH, "skills": None}.get(name, _NAME))
            for name in _NAMES
        }
        for place, name in enumerate(lists["hooks"]):
            if name not in HOOKS:
                self._fault(f"offers.hooks[{place}]", "plugins.manifest.hook", name=name, known=", ".join(HOOKS))
        for place, path in enumerate(lists["skills"]):
            if path.startswith(("/", "\\")) or ".." in path.split("/"):
                self._fault(f"offers.skills[{place}]", "plugins.manifest.outside", path=path)
        handlers = self._flag(document, "handlers", "offers.handlers")
        return Offers(**lists, handlers=handlers, commands=self._commands(document.get("commands", [])))

    def _commands(self, found: Any) -> tuple[CommandOffer, ...]:
        if not isinstance(found, list) or len(found) > 50:
            self._fault("offers.commands", "plugins.manifest.type", wanted="array")
            return ()
        kept: list[CommandOffer] = []
        for place, each in enumerate(found):
            path = f"offers.commands[{place}]"
            if isinstance(each, str):
                each = {"name": each}
            if not isinstance(each, dict):
                self._fault(path, "plugins.manifest.type", wanted="object")
                continue
            self._known(each, frozenset(("name", "description")), path)
            name = each.get("name")
            if not isinstance(name, str) or not _ID.fullmatch(name):
                self._fault(f"{path}.name", "plugins.manifest.id")
                continue
            kept.append(CommandOffer(name, self._words(each.get("description", ""), f"{path}.description")))
        return tuple(kept)

    def _permissions(self, document: JsonObject) -> PluginPermissions:
        self._known(document, frozenset(PERMISSIONS), "permissions")
        patterns: Mapping[str, re.Pattern[str]] = {"network": _HOST}
        return PluginPermissions(
            **{name: self._list(document, name, f"permissions.{name}", patterns.get(name)) for name in PERMISSIONS}
        )

    def _schema(self, document: JsonObject) -> JsonObject:
        if not document:
            return {"type": "object", "properties": {}, "additionalProperties": False}
        if document.get("type") != "object" or not isinstance(document.get("properties", {}), dict):
            self._fault("configSchema", "plugins.manifest.schema")
        return document

    def _hints(self, document: JsonObject) -> JsonObject:
        for path, hint in document.items():
            if not isinstance(hint, dict):
                self._fault(f"uiHints.{path}", "plugins.manifest.type", wanted="object")
                continue
            self._known(hint, _HINTS, f"uiHints.{path}")
            for key in ("label", "help", "placeholder"):
                if key in hint:
                    self._words(hint[key], f"uiHints.{path}.{key}")
        return document


def _is_plain(text: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in text)
