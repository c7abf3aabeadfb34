"""The environment the application runs in: the process's variables, and behind them two `.env` files."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping

from crawdad.adapters.files.reading import read_text

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


async def read_environment(home: str, folder: str, process: Mapping[str, str]) -> dict[str, str]:
    """`process` (always wins), else `.env` in the working `folder`, else `.env` in Crawdad's `home`.

    A file that is missing counts as empty. Raises `GatewayError` when one cannot be read.
    """
    layers = [await asyncio.to_thread(read_text, os.path.join(place, ".env")) for place in (home, folder)]
    result: dict[str, str] = {}
    for file in layers:
        result |= parse_environment(file.text) if file else {}
    return result | dict(process)


def parse_environment(text: str) -> dict[str, str]:
    """The variables of a `.env` text: `NAME=value` lines, `export`, quotes, `#` comments. Other lines are passed over.

    Between double quotes `\\n`, `\\t`, `\\"` and the like are escapes; nothing is substituted.
    """
    result: dict[str, str] = {}
    for line in text.removeprefix("\ufeff").splitlines():
        found = _LINE.fullmatch(line)
        if found is not None:
            result[found[1]] = _value(found[2])
    return result


def _value(raw: str) -> str:
    if double := _DOUBLE.fullmatch(raw):
        return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), double[1])
    if single := _SINGLE.fullmatch(raw):
        return single[1]
    return re.split(r"(?:^|\s+)#", raw, maxsplit=1)[0]
