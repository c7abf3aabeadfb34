"""Changes of three kinds of settings file, as text: values are set or removed, everything else stays. Pure.

A *change* is a path of keys and a value; `None` removes. A file that cannot be read is refused (BAD_REQUEST), never replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.configuration import edits as json5_edits

Format = Literal["json", "toml", "env"]
Path = tuple[str, ...]
Changes = Mapping[Path, Any]

_BOM = "\ufeff"
_ENV_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")
_BARE_VALUE = re.compile(r"[A-Za-z0-9_./:@%+,=~-]*\Z")


def read(text: str, kind: Format) -> dict[str, Any]:
    """The values in a file's text; a blank one holds none. Raises BAD_REQUEST for a text that is not of its kind."""
    readers = {"json": _read_json, "toml": _read_toml, "env": _read_env}
    return readers[kind](text.removeprefix(_BOM))


def changed(text: str, kind: Format, changes: Changes) -> str:
    """The text with the changes made. Byte order mark and manner of line ends stay. Raises BAD_REQUEST."""
    writers = {"json": _change_json, "toml": _change_toml, "env": _change_env}
    mark = _BOM if text.startswith(_BOM) else ""
    bare = text.removeprefix(_BOM)
    windows = kind != "json" and "\r\n" in bare and "\n" not in bare.replace("\r\n", "")
    result = writers[kind](bare.replace("\r\n", "\n") if windows else bare, changes)
    return mark + (result.replace("\n", "\r\n") if windows else result)


def value_at(values: Any, path: Path) -> Any:
    """The value at a path, None where there is none."""
    for key in path:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _read_json(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        return json5_edits.value_of(text)
    except GatewayError as error:
        raise _unreadable(error.text) from None


def _change_json(text: str, changes: Changes) -> str:
    values = _read_json(text)
    for path, value in changes.items():
        values = _with(values, path, value)
    if not text.strip():
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    current = _read_json(text)
    patch = {key: value for key, value in values.items() if key not in current or current[key] != value}
    removed = {key: None for key in current if key not in values}
    if not patch and not removed:
        return text
    from crawdad.services.configuration.json5.rewriting import rewrite

    return rewrite(text, values)


def _with(values: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """The values with one change made; tables that a removal leaves empty go too."""
    key, rest = path[0], path[1:]
    result = dict(values)
    if not rest:
        if value is None:
            result.pop(key, None)
        else:
            result[key] = value
        return result
    inner = result.get(key, {})
    if not isinstance(inner, dict):
        raise _unreadable(Text("sync.not_a_table", {"key": ".".join(path[:-1])}))
    if value is None and key not in result:
        return result
    fresh = _with(inner, rest, value)
    if value is None and not fresh and inner:
        result.pop(key)
    else:
        result[key] = fresh
    return result


def _read_toml(text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(str(error)) from None


def _change_toml(text: str, changes: Changes) -> str:
    import tomlkit

    _read_toml(text)
    document = tomlkit.parse(text)
    for path, value in changes.items():
        if value_at(document, path) == value:
            continue
        if value is None:
            _remove(document, path)
        else:
            _set(document, path, value)
    result = tomlkit.dumps(document)
    _read_toml(result)
    return result


def _set(document: Any, path: Path, value: Any) -> None:
    import tomlkit

    table = document
    for depth, key in enumerate(path[:-1]):
        if key not in table:
            table[key] = tomlkit.table(is_super_table=depth < len(path) - 2)
        table = table[key]
        if not isinstance(table, Mapping):
            raise _unreadable(Text("sync.not_a_table", {"key": ".".join(path[: depth + 1])}))
    table[path[-1]] = value


def _remove(document: Any, path: Path) -> None:
    tables = [document]
    for key in path[:-1]:
        if key not in tables[-1]:
            return
        tables.append(tables[-1][key])
    tables[-1].pop(path[-1], None)
    for depth in range(len(path) - 2, -1, -1):  # tables that are empty now
        if not tables[depth + 1].unwrap():
            tables[depth].pop(path[depth], None)


def _read_env(text: str) -> dict[str, Any]:
    values = {}
    for line in text.splitlines():
        if not line.lstrip().startswith("#") and (found := _ENV_LINE.match(line)):
            values[found[1]] = _unquoted(found[2])
    return values


def _change_env(text: str, changes: Changes) -> str:
    lines = text.split("\n")
    for (name,), value in changes.items():
        places = [number for number, line in enumerate(lines) if _names(line, name)]
        if value is None:
            lines = [line for number, line in enumerate(lines) if number not in places]
        elif places:
            export = "export " if lines[places[-1]].lstrip().startswith("export ") else ""
            lines[places[-1]] = f"{export}{name}={_quoted(value)}"
            lines = [line for number, line in enumerate(lines) if number not in places[:-1]]
        else:
            if lines[-1]:
                lines.append("")
            lines.insert(len(lines) - 1, f"{name}={_quoted(value)}")
    return "\n".join(lines)


def _names(line: str, name: str) -> bool:
    found = _ENV_LINE.match(line)
    return found is not None and found[1] == name and not line.lstrip().startswith("#")


def _unquoted(value: str) -> str:
    if value[:1] in ('"', "'", "`") and value[0] in value[1:]:
        return value[1 : value.index(value[0], 1)]
    return value.partition(" #")[0].rstrip()


def _quoted(value: str) -> str:
    return value if _BARE_VALUE.match(value) else f'"{value}"'


def _unreadable(reason: object) -> GatewayError:
    return GatewayError(ErrorKind.BAD_REQUEST, Text("sync.unreadable", {"reason": reason}), {"code": "unreadable_file"})
