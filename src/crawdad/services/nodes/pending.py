"""What waits for nodes that are away or asleep: questions that they fetch when they come, and commands that they take up once
somebody looks at them. Kept until they are fetched or too old, over restarts, for all processes of a cluster."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness
from crawdad.core.text import Text
from crawdad.store.key_values import Counters, KeyValues

Work = Literal["status.request", "location.request"]
WORK: tuple[Work, ...] = ("status.request", "location.request")
_RANKS = {"high": 0, "normal": 1, "default": 2}
_DAY_SECONDS = 86_400.0
_ACTION_SECONDS = 600.0
_MOST_ACTIONS = 64
_USUAL = "baseline-status"
"""Every node that asks is asked how it is."""


class PendingWork:
    """Both, by the id of the node. What was put there before the node was let in (again) is not its own: `since`, Unix time."""

    def __init__(self, values: KeyValues, counters: Counters, clock: Clock, randomness: Randomness) -> None:
        self._values = values
        self._counters = counters
        self._clock = clock
        self._randomness = randomness

    async def enqueue(self, node_id: str, work: Work, priority: str, seconds: float | None) -> tuple[int, JsonObject]:
        """Have a node asked: the number of changes so far, and what waits now. The same question waits once."""
        key, now = f"{_questions(node_id)}{work}", self._now()
        known = await self._values.get(key)
        if known is not None and known["expiresAtMs"] <= now:
            await self._values.delete(key)
        item: JsonObject = {"id": self._randomness.new_id(), "type": work, "priority": priority, "createdAtMs": now}
        item["expiresAtMs"] = now + round((_DAY_SECONDS if seconds is None else seconds) * 1000)
        kept: JsonObject = await self._values.settle(key, item)
        return await self._revision(node_id, 1 if kept["id"] == item["id"] else 0), kept

    async def drain(self, node_id: str, most: int, since: float) -> tuple[int, list[JsonObject], bool]:
        """What a node is asked, which waits no more: the number of changes, the questions, whether there are others."""
        now = self._now()
        found: list[tuple[str, JsonObject]] = []
        for key, item in (await self._values.with_prefix(_questions(node_id))).items():
            if item["expiresAtMs"] > now and item["createdAtMs"] >= since * 1000:
                found.append((key, item))
            else:
                await self._values.delete(key)
        found.sort(key=lambda pair: (_RANKS[pair[1]["priority"]], pair[1]["createdAtMs"], pair[1]["id"]))
        taken = found[:most]
        for key, _ in taken:
            await self._values.delete(key)
        items = [item for _, item in taken]
        usual = all(item["type"] != "status.request" for _, item in found)
        more = len(found) > len(taken)
        if usual and len(items) < most:
            status = {"id": _USUAL, "type": "status.request", "priority": "default", "createdAtMs": now}
            items.append({**status, "expiresAtMs": None})
        elif usual:
            more = True
        return await self._revision(node_id, 1 if taken else 0), items, more

    async def postpone(self, node_id: str, command: str, params: str | None, key: str) -> str:
        """Keep a command until its node can do it: the command's id. The same `key` again is the same command. Raises
        OVERLOADED where too many wait."""
        waiting = await self.actions(node_id, 0.0)
        mark = hashlib.sha256(key.encode()).hexdigest()[:32]
        if len(waiting) >= _MOST_ACTIONS and all(each["id"] != mark for each in waiting):
            raise GatewayError(ErrorKind.OVERLOADED, Text("nodes.too_many"))
        action = {"id": mark, "command": command, "paramsJSON": params, "enqueuedAtMs": self._now()}
        await self._values.settle(f"{_actions(node_id)}{mark}", action)
        return mark

    async def actions(self, node_id: str, since: float) -> Sequence[JsonObject]:
        """The commands that a node has yet to take up, oldest first."""
        oldest = max(self._now() - _ACTION_SECONDS * 1000, since * 1000)
        found = []
        for key, action in (await self._values.with_prefix(_actions(node_id))).items():
            if action["enqueuedAtMs"] >= oldest:
                found.append(action)
            else:
                await self._values.delete(key)
        return sorted(found, key=lambda each: (each["enqueuedAtMs"], each["id"]))

    async def acknowledge(self, node_id: str, ids: Sequence[str], since: float) -> int:
        """A node has taken commands up. Returns how many are left."""
        for action in await self.actions(node_id, since):
            if action["id"] in ids:
                await self._values.delete(f"{_actions(node_id)}{action['id']}")
        return len(await self.actions(node_id, since))

    async def _revision(self, node_id: str, changes: int) -> int:
        return await self._counters.add(f"nodes.pending:{node_id}", changes)

    def _now(self) -> int:
        return int(self._clock.now() * 1000)


def _questions(node_id: str) -> str:
    return f"nodes.question:{node_id}:"


def _actions(node_id: str) -> str:
    return f"nodes.action:{node_id}:"
