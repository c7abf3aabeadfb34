"""The example plugin `postbox`, as the conformance suite wants it: loaded from its folder as Crawdad loads it, and as a channel
that is nowhere in Crawdad's own tree."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path

from crawdad.core.channels import ChannelKind, SendOutcome
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_manifest import read_manifest
from crawdad.plugins.api import NoServices, PluginApi
from crawdad.plugins.importing import PluginModules
from tests.channels.simulator import ABILITIES, Said, Simulator
from tests.simulators.postbox import TOKEN, Fault, PostboxSimulator

FOLDER = Path(__file__).parents[3] / "examples" / "plugins" / "postbox"
_STATUSES: dict[str, int] = {"not_sent": 503, "ambiguous": 0, "rate_limited": 429, "refused": 403, "needs_inbound": 409}


@cache
def postbox_kind() -> ChannelKind:
    """What the plugin registers."""
    file = FOLDER / "crawdad.plugin.json"
    manifest = read_manifest(file.read_bytes(), file.name)
    api = PluginApi(manifest, {}, FOLDER, NoServices())
    PluginModules(manifest.id, str(FOLDER), manifest.id).function(manifest.entry)(api)
    kind = api.registered.channels["postbox"]
    assert isinstance(kind, ChannelKind)
    return kind


class PostboxPlatform:
    """The service, one for each account."""

    abilities = ABILITIES - {"repeat"}  # what was acknowledged is never handed out again
    people: Sequence[str] = ("ann", "bob", "cid", "dan", "eve")
    group = "lounge"
    secret = TOKEN

    def __init__(self, accounts: dict[str, PostboxSimulator]) -> None:
        self.kind = postbox_kind()
        self._accounts = accounts

    def settings(self, account: str) -> JsonObject:
        return {"url": self._accounts[account].url, "token": TOKEN}

    def signed_in(self, account: str) -> JsonObject:
        return {}

    async def say(self, said: Said) -> str:
        one = self._accounts[said.account]
        sender = said.sender or self.people[0]
        return str(one.say(said.text, sender, room=said.chat, mention=said.mention, file=said.picture))

    async def repeat(self, event_id: str, account: str = "default") -> None:
        raise NotImplementedError

    def acknowledged(self, event_id: str, account: str = "default") -> bool:
        return self._accounts[account].confirmed >= int(event_id)

    def texts(self, chat: str, account: str = "default") -> Sequence[str]:
        return self._accounts[account].texts(chat)

    async def fail(
        self, outcome: SendOutcome, account: str = "default", *, times: int = 1, taken: bool = False, seconds: float = 0
    ) -> None:
        self._accounts[account].faults.extend(Fault(_STATUSES[outcome], taken, seconds) for _ in range(times))

    async def cut(self, account: str = "default") -> None:
        self._accounts[account].down = True

    async def mend(self, account: str = "default") -> None:
        self._accounts[account].down = False

    async def expire(self, account: str = "default") -> None:
        self._accounts[account].token = "another"


@asynccontextmanager
async def postbox_platform() -> AsyncIterator[Simulator]:
    """Postbox."""
    async with AsyncExitStack() as stack:
        yield PostboxPlatform(
            {name: stack.enter_context(PostboxSimulator()) for name in ("default", "first", "second")}
        )
