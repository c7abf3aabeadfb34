"""The head of a SKILL.md: a small part of YAML, with `metadata` in JSON5. Pure, total over any text.

---
name: weather
description: What the sky does.
metadata: { "openclaw": { "requires": { "bins": ["curl"] } } }
---
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.text import Language
from crawdad.services.configuration.json5.document import plain
from crawdad.services.configuration.json5.parser import parse

_KEY = re.compile(r"([A-Za-z][\w-]*)\s*:(?:\s+(.*)|\s*)$")
_FENCE = re.compile(r"^---[ \t]*$")
_MOST_LINES = 400
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}")
_TRUE = frozenset(("true", "yes", "on", "1"))
_FALSE = frozenset(("false", "no", "off", "0"))


@dataclass(frozen=True, slots=True)
class Installer:
    """A way to get what a skill needs. It is shown, never run."""

    kind: str
    what: str
    binaries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkillHead:
    """What a skill says of itself. `key` is what its settings stand under; `description_zh` is for people who read Chinese, as
    models are told the other one."""

    name: str
    description: str
    key: str
    description_zh: str = ""
    homepage: str = ""
    version: str = ""
    user_invocable: bool = True
    model_invocable: bool = True
    command_tool: str = ""
    always: bool = False
    emoji: str = ""
    primary_env: str = ""
    systems: tuple[str, ...] = ()
    binaries: tuple[str, ...] = ()
    any_binaries: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    installers: tuple[Installer, ...] = field(default=())

    def described(self, language: Language) -> str:
        """The description for a person."""
        return self.description_zh if language == "zh" and self.description_zh else self.description


def read_head(text: str) -> SkillHead | None:
    """The head; None where there is none, or it lacks a usable name or a description."""
    fields = _fields(text)
    name, description = fields.get("name", "").strip(), " ".join(fields.get("description", "").split())
    if not _NAME.fullmatch(name) or not description:
        return None
    own = _own(fields.get("metadata", ""))
    requires = _object(own.get("requires"))
    return SkillHead(
        name=name,
        description=description[:1024],
        key=_text(own.get("skillKey")) or name,
        description_zh=" ".join(fields.get("description-zh", "").split())[:1024],
        homepage=fields.get("homepage", "").strip() or _text(own.get("homepage")),
        version=(fields.get("version", "").strip() or _text(own.get("version")))[:64],
        user_invocable=_flag(fields.get("user-invocable"), True),
        model_invocable=not _flag(fields.get("disable-model-invocation"), False),
        command_tool=_either(fields, "command-tool") if _either(fields, "command-dispatch").lower() == "tool" else "",
        always=own.get("always") is True,
        emoji=_text(own.get("emoji"))[:16],
        primary_env=_text(own.get("primaryEnv")),
        systems=_texts(own.get("os")),
        binaries=_texts(requires.get("bins")),
        any_binaries=_texts(requires.get("anyBins")),
        variables=_texts(requires.get("env")),
        config=_texts(requires.get("config")),
        installers=_installers(own.get("install")),
    )


def body_of(text: str) -> str:
    """What stands below the head."""
    lines = text.lstrip("\ufeff").splitlines()
    if not lines or not _FENCE.match(lines[0]):
        return text
    end = next((number for number, line in enumerate(lines[1:], 1) if _FENCE.match(line)), None)
    return text if end is None else "\n".join(lines[end + 1 :])


def _fields(text: str) -> dict[str, str]:
    lines = text.lstrip("\ufeff").splitlines()[:_MOST_LINES]
    if not lines or not _FENCE.match(lines[0]):
        return {}
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in lines[1:]:
        if _FENCE.match(line):
            return {key: _value(pieces) for key, pieces in found.items()}
        key = _KEY.match(line)
        if key and not line[:1].isspace():
            current = found.setdefault(key[1].lower(), [key[2] or ""])
        elif current is not None and (line[:1].isspace() or not line.strip() or line[:1] in "}]"):
            current.append(line.strip())
    return {}


def _value(pieces: list[str]) -> str:
    first, rest = pieces[0].strip(), pieces[1:]
    if first[:1] in ("|", ">"):
        return ("\n" if first[0] == "|" else " ").join(rest).strip()
    whole = "\n".join([first, *rest]).strip() if first[:1] in ("{", "") else " ".join([first, *rest]).strip()
    if len(whole) > 1 and whole[0] == whole[-1] and whole[0] in "\"'":
        inner = whole[1:-1]
        return inner.replace("''", "'") if whole[0] == "'" else inner.replace('\\"', '"').replace("\\\\", "\\")
    return whole if whole.startswith("{") else whole.partition(" #")[0].rstrip()


def _own(text: str) -> JsonObject:
    """Our part of the metadata: OpenClaw's name for it, or ours."""
    if not text.strip():
        return {}
    root = parse(text).root
    document = plain(root) if root is not None else None
    if not isinstance(document, dict):
        return {}
    for name in ("crawdad", "openclaw", "clawdbot"):
        if isinstance(document.get(name), dict):
            found: JsonObject = document[name]
            return found
    return {}


def _installers(value: Any) -> tuple[Installer, ...]:
    found = []
    for item in value[:20] if isinstance(value, list) else ():
        if isinstance(item, dict) and isinstance(item.get("kind"), str):
            what = next((_text(item.get(key)) for key in ("formula", "package", "module", "url") if item.get(key)), "")
            found.append(Installer(item["kind"][:20], what, _texts(item.get("bins"))))
    return tuple(found)


def _either(fields: dict[str, str], name: str) -> str:
    """A field that is spelled with `-` or with `_`."""
    return (fields.get(name) or fields.get(name.replace("-", "_")) or "").strip()


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value.strip()[:500] if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item[:200] for item in value[:50] if isinstance(item, str)) if isinstance(value, list) else ()


def _flag(text: str | None, default: bool) -> bool:
    word = (text or "").strip().lower()
    return True if word in _TRUE else False if word in _FALSE else default
