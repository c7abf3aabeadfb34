"""What becomes of a message that comes while its session is busy. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crawdad.core.agents import RunOrder
from crawdad.core.message_settings import QueueSettings
from crawdad.core.parts import Part, TextPart
from crawdad.services.agents.orders import order_of
from crawdad.services.agents.taint import SAID
from crawdad.services.agents.transcript import text_of
from crawdad.services.skills.commands import is_command
from crawdad.store.runs import StoredRun

STEERS = ("steer", "steer-backlog")
_MODES = (*STEERS, "followup", "collect", "interrupt")
_LINE = 160


@dataclass(frozen=True, slots=True)
class Rules:
    """How messages wait in a session."""

    mode: str
    debounce_seconds: float
    cap: int
    drop: str


def rules_for(order: RunOrder, settings: QueueSettings, session: Mapping[str, Any]) -> Rules:
    """The rules for a message. Clients that wait for an answer of their own get a turn of their own, unless they say
    otherwise; messages of channels go by the settings. What the session says comes before both."""
    mode: str = order.queue_mode or ""
    if not mode and order.origin == "channel":
        mode = str(session.get("queueMode") or settings.mode)
    mode = "steer" if mode == "queue" else mode
    if mode not in _MODES or order.client_tools or order.tool_results:
        mode = "followup" if mode != "interrupt" else mode
    debounce: Any = 0
    if mode == "collect":
        debounce = session.get("queueDebounceMs")
        if not isinstance(debounce, (int, float)):
            debounce = settings.debounce_ms_by_channel.get(order.channel, settings.debounce_ms)
    cap, drop = session.get("queueCap"), session.get("queueDrop")
    return Rules(
        mode,
        max(0.0, float(debounce) / 1000),
        cap if isinstance(cap, int) and cap > 0 else settings.cap,
        drop if drop in ("old", "new", "summarize") else settings.drop,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes in the queue: which others it displaces, and which of those are to be remembered in a line."""

    refused: bool = False
    displaced: Sequence[StoredRun] = ()
    remembered: Sequence[str] = field(default_factory=tuple)


def place(waiting: Sequence[StoredRun], rules: Rules) -> Place:
    """What happens to make room for one more."""
    over = len(waiting) + 1 - rules.cap
    if over <= 0:
        return Place()
    if rules.drop == "new":
        return Place(refused=True)
    displaced = waiting[:over]
    if rules.drop == "old":
        return Place(displaced=displaced)
    lines: list[str] = []
    for run in displaced:
        order = order_of(run.order)
        lines += [str(line) for line in order.extra.get("dropped") or ()]
        text = " ".join(text_of(order.parts).split())
        lines.append(text[:_LINE] + ("…" if len(text) > _LINE else ""))
    return Place(displaced=displaced, remembered=lines[-50:])


def may_merge(first: StoredRun, other: StoredRun) -> bool:
    """Whether two waiting messages can be answered together: the same people, the same way back, the same rights."""
    if first.mode != "collect" or other.mode != "collect" or first.principal_id != other.principal_id:
        return False
    one, two = order_of(first.order), order_of(other.order)
    same = (
        "route",
        "sender",
        "channel",
        "untrusted",
        "marked",
        "model",
        "thinking",
        "extra_system",
        "light",
        "prompt_mode",
    )
    return not two.fresh and all(getattr(one, name) == getattr(two, name) for name in same)


def merging(waiting: Sequence[StoredRun]) -> list[StoredRun]:
    """Those that are answered together with the first. A command stays by itself, and none overtakes it."""
    if not waiting or _is_command(waiting[0]):
        return []
    found: list[StoredRun] = []
    for run in waiting[1:]:
        if _is_command(run):
            break
        if may_merge(waiting[0], run):
            found.append(run)
    return found


def _is_command(run: StoredRun) -> bool:
    order = order_of(run.order)
    return is_command(str(order.extra.get(SAID) or text_of(order.parts)))


def merged_parts(orders: Sequence[RunOrder]) -> list[Part]:
    """The messages that are answered together, told apart."""
    if len(orders) == 1:
        return with_dropped(orders[0])
    parts: list[Part] = [TextPart("[These messages came while you were at work:]")]
    for number, order in enumerate(orders, 1):
        parts.append(TextPart(f"\n#{number}"))
        parts += with_dropped(order)
    return parts


def with_dropped(order: RunOrder) -> list[Part]:
    """A message, behind what is left of those that it displaced."""
    dropped = order.extra.get("dropped")
    if not dropped:
        return order.parts
    lines = "\n".join(f"- {line}" for line in dropped)
    return [TextPart(f"[Earlier messages that had to be dropped began:]\n{lines}\n"), *order.parts]
