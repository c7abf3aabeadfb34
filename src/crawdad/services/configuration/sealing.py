"""Secrets at rest: plain ones in a file are replaced by their encrypted form, encrypted ones are opened on load.

References (`${NAME}`, SecretRefs) hold no secret and are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crawdad.core.errors import GatewayError
from crawdad.core.ports import SecretBox
from crawdad.core.secret import SEALED_PREFIX
from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.json5.document import Node, plain
from crawdad.services.configuration.json5.parser import parse
from crawdad.services.configuration.json5.rewriting import rewrite
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.references import is_reference
from crawdad.services.configuration.secret_paths import secrets_in
from crawdad.services.configuration.substitution import escaped, literal, refers_to_environment
from crawdad.services.configuration.trees import put, replaced


def needs_sealing(root: Node | None, mount: Path = ()) -> bool:
    """Whether a secret stands in plain text in the file whose value `root` stands at `mount`."""
    return root is not None and any(_is_plain(node) for _, node in secrets_in(root, mount))


def sealed(text: str, mounts: Iterable[Path], box: SecretBox) -> str:
    """The text of a file whose value stands at `mounts` with its plain secrets encrypted; layout and comments stay.

    A text that cannot be read comes back as it is. Raises `GatewayError` when the box has no key.
    """
    parsed = parse(text)
    if parsed.root is None or parsed.problems:
        return text
    target: Any = None
    for mount in mounts:
        for path, node in secrets_in(parsed.root, mount):
            if _is_plain(node):
                token = box.encrypt(literal(str(node.content)))
                target = _with(plain(parsed.root) if target is None else target, path[len(mount) :], token)
    return text if target is None else rewrite(text, target)


def opened(root: Node, box: SecretBox, findings: Findings) -> Node:
    """The tree with its encrypted secrets in plain text, written so that substitution keeps them as they are.

    One that cannot be opened is an error and becomes null.
    """
    for path, node in list(secrets_in(root)):
        if isinstance(node.content, str) and node.content.startswith(SEALED_PREFIX):
            secret: str | None = None
            try:
                secret = box.decrypt(node.content)
            except GatewayError as error:
                findings.error("sealed", path, node, reason=error.text)
            root = put(root, path, replaced(node, escaped(secret) if secret is not None else None))
    return root


def revealed(value: Any, box: SecretBox) -> Any:
    """A plain value with its encrypted secrets in plain text, spelled as a file may have them. Raises `GatewayError` when one
    cannot be opened."""
    if isinstance(value, dict):
        return {key: revealed(item, box) for key, item in value.items()}
    if isinstance(value, list):
        return [revealed(item, box) for item in value]
    if isinstance(value, str) and value.startswith(SEALED_PREFIX):
        return escaped(box.decrypt(value))
    return value


def _is_plain(node: Node) -> bool:
    text = node.content
    if not isinstance(text, str) or not text or text.startswith(SEALED_PREFIX):
        return False
    return not refers_to_environment(text) and not is_reference(text)


def _with(value: Any, path: Path, new: str) -> Any:
    """The value with `new` at `path`, changed in place."""
    if not path:
        return new
    value[path[0]] = _with(value[path[0]], path[1:], new)
    return value
