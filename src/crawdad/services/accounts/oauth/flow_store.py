"""Where sign-ins are kept: in the database, sealed, so that the answer may come to any process, and only once."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress

import orjson

from crawdad.core.errors import GatewayError
from crawdad.core.ports import Clock, Randomness, SecretBox
from crawdad.services.accounts.oauth.flows import KEPT_SECONDS, Flow, from_document, to_document
from crawdad.store.key_values import KeyValues

_FLOW, _CLAIM = "oauth.flow.", "oauth.claim."
MOST_FLOWS = 32


class FlowStore:
    """The sign-ins of the last minutes. The names they are kept under tell nobody their state."""

    def __init__(self, values: KeyValues, box: SecretBox, clock: Clock, randomness: Randomness) -> None:
        self._values = values
        self._box = box
        self._clock = clock
        self._randomness = randomness

    async def put(self, flow: Flow) -> None:
        """Keep a flow as it is now."""
        text = orjson.dumps(to_document(flow)).decode()
        sealed = await asyncio.to_thread(self._box.encrypt, text)
        await self._values.put(_FLOW + _name(flow.state), {"expires_at": flow.expires_at, "sealed": sealed})

    async def get(self, state: str) -> Flow | None:
        """The flow of a state, as it is at this moment."""
        return await self._opened(await self._values.get(_FLOW + _name(state)))

    async def all(self) -> list[Flow]:
        """Every flow, oldest first, as they are at this moment. What is long over is removed."""
        now = self._clock.now()
        found = []
        for key, kept in (await self._values.with_prefix(_FLOW)).items():
            if kept["expires_at"] + KEPT_SECONDS < now:
                await self._remove(key)
            else:
                with suppress(GatewayError):  # sealed with another key: nobody here can end it
                    found += [flow for flow in [await self._opened(kept)] if flow is not None]
        found.sort(key=lambda flow: flow.created_at)
        for flow in found[:-MOST_FLOWS]:
            await self._remove(_FLOW + _name(flow.state))
        return found[-MOST_FLOWS:]

    async def claim(self, flow: Flow) -> bool:
        """Take the right to end a flow. True for one caller among all processes, and only once."""
        mine = self._randomness.new_id()
        return bool(await self._values.settle(_CLAIM + _name(flow.state), mine) == mine)

    async def _remove(self, key: str) -> None:
        await self._values.delete(key)
        await self._values.delete(_CLAIM + key.removeprefix(_FLOW))

    async def _opened(self, kept: dict[str, str] | None) -> Flow | None:
        if kept is None:
            return None
        text = await asyncio.to_thread(self._box.decrypt, kept["sealed"])
        return from_document(orjson.loads(text)).at(self._clock.now())


def _name(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()[:40]
