"""Models that a request names besides its own: they need the same right, or a restricted key could reach them in passing.

OpenRouter takes a list of `models` to fall back on, server-side tools take a `model` to work with, and each part of a
batch of Gemini's names one.
"""

from __future__ import annotations

from collections.abc import Iterator

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text

_LISTS = ("tools", "requests")


def check_named_models(body: JsonObject, own: str, principal: Principal) -> None:
    """Raise FORBIDDEN where `body` names a model, other than its `own`, that the principal may not use."""
    if not principal.limits.restricts_models:
        return
    for name in _named(body):
        bare = name.removeprefix("models/")
        if bare != own.removeprefix("models/") and not principal.limits.allow_model((name, bare)):
            text = Text("identity.model_forbidden", {"model": name[:200]})
            raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "model_not_allowed", "param": "model"})


def _named(body: JsonObject) -> Iterator[str]:
    listed = body.get("models")
    for name in listed if isinstance(listed, list) else ():
        if isinstance(name, str):
            yield name
    for key in _LISTS:
        entries = body.get(key)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("model"), str):
                yield entry["model"]
