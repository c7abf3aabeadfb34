"""`messages.*`: what happens to messages that come while an agent is at work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from crawdad.core.section import Section


def _to_mode(value: Any) -> Any:
    return "steer-backlog" if value == "steer+backlog" else value


class QueueSettings(Section):
    """`messages.queue.*`."""

    mode: Annotated[
        Literal["steer", "followup", "collect", "steer-backlog", "queue", "interrupt"], BeforeValidator(_to_mode)
    ] = "collect"
    debounce_ms: int = Field(1000, ge=0)
    debounce_ms_by_channel: dict[str, int] = Field(default_factory=dict)
    cap: int = Field(20, gt=0)
    drop: Literal["old", "new", "summarize"] = "summarize"


class MessagesSettings(Section):
    """`messages.*`."""

    queue: QueueSettings = QueueSettings()
