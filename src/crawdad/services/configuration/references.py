"""SecretRefs: `{source: "env"|"file", provider, id}` (and `"$NAME"`) in place of a secret, as OpenClaw writes them.

`env` names an environment variable. `file` names a value in a file that `secrets.providers.<provider>` describes:
`{source: "file", path, mode}`; with mode `json` the id is a JSON pointer (RFC 6901) into it, with mode `singleValue`
the id is `value` and the whole file is the secret.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from crawdad.core.errors import GatewayError
from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.includes import Reader
from crawdad.services.configuration.json5.document import Node
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.secret_paths import secrets_in
from crawdad.services.configuration.trees import exchanged, replaced

_SHORTHAND = re.compile(r"\$([A-Z][A-Z0-9_]*)")


def is_reference(value: object) -> bool:
    """Whether a plain value at the place of a secret is a reference to one."""
    return isinstance(value, dict) or (isinstance(value, str) and _SHORTHAND.fullmatch(value) is not None)


async def resolve_references(root: Node, environment: Mapping[str, str], read: Reader, findings: Findings) -> Node:
    """The tree with every SecretRef replaced by its secret; one that cannot be resolved is an error and becomes null."""
    resolver = _Resolver(root, environment, read, findings)
    found: dict[int, Node] = {}
    for path, node in await asyncio.to_thread(_references, root):
        if isinstance(node.content, dict):
            found[id(node)] = replaced(node, await resolver.resolve(path, node))
        else:
            value = environment.get(str(node.content).removeprefix("$")) or None
            if value is None:
                findings.error("reference.variable", path, node)
            found[id(node)] = replaced(node, value)
    return await asyncio.to_thread(exchanged, root, found) if found else root


def _references(root: Node) -> list[tuple[Path, Node]]:
    return [(path, node) for path, node in secrets_in(root) if is_reference(node.content)]


class _Resolver:
    def __init__(self, root: Node, environment: Mapping[str, str], read: Reader, findings: Findings) -> None:
        self.root = root
        self.environment = environment
        self.read = read
        self.findings = findings

    async def resolve(self, path: Path, node: Node) -> str | None:
        source, name = (self.text(node.child(key)) for key in ("source", "id"))
        if source == "env" and name:
            return self.variable(path, node, name)
        if source == "file" and name:
            return await self.file(path, node, name)
        self.findings.error("reference.shape", path, node)
        return None

    def variable(self, path: Path, node: Node, name: str) -> str | None:
        value = self.environment.get(name)
        if not value:
            self.findings.error("variable.missing", path, node, variable=name)
        return value or None

    async def file(self, path: Path, node: Node, pointer: str) -> str | None:
        alias = self.text(node.child("provider")) or self.text(self.root.find(("secrets", "defaults", "file"))) or ""
        provider = self.root.find(("secrets", "providers", alias))
        location = self.text(provider.child("path")) if provider else None
        if provider is None or self.text(provider.child("source")) != "file" or not location:
            self.findings.error("reference.provider", path, node, provider=alias)
            return None
        try:
            file = await self.read(location)
        except GatewayError as error:
            self.findings.error("reference.file", path, node, reason=error.text)
            return None
        text = file.text if file else ""
        secret = text.strip() if self.text(provider.child("mode")) == "singleValue" else _pointed_at(text, pointer)
        if not secret:
            self.findings.error("reference.nothing", path, node, id=pointer, file=location)
        return secret or None

    @staticmethod
    def text(node: Node | None) -> str | None:
        return node.content if node is not None and isinstance(node.content, str) else None


def _pointed_at(text: str, pointer: str) -> str | None:
    """The string at a JSON pointer of a JSON text, or None."""
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for step in pointer.removeprefix("/").split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isascii() and key.isdecimal() and int(key[:9]) < len(value):
            value = value[int(key[:9])]
        else:
            return None
    return value if isinstance(value, str) else None
