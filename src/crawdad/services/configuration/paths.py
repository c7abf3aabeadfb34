"""Paths to values: `models.providers["my.corp"].models[0].id`, and the same as a tuple of keys and indexes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

Path = tuple[str | int, ...]
"""Keys of objects as str, places in lists as int."""

_STEP = re.compile(r"""\.?(?:\[(?P<index>\d{1,9})\]|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]|(?P<name>[^.\[\]"]+))""")


def parse_path(text: str) -> Path:
    """A path as people write it. The empty text is the whole configuration. Raises BAD_REQUEST."""
    path: list[str | int] = []
    position = 0
    while position < len(text):
        step = _STEP.match(text, position)
        dotted = text[position] == "."
        if step is None or (position == 0 and dotted) or (position > 0 and not dotted and step["name"] is not None):
            raise _unreadable(text)
        if step["index"] is not None:
            path.append(int(step["index"]))
        elif step["quoted"] is not None:
            try:
                path.append(str(json.loads(step["quoted"])))
            except ValueError:
                raise _unreadable(text) from None
        else:
            path.append(step["name"])
        position = step.end()
    return tuple(path)


def _unreadable(text: str) -> GatewayError:
    return GatewayError(ErrorKind.BAD_REQUEST, Text("configuration.path.bad", {"text": text[:200]}))


def format_path(path: Iterable[str | int]) -> str:
    """The path as people write it; `parse_path` reads it back."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif key and not re.search(r"""[.\[\]"\s]""", key):
            text += f".{key}" if text else key
        else:
            text += f"[{json.dumps(key, ensure_ascii=False)}]"
    return text
