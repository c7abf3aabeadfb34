"""`docs/control-protocol.md` in both languages: the methods and events that the code registers, with their params."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from crawdad.api.control.context import Control
from crawdad.api.control.hub import ASKING, guard_of
from crawdad.api.control.methods import registry_of
from crawdad.api.control.registry import Method
from crawdad.api.control.relays import RELAYS
from crawdad.core.text import Text
from crawdad.wire.control.schema import Schema

_TEMPLATES = Path(__file__).with_name("templates")
_WORDS = {
    "methods": ("| method | scope | params | result | meaning |", "| 方法 | 权限范围 | 参数 | 结果 | 含义 |"),
    "events": ("| event | heard by |", "| 事件 | 接收者 |"),
    "everybody": ("everybody, nodes too", "所有客户端，包括节点"),
    "nothing": ("none", "无"),
    "anything": ("others allowed", "允许其他键"),
}
_HUB_TELLS = ("tick", "shutdown", "presence", "health", ASKING)


class _Every:
    """Stands for every part there may be: methods are listed, never called."""

    def __getattr__(self, name: str) -> Any:
        return _Every()

    def __call__(self, *_: Any) -> Any:
        return _Every()


def document(language: str) -> str:
    """The document in `en` or `zh`."""
    place = 1 if language == "zh" else 0
    name = "control-protocol.zh-CN.md.in" if place else "control-protocol.md.in"
    template = (_TEMPLATES / name).read_text(encoding="utf-8")
    registry = registry_of(cast(Control, _Every()))
    rows = [_WORDS["methods"][place], "|---|---|---|---|---|", *(_row(method, language) for method in registry)]
    events = [_WORDS["events"][place], "|---|---|"]
    for event in sorted({*_HUB_TELLS, *(relay.event for relay in RELAYS.values())}):
        guard = guard_of(event)
        events.append(f"| `{event}` | {_WORDS['everybody'][place] if guard is None else f'`{guard}`'} |")
    return template.replace("@METHODS@", "\n".join(rows)).replace("@EVENTS@", "\n".join(events))


def _row(method: Method, language: str) -> str:
    meaning = Text(f"control.{method.name}").render(language)
    result = method.result.replace("|", "\\|")
    return f"| `{method.name}` | `{method.scope}` | {_params(method.params, language)} | `{result}` | {meaning} |"


def _params(schema: Schema, language: str) -> str:
    place = 1 if language == "zh" else 0
    required = schema.get("required", ())
    names = [f"`{name}`" if name in required else f"`{name}?`" for name in schema.get("properties", {})]
    if schema.get("additionalProperties") is True:
        names.append(f"({_WORDS['anything'][place]})")
    return ", ".join(names) or _WORDS["nothing"][place]
