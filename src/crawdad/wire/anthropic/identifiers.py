"""Tool names and tool-call ids, which this protocol limits to letters, digits, `_` and `-`.

Names and ids from elsewhere may hold anything. `encode` writes every other character as `_cx<code point in hex>_`, which
`decode` undoes; a literal `_cx` is escaped the same way, so the pair is exact and needs no memory.
"""

from __future__ import annotations

import re

from crawdad.wire.tool_names import portable_name

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]|_(?=cx)")
_ESCAPE = re.compile(r"_cx([0-9a-f]{1,6})_")
_MAX_NAME = 128
_LAST_CODE_POINT = 0x10FFFF


def encode(value: str) -> str:
    """`value` in the protocol's alphabet."""
    return _ILLEGAL.sub(lambda match: f"_cx{ord(match[0]):x}_", value)


def tool_name(name: str) -> str:
    """The name of a tool in the protocol's alphabet and length; one that is too long even so becomes another."""
    encoded = encode(name)
    return encoded if len(encoded) <= _MAX_NAME else portable_name(name, _MAX_NAME)


def decode(value: str) -> str:
    """What `encode` made `value` from; anything else comes back as it is."""
    return _ESCAPE.sub(_character, value) if "_cx" in value else value


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if code <= _LAST_CODE_POINT and not 0xD800 <= code <= 0xDFFF else match[0]
