"""`docs/configuration.md` in both languages: what `Settings` and the tables of environment variables say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from crawdad.core.catalogue import MESSAGES
from crawdad.core.secret import Secret
from crawdad.core.section import Section
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.configuration.difference import difference
from crawdad.services.configuration.variables import OVERRIDES, VENDORS
from crawdad.wire.openai_chat.profiles import PROFILES
from crawdad.wire.vertex import NAME as VERTEX

_TEMPLATES = Path(__file__).with_name("templates")
_SIGNS = (("≥", "ge"), (">", "gt"), ("≤", "le"), ("<", "lt"))


class Key(NamedTuple):
    """A key of the configuration file; `is_section` where others stand in it."""

    path: str
    annotation: Any
    field: FieldInfo
    is_section: bool

    @property
    def group(self) -> str:
        """The section it stands in."""
        return self.path if self.is_section else self.path.rpartition(".")[0]


def every_key(section: type[Section] = Settings, prefix: str = "") -> Iterator[Key]:
    """Every key in the order of the code, sections before what stands in them."""
    sections = []
    for name, field in section.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        kind = field.annotation
        origin, inner = get_origin(kind), [each for each in get_args(kind) if each is not Ellipsis]
        if _is_section(kind):
            sections.append((path, kind, field))
        elif origin is dict and _is_section(inner[1]):
            sections.append((f"{path}.<id>", inner[1], field))
        elif origin is tuple and _is_section(inner[0]):
            sections.append((f"{path}[]", inner[0], field))
        else:
            yield Key(path, kind, field, False)
    for path, kind, field in sections:
        yield Key(path, kind, field, True)
        yield from every_key(kind, f"{path}.")


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


_WORDS: dict[str, tuple[str, str]] = {
    "columns": (
        "| key | type | when not set | changes apply | meaning |",
        "| 键 | 类型 | 未设置时 | 修改生效 | 含义 |",
    ),
    "top": ("At the top", "顶层"),
    "required": ("required", "必填"),
    "hot": ("at once", "立即"),
    "restart": ("at the next start", "下次启动"),
    "one of": ("one of", "取值"),
    "list": ("list of {inner}", "列表：{inner}"),
    "object": ("object of {inner}", "对象：{inner}"),
    "text": ("text", "文本"),
    "secret": ("secret", "密文"),
    "boolean": ("boolean", "布尔"),
    "integer": ("integer", "整数"),
    "number": ("number", "数字"),
    "any": ("anything", "任意值"),
    "variable": ("| variable | key |", "| 变量 | 键 |"),
    "vendor": (
        "| variable | provider | address | address from |",
        "| 变量 | 服务商 | 地址 | 地址可由此变量指定 |",
    ),
    "other": ("| variable | meaning |", "| 变量 | 含义 |"),
}


class _Writer:
    """Writes the parts of the document in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._place = 1 if language == "zh" else 0

    def word(self, key: str, **values: str) -> str:
        return _WORDS[key][self._place].format_map(values)

    def meaning(self, path: str) -> str:
        return Text(path).render(self.language).replace("|", "\\|")

    def tables(self) -> Iterator[str]:
        """One table a section."""
        groups: dict[str, list[Key]] = {}
        for key in every_key():
            rows = groups.setdefault(key.group, [])
            if not key.is_section:
                rows.append(key)
        for group, rows in groups.items():
            lines = [f"### `{group}`\n\n{self.meaning(f'settings.{group}')}" if group else f"### {self.word('top')}"]
            if rows:
                lines.append("\n".join([self.word("columns"), "|---|---|---|---|---|", *map(self.row, rows)]))
            yield "\n\n".join(lines)

    def row(self, key: Key) -> str:
        name = key.path.rpartition(".")[2]
        when = self.word("hot" if applies_at_once(key.path) else "restart")
        meaning = self.meaning(f"settings.{key.path}")
        return f"| `{name}` | {self.type_of(key)} | {self.default_of(key.field)} | {when} | {meaning} |"

    def default_of(self, field: FieldInfo) -> str:
        if field.is_required():
            return self.word("required")
        value = field.get_default(call_default_factory=True)
        return "" if value is None else f"`{json.dumps(value)}`"

    def type_of(self, key: Key) -> str:
        if key.path.endswith(".profile"):
            choices = ", ".join(f"`{name}`" for name in (*PROFILES, VERTEX))
            return f"{self.word('one of')} {choices}"
        return self.kind(key.annotation) + _limits(key.field.metadata)

    def kind(self, annotation: Any) -> str:
        origin, inner = get_origin(annotation), [each for each in get_args(annotation) if each is not Ellipsis]
        if origin in (Union, UnionType):
            return self.kind(next(each for each in inner if each is not type(None)))
        if origin is Literal:
            return f"{self.word('one of')} " + ", ".join(f"`{each}`" for each in inner)
        if origin is tuple:
            return self.word("list", inner=self.kind(inner[0]))
        if origin is dict:
            return self.word("object", inner=self.kind(inner[1]))
        if hasattr(annotation, "__metadata__"):
            facts = [fact for each in annotation.__metadata__ for fact in getattr(each, "metadata", ())]
            return self.kind(inner[0]) + _limits(facts)
        names: dict[Any, str] = {str: "text", bool: "boolean", int: "integer", float: "number", Secret: "secret"}
        return self.word(names.get(annotation, "any"))

    def overrides(self) -> str:
        rows = [f"| `{variable}` | `{'.'.join(map(str, path))}` |" for variable, path in OVERRIDES]
        return "\n".join([self.word("variable"), "|---|---|", *rows])

    def vendors(self) -> str:
        rows = []
        for vendor in VENDORS:
            variables = ", ".join(f"`{name}`" for name in vendor.keys)
            address = f"`{vendor.base_url_variable}`" if vendor.base_url_variable else ""
            rows.append(f"| {variables} | `{vendor.name}` | `{vendor.base_url}` | {address} |")
        return "\n".join([self.word("vendor"), "|---|---|---|---|", *rows])

    def others(self) -> str:
        names = [key for key in MESSAGES if key.startswith("environment.")]
        rows = [f"| `{name.removeprefix('environment.')}` | {self.meaning(name)} |" for name in names]
        return "\n".join([self.word("other"), "|---|---|", *rows])


def applies_at_once(path: str) -> bool:
    """Whether a running application takes up a change of the key at `path`."""
    top, _, rest = path.partition(".")
    settings = Settings()
    name = _field_name(Settings, top.removesuffix("[]"))
    if top == "gateway":
        inner = rest.partition(".")[0]
        section = settings.gateway.model_copy(update={_field_name(type(settings.gateway), inner): object()})
        return not difference(settings, settings.model_copy(update={name: section})).needs_restart
    return not difference(settings, settings.model_copy(update={name: object()})).needs_restart


def _field_name(section: type[Section], alias: str) -> str:
    return next(name for name, field in section.model_fields.items() if (field.alias or name) == alias)


def _limits(metadata: Iterable[Any]) -> str:
    found = ((sign, getattr(fact, name, None)) for fact in metadata for sign, name in _SIGNS)
    return "".join(f" {sign} {bound:g}" for sign, bound in found if bound is not None)


def document(language: str) -> str:
    """The whole document: the template of that language with its tables."""
    writer = _Writer(language)
    text = (_TEMPLATES / f"configuration{'.zh-CN' if language == 'zh' else ''}.md.in").read_text(encoding="utf-8")
    parts = {
        "keys": "\n\n".join(writer.tables()),
        "overrides": writer.overrides(),
        "vendors": writer.vendors(),
        "others": writer.others(),
    }
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text
