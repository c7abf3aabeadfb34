"""Searching for a regular expression that somebody else wrote, in a text that yet another did: in a process of its own, so that
an expression that never ends is broken off."""

from __future__ import annotations

import orjson

from crawdad.adapters.programs.running import ProgramFailed, run_python
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

LONGEST_PATTERN = 300
LONGEST_TEXT = 500
_SECONDS = 2.0
_SEARCH = """
import json, re, sys
pattern, text = json.load(sys.stdin)
try:
    print("found" if re.search(pattern, text) else "not")
except re.error as error:
    print("bad:", error)
"""


async def search(pattern: str, text: str) -> bool:
    """Whether `pattern` is found anywhere in `text`; one that is too long is not. Raises BAD_REQUEST for a pattern that is
    none, UPSTREAM_TIMEOUT for one whose search does not end."""
    if len(pattern) > LONGEST_PATTERN or len(text) > LONGEST_TEXT:
        return False
    try:
        said = await run_python(
            ("-I", "-S", "-c", _SEARCH), orjson.dumps([pattern, text]), seconds=_SECONDS, most_bytes=1000
        )
    except ProgramFailed as failed:
        words = Text("automations.bad_pattern", {"reason": failed.reason})
        raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, words) from None
    answer = said.decode("utf-8", "replace").strip()
    if answer.startswith("bad:"):
        words = Text("automations.bad_pattern", {"reason": answer.removeprefix("bad:").strip()})
        raise GatewayError(ErrorKind.BAD_REQUEST, words)
    return answer == "found"
