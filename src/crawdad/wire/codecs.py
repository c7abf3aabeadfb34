"""All protocols by name, each imported when first asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from crawdad.wire.codec import Codec

_MODULES = {
    "openai-chat": "crawdad.wire.openai_chat",
    "openai-responses": "crawdad.wire.openai_responses",
    "anthropic-messages": "crawdad.wire.anthropic",
    "gemini": "crawdad.wire.gemini",
    "ollama": "crawdad.wire.ollama",
}

PROTOCOLS = tuple(_MODULES)


@cache
def get(name: str) -> Codec:
    """The codec of protocol `name`."""
    return cast(Codec, import_module(_MODULES[name]).CODEC)
