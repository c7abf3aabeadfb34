"""`channels.qq.*`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from crawdad.core.channel_automations import AutomatedSettings, id_text
from crawdad.core.section import SecretValue, Section
from crawdad.core.text import Language


class NapcatSettings(Section):
    """`channels.qq.napcat.*`: NapCat's own web page, for signing QQ in."""

    web_url: str = ""
    """Such as `http://127.0.0.1:6099`."""
    web_token: SecretValue | None = None
    session_path: str = ""
    """The folder in which QQ keeps its sign-ins (`…/.config/QQ`), as this process sees it: what signing out removes."""


class OneBotSettings(AutomatedSettings):
    """How the QQ side is reached: `wsUrl` (we connect to it), `httpUrl` (we call it, it posts events to us) or, with
    `mode: "reverse"`, it connects to us."""

    language: ClassVar[Language] = "zh"
    mode: Literal["forward", "reverse", "http"] | None = None
    """Unset: what `wsUrl` or `httpUrl` says."""
    ws_url: str = ""
    http_url: str = ""
    access_token: SecretValue | None = None
    secret: SecretValue | None = None
    """The key of `X-Signature` on events that are posted to us."""
    owner_qq: Annotated[str, BeforeValidator(id_text)] = Field("", alias="ownerQQ")
    call_seconds: float = Field(30.0, gt=0)
    napcat: NapcatSettings = NapcatSettings()

    @model_validator(mode="before")
    @classmethod
    def _from_panel(cls, values: Any) -> Any:
        """ClawPanel's page writes some things under flat names of its own; what the file says under ours goes before them."""
        return under_our_names(values) if isinstance(values, Mapping) else values

    @property
    def way(self) -> Literal["forward", "reverse", "http"] | None:
        """How it is reached; None: not said."""
        if self.mode is not None:
            return self.mode
        return "forward" if self.ws_url else "http" if self.http_url else None

    @property
    def owner(self) -> str:
        """The owner's QQ number."""
        return self.owner_qq.strip()


_ANYTHING = "."
"""The pattern of a page's plain switch: whatever is said, but something must be."""


def under_our_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """`channels.qq` with ClawPanel's flat keys (`wakeProbability`, `minSendIntervalMs`, `wakeTrigger` as words between commas,
    `pokeReplyText`, `autoApproveFriend`, `autoApproveGroup`) where ours stand. Pure."""
    found = dict(values)
    limits: dict[str, Any] = {}
    if "wakeProbability" in found:
        limits["wakeProbability"] = found.pop("wakeProbability")
    if isinstance(interval := found.pop("minSendIntervalMs", None), (int, float)):
        limits["minIntervalSec"] = interval / 1000
    if isinstance(words := found.pop("wakeTrigger", None), str) and words.strip():
        limits["wakeTrigger"] = {"keywords": [word for word in re.split(r"\s*[,，]\s*", words.strip()) if word]}
    if limits:
        found["rateLimit"] = _upon(limits, found.get("rateLimit") or found.pop("rate_limit", None))
    if isinstance(reply := found.pop("pokeReplyText", None), str) and reply.strip():
        found["poke"] = _upon({"replies": [reply]}, found.get("poke"))
    switches = {
        kind: {"enabled": True, "pattern": _ANYTHING}
        for kind, key in (("friend", "autoApproveFriend"), ("group", "autoApproveGroup"))
        if found.pop(key, None) is True
    }
    if switches:
        found["autoApprove"] = _upon(switches, found.get("autoApprove") or found.pop("auto_approve", None))
    return found


def _upon(theirs: dict[str, Any], ours: Any) -> Any:
    return {**theirs, **ours} if isinstance(ours, Mapping) else theirs if ours is None else ours
