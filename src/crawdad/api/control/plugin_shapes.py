"""Plugins as clients of the control channel see them: in OpenClaw's shapes, which have no room for anything else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.plugin_hooks import HOOKS
from crawdad.core.plugin_manifest import Manifest
from crawdad.core.plugins import FoundPlugin
from crawdad.core.text import Language, Text
from crawdad.services.plugins.administration import PluginView

_STATES = {"loaded": "enabled", "disabled": "disabled", "error": "error", "down": "error"}
_TAKEN = ("reserved", "twice")
"""Faults of one that cannot be named by its id, as another one has that."""
_ALIKE = ("channels", "providers", "tools", "hooks", "skills")
"""What both sides know under the same name."""
_ELSEWHERE = ("routes", "methods", "services")
"""What the schema has no list of: it stands among the contracts."""
_ARCHIVES = (".zip", ".whl", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_CONVERSATION = frozenset(("text", "arguments"))
"""Fields of hooks that hold what is said, or what tools are asked."""


def plugin_shape(view: PluginView) -> JsonObject:
    """An entry of `plugins.list`. Every plugin that there is lies somewhere here, and so is installed."""
    found, manifest, entry = view.standing.found, view.standing.found.manifest, view.entry
    shape = _head(view) | {"state": _STATES[entry["status"]], "removable": _is_removable(found)}
    if package := _package_of(found.record):
        shape["packageName"] = package
    if manifest is not None and manifest.kind:
        shape["kind"] = [manifest.kind]
    if entry.get("error"):
        shape["error"] = entry["error"]
    return shape


def diagnostics(views: Iterable[PluginView], unknown: Iterable[str], language: Language = "en") -> list[JsonObject]:
    """What is to be said of plugins: faults, failures, why one is not used that nobody has switched off; and which of the
    settings' ids nobody has."""
    told: list[JsonObject] = []
    for view in views:
        entry, reason = view.entry, view.standing.reason
        if entry.get("error"):
            told.append(_diagnostic("error", view, entry["error"]))
        elif entry.get("reason") and (reason is None or reason.key != "plugins.disabled"):
            told.append(_diagnostic("warn", view, entry["reason"]))
        elif entry["failures"]:
            values = {"failures": entry["failures"], "last": entry["lastFailure"] or ""}
            told.append(_diagnostic("warn", view, Text("plugins.has_failed", values).render(language)))
        if entry["sandboxed"] is False:
            told.append(_diagnostic("warn", view, Text("plugins.unconfined").render(language)))
    for plugin in unknown:
        message = Text("plugins.unknown", {"id": plugin}).render(language)
        told.append({"level": "warn", "pluginId": plugin, "message": message})
    return told


def inspection(view: PluginView) -> JsonObject:
    """The result of `plugins.inspect`: what a plugin declares, where it comes from, what it may."""
    found, manifest = view.standing.found, view.standing.found.manifest
    shape: JsonObject = {
        "ok": True,
        "plugin": _head(view),
        "declared": declared(manifest),
        "reviewToken": review_token(view),
        "grants": {"hooks": _grants(manifest)},
    }
    source = _source(found)
    return {**shape, "source": source} if source else shape


def declared(manifest: Manifest | None) -> JsonObject:
    """What a plugin offers and asks for. The contracts hold what the schema has no list of: its slot, its doors of HTTP and
    of the control channel, its services, and its permissions."""
    lists: dict[str, list[str]] = {name: [] for name in ("contracts", "mcpServers", "cliBackends")}
    lists |= {"dangerousConfigFlags": []}
    if manifest is None:
        return lists | {name: [] for name in (*_ALIKE, "cliCommands")}
    offers = manifest.offers
    lists |= {name: list(offers.names(name)) for name in _ALIKE}
    lists["cliCommands"] = list(offers.names("commands"))
    contracts = lists["contracts"]
    contracts += [f"slot:{manifest.kind}"] if manifest.kind else []
    contracts += [f"{kind}:{name}" for kind in _ELSEWHERE for name in offers.names(kind)]
    contracts += ["handlers"] if offers.handlers else []
    asked = manifest.permissions.document
    contracts += [f"permissions.{name}:{value}" for name, values in asked.items() for value in values]
    return lists


def review_token(view: PluginView) -> str:
    """Stands for a plugin as it is now: with other files, or another manifest, it is another one."""
    found = view.standing.found
    version = found.manifest.version if found.manifest is not None else ""
    seen = [found.id, found.origin, version, found.digest, declared(found.manifest)]
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def _head(view: PluginView) -> JsonObject:
    found, entry = view.standing.found, view.entry
    chosen = found.manifest is not None and found.problem is None and view.standing.status != "disabled"
    shape: JsonObject = {
        "id": found.id,
        "name": entry["name"],
        "description": entry["description"],
        "origin": found.origin,
        "installed": True,
        "enabled": chosen,
    }
    return {**shape, "version": entry["version"]} if entry["version"] else shape


def _diagnostic(level: str, view: PluginView, message: str) -> JsonObject:
    found, entry = view.standing.found, view.entry
    own = {name: entry[name] for name in ("status", "failures", "lastFailure")}
    told: JsonObject = {"level": level, "pluginId": found.id, "message": message, **own}
    return {**told, "source": found.folder} if found.folder else told


def _is_removable(found: FoundPlugin) -> bool:
    taken = found.problem is not None and (found.problem.details or {}).get("code") in _TAKEN
    return found.origin == "installed" and not taken


def _package_of(record: Mapping[str, Any]) -> str:
    if record.get("kind") != "pypi":
        return ""
    return str(record.get("source", "")).removeprefix("pypi:").partition("==")[0]


def _source(found: FoundPlugin) -> JsonObject | None:
    """Where it comes from; None where that is not known, or nothing that the schema has a word for."""
    record = found.record
    if found.origin == "bundled":
        return {"kind": "bundled"}
    if found.origin == "path":
        return {"kind": "path", "spec": found.folder}
    spec = str(record.get("source") or "")
    if found.origin != "installed" or not spec:
        return None
    if record.get("kind") == "git":
        return {"kind": "git", "spec": spec, "integrity": spec.rpartition("@")[2], "integrityKind": "git-commit"}
    is_folder = record.get("kind") == "file" and not spec.lower().endswith(_ARCHIVES)
    source: JsonObject = {"kind": "path" if is_folder else "archive", "spec": spec}
    if record.get("sha256"):
        source |= {"integrity": str(record["sha256"]), "integrityKind": "sha256"}
    if package := _package_of(record):
        source["packageName"] = package
    return source


def _grants(manifest: Manifest | None) -> JsonObject:
    """What the declared hooks let it do; it gets no others."""
    hooks = [HOOKS[name] for name in (manifest.offers.hooks if manifest is not None else ()) if name in HOOKS]
    prompts = any("extra_system" in hook.changes for hook in hooks)
    hears = any(_CONVERSATION & {each.name for each in fields(hook)} for hook in hooks)
    return {"allowPromptInjection": {"effective": prompts}, "allowConversationAccess": {"effective": hears}}
