"""Channels: the ways to people. A channel is transport only; what is said, to whom and when is decided by the core.

A channel folder (`adapters/channels/<id>/`, or a plugin's) offers one value, `CHANNEL: ChannelKind`:

    CHANNEL = ChannelKind(
        id="telegram",
        label=("Telegram", "Telegram"),
        settings=TelegramSettings,             # a subclass of `ChannelSettings`: the keys below `channels.telegram`
        capabilities=Capabilities(text_limit=4096, edit=True, …),
        open=lambda context: TelegramChannel(context),      # import what is heavy in here
    )

and in it a class that implements `Channel`, one object for each account. What it may rely on:

- `run` is started by the host and cancelled to stop it (config changed, sign-out, shutdown); it ends within two seconds
  of that. It connects, receives, and connects again after a fault, with waits that grow (`context.clock.sleep`). It calls
  `await context.admit(event)` with each raw event of the platform (plain JSON) and **only when that has returned** it
  acknowledges the event or moves its cursor: by then the event is kept, and one that was known is dropped. When `run` is
  to stop for good it raises `SignedOut` (credentials are dead) or a `GatewayError` of kind BAD_REQUEST (settings that
  cannot work); anything else that comes out of it counts as a fault, and the host starts it again.
- `read(event)` is pure: what the event says, or None when it is of no use to anybody. It is called by `admit`, and again
  when somebody has a dead event looked at anew. Prefer to have it in `wire/`, as a function, with tests of its own.
- `send` sends one part, already cut to the platform's size, once. It returns a `Receipt` or raises `SendFailed`, whose
  outcome says whether it has certainly not been sent. It does not try again by itself: the outbox does, with the same
  `OutboundMessage.id`, which is to become the platform's own mark against doubles where it has one.
- `context.heard()` is evidence of life: call it for each finished poll, heartbeat, pong; `context.lost(reason)` when the
  link is down. Nothing else makes an account `connected`.
- `context.state` is the account's own small memory (cursor, tokens, tickets): encrypted, and kept when a call returns.
  Secrets that a sign-in brings belong there, never into the configuration.

`tests/support/memory_channel.py` is a whole channel with its simulator, and the model for others; every channel is put
through `tests/channels/conformance`.
"""

from __future__ import annotations

from crawdad.core.channels.channel import Channel, DirectoryEntry
from crawdad.core.channels.kind import Capabilities, ChannelKind, Quota
from crawdad.core.channels.messages import (
    Account,
    Button,
    Chat,
    ChatKind,
    EventKind,
    InboundMedia,
    InboundMessage,
    Mentions,
    MentionWay,
    OutboundMedia,
    OutboundMessage,
    Person,
    PlatformRequest,
    Quoted,
    RequestKind,
    Role,
)
from crawdad.core.channels.outcomes import Receipt, SendFailed, SendOutcome, SignedOut
from crawdad.core.channels.sign_in import SIGN_IN_OVER, SignInState, SignInStep
from crawdad.core.channels.surroundings import ChannelContext, ChannelFiles, ChannelState, Socket

__all__ = [
    "SIGN_IN_OVER",
    "Account",
    "Button",
    "Capabilities",
    "Channel",
    "ChannelContext",
    "ChannelFiles",
    "ChannelKind",
    "ChannelState",
    "Chat",
    "ChatKind",
    "DirectoryEntry",
    "EventKind",
    "InboundMedia",
    "InboundMessage",
    "MentionWay",
    "Mentions",
    "OutboundMedia",
    "OutboundMessage",
    "Person",
    "PlatformRequest",
    "Quota",
    "Quoted",
    "Receipt",
    "RequestKind",
    "Role",
    "SendFailed",
    "SendOutcome",
    "SignInState",
    "SignInStep",
    "SignedOut",
    "Socket",
]
