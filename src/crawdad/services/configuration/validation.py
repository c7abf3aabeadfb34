"""Turns a tree into `Settings`, finding everything that is wrong with it at once, in our own words."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from crawdad.core.settings import Settings
from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.json5.document import Node, plain
from crawdad.services.configuration.known_keys import nearest
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.problems import has_errors
from crawdad.services.schedule.expression import parse

_KINDS = {
    "string_type": "text",
    "is_instance_of": "text",
    "string_too_short": "filled",
    "int_type": "integer",
    "int_parsing": "integer",
    "int_parsing_size": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "float_parsing": "number",
    "finite_number": "number",
    "bool_type": "boolean",
    "bool_parsing": "boolean",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
    "tuple_type": "list",
    "list_type": "list",
}
"""What a value should have been, by the validator's word for the fault."""

_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("most", "le"),
}
_PLACEHOLDERS = frozenset(
    [
        "admin",
        "change-me",
        "change_me",
        "changeme",
        "default",
        "example",
        "none",
        "null",
        "password",
        "replace-me",
        "secret",
        "test",
        "token",
        "undefined",
        "your-api-key",
        "your-token",
        "your-token-here",
        "your_token",
        "xxx",
    ]
)
_SHORT_SECRET = 16


def validated(root: Node, findings: Findings) -> Settings | None:
    """The settings that the tree says, or None when it holds an error. All problems go to `findings`."""
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(plain(root), by_alias=True, by_name=False)
    except ValidationError as error:
        for details in error.errors(include_url=False, include_context=True, include_input=False):
            _report(root, details, findings)
    _check_addresses(root, findings)
    _check_tokens(root, findings)
    _check_hooks(root, findings)
    _check_backup(root, findings)
    return None if has_errors(findings.problems) else settings


def _report(root: Node, details: ErrorDetails, findings: Findings) -> None:
    """One of the validator's errors in our words, placed at the nearest node that exists."""
    path: Path = tuple(details["loc"])
    place, depth = root, 0
    for key in path:
        below = place.child(key)
        if below is None:
            break
        place, depth = below, depth + 1
    kind, context = details["type"], details.get("ctx", {})
    if findings.is_faulty(path):
        return
    if kind == "missing":
        findings.error("missing", path, place, key=path[-1])
    elif kind == "literal_error":
        _report_choice(path, place, str(context.get("expected", "")), findings)
    elif kind in _BOUNDS:
        word, name = _BOUNDS[kind]
        findings.error(f"bound.{word}", path, place, limit=f"{context.get(name):g}")
    elif kind in _KINDS:
        findings.error(f"kind.{_KINDS[kind]}", path, place)
    else:
        findings.error("kind.other", path, place)


def _report_choice(path: Path, node: Node, expected: str, findings: Findings) -> None:
    choices = re.findall(r"'([^']*)'", expected)
    near = nearest(node.content, choices) if isinstance(node.content, str) else None
    if near is None:
        findings.error("choice", path, node, choices=", ".join(choices))
    else:
        findings.error("choice.near", path, node, near=near, choices=", ".join(choices))


def _check_addresses(root: Node, findings: Findings) -> None:
    bind = root.find(("gateway", "bind"))
    text = bind.content if bind is not None else None
    if isinstance(text, str) and not _is_bind(text) and not findings.is_faulty(("gateway", "bind")):
        findings.error("bind", ("gateway", "bind"), bind)
    for key in ("publicUrl", "authUrl", "tokenUrl", "deviceUrl", "userinfoUrl"):
        _check_url(root, ("oauth", "google", key), findings)
    providers = root.find(("models", "providers"))
    for name in providers.content if providers is not None and isinstance(providers.content, dict) else ():
        _check_url(root, ("models", "providers", name, "baseUrl"), findings)


def _check_url(root: Node, path: Path, findings: Findings) -> None:
    url = root.find(path)
    text = url.content if url is not None else None
    if isinstance(text, str) and text and not _is_web_address(text) and not findings.is_faulty(path):
        findings.error("base_url", path, url)


def _is_bind(text: str) -> bool:
    if text in ("loopback", "lan"):
        return True
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_tokens(root: Node, findings: Findings) -> None:
    """Our own credentials must not be empty or well known, and the door not open to a network."""
    auth = root.find(("gateway", "auth"))
    seen: set[Node] = set()
    for key in ("token", "adminToken", "password"):
        path: Path = ("gateway", "auth", key)
        node = root.find(path)
        if node is None or not isinstance(node.content, str) or node in seen:
            continue
        seen.add(node)
        secret = node.content.strip().strip("<>").lower()
        if not secret or secret in _PLACEHOLDERS:
            findings.error("token.placeholder", path, node)
        elif len(node.content) < _SHORT_SECRET:
            findings.warning("token.short", path, node, length=_SHORT_SECRET)
    mode = auth.child("mode") if auth is not None else None
    bind: Any = getattr(root.find(("gateway", "bind")), "content", "loopback")
    if mode is not None and mode.content == "none" and not _is_loopback(str(bind)):
        findings.error("auth.open", ("gateway", "auth", "mode"), mode)
    if mode is not None and mode.content == "trusted-proxy":
        _check_trusted_proxy(root, mode, findings)


def _check_trusted_proxy(root: Node, mode: Node, findings: Findings) -> None:
    """A proxy that says who comes must be named, and the header in which it says so."""
    proxies = root.find(("gateway", "trustedProxies"))
    header = root.find(("gateway", "auth", "trustedProxy", "userHeader"))
    if proxies is None or not proxies.content or header is None or not header.content:
        findings.error("auth.proxy", ("gateway", "auth", "mode"), mode)


def _check_hooks(root: Node, findings: Findings) -> None:
    """Hooks need a token, and a path of their own."""
    hooks = root.find(("hooks",))
    enabled = root.find(("hooks", "enabled"))
    if hooks is None or enabled is None or enabled.content is not True:
        return
    token = root.find(("hooks", "token"))
    if token is None or not token.content:
        findings.error("hooks.token", ("hooks", "token"), token or hooks)
    path = root.find(("hooks", "path"))
    if path is not None and isinstance(path.content, str):
        bare = path.content.strip().strip("/")
        if not bare or bare.partition("/")[0] in ("v1", "v1beta", "api", "media", "tools"):
            findings.error("hooks.path", ("hooks", "path"), path)
    default = root.find(("hooks", "defaultSessionKey"))
    prefixes = root.find(("hooks", "allowedSessionKeyPrefixes"))
    if prefixes is None or not isinstance(prefixes.content, list):
        return
    allowed = tuple(str(item.content).strip().lower() for item in prefixes.content)
    needed = "hook:" if default is None else str(default.content).strip().lower()
    if not needed.startswith(allowed):
        findings.error("hooks.prefixes", ("hooks", "allowedSessionKeyPrefixes"), prefixes, key=needed)


def _check_backup(root: Node, findings: Findings) -> None:
    """The times of snapshots must be times."""
    path: Path = ("backup", "schedule")
    node = root.find(path)
    if node is None or not isinstance(node.content, str):
        return
    try:
        parse(node.content)
    except ValueError:
        findings.error("backup.schedule", path, node)


def _is_loopback(bind: str) -> bool:
    return bind == "loopback" or (bind != "lan" and _is_bind(bind) and ip_address(bind).is_loopback)
