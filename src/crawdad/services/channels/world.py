"""What channels stand on, and what all that belongs to one account has in hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from crawdad.core.agents import AgentRuns
from crawdad.core.channel_notices import TROUBLE
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Account, Channel, ChannelKind
from crawdad.core.errors import GatewayError
from crawdad.core.happenings import Event
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_hooks import NoHooks, PluginHooks
from crawdad.core.ports import Bus, Clock, Leases, Randomness, SecretBox, Transport
from crawdad.core.settings import Settings
from crawdad.core.text import Language, Text
from crawdad.services.agents.roster import Roster
from crawdad.services.channels.access import Lists
from crawdad.services.channels.pairing import Pairing
from crawdad.services.channels.status import AccountStatus
from crawdad.services.sessions.service import SessionService
from crawdad.services.tasks import Tasks
from crawdad.services.tools.approvals import ApprovalService
from crawdad.store.channel_chats import ChannelChats
from crawdad.store.channel_files import ChannelFileTable
from crawdad.store.channel_inbox import ChannelInbox
from crawdad.store.channel_outbox import ChannelOutbox
from crawdad.store.channel_people import ChannelPeople
from crawdad.store.key_values import KeyValues

_log = structlog.get_logger(__name__)

Transcribe = Callable[[bytes, str, str], Awaitable[str]]
"""Writes down what is said in a recording: its bytes, media type and name."""


Search = Callable[[str, str], Awaitable[bool]]
"""Whether a regular expression is found in a text, within a time of its own. Raises `GatewayError` when that cannot be said."""


@dataclass(frozen=True, slots=True)
class ChannelWorld:
    """What channels stand on. `runner` names this process; `secret` is what marks of outside content are derived from."""

    inbox: ChannelInbox
    outbox: ChannelOutbox
    chats: ChannelChats
    people: ChannelPeople
    files: ChannelFileTable
    memory: KeyValues
    pairing: Pairing
    approvals: ApprovalService
    runs: AgentRuns
    sessions: SessionService
    roster: Callable[[], Roster]
    settings: Callable[[], Settings]
    bus: Bus
    leases: Leases
    box: SecretBox
    transport: Transport
    clock: Clock
    randomness: Randomness
    runner: str
    secret: str
    transcribe: Transcribe | None = None
    search: Search | None = None
    hooks: PluginHooks = field(default_factory=NoHooks)


@dataclass(slots=True)
class OpenAccount:
    """An account at work here."""

    world: ChannelWorld
    account: Account
    kind: ChannelKind
    settings: ChannelSettings
    channel: Channel
    status: AccountStatus
    tasks: Tasks
    sends: Tasks
    """Owns what is on its way out, a moment longer than `tasks` lives."""

    @property
    def now(self) -> float:
        """Unix time."""
        return self.world.clock.now()

    def lists(self) -> Lists:
        """The settings' lists of people."""
        return Lists(self.kind, self.world.settings().access_groups)

    def text_limit(self) -> int:
        """How long a message may be, in the platform's counting."""
        takes = self.kind.capabilities.text_limit
        wanted = self.settings.text_chunk_limit
        return takes if wanted is None else min(wanted, takes)

    def media_limit(self) -> int:
        """How large a file may be, in bytes."""
        takes = self.kind.capabilities.media_limit
        wanted = self.settings.media_max_mb
        return takes if wanted is None else min(int(wanted * 1024 * 1024), takes)

    async def tell(self, code: str, text: Text | str, **more: object) -> None:
        """Let the operator know of something."""
        words = text if isinstance(text, str) else text.render()
        _log.warning("channel_trouble", account=str(self.account), code=code, reason=words)
        await self.publish(TROUBLE, {"code": code, "text": words, **more})

    async def publish(self, topic: str, data: JsonObject) -> None:
        """Tell something of this account on the bus; whether anybody hears it changes nothing."""
        about = {"channel": self.account.channel, "account": self.account.name, **data}
        try:
            await self.world.bus.publish(Event(topic, about, self.now, self.world.runner))
        except GatewayError as error:
            _log.warning("channel_event_not_told", topic=topic, reason=error.message())


_CHINESE = (("\u4e00", "\u9fff"), ("\u3400", "\u4dbf"))


def language_of(settings: Settings, texts: Sequence[str]) -> Language:
    """The language to speak with somebody in: the configured one, else that of what they wrote."""
    if settings.language in ("en", "zh"):
        return settings.language
    signs = "".join(texts)[:500]
    return "zh" if any(low <= sign <= high for sign in signs for low, high in _CHINESE) else "en"
