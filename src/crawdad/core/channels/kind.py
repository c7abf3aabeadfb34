"""What a channel folder offers: a kind of channel, and what its platform can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels.channel import Channel
from crawdad.core.channels.surroundings import ChannelContext
from crawdad.core.parts import MediaKind


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a platform lets a bot say: `messages` after each message of the other side, within `window_seconds` of it;
    None: no such limit."""

    messages: int | None = None
    window_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do. Texts are measured by `Channel.measure`; sizes in bytes.

    `markdown` False: parts are plain text when they reach `send`. `caption_limit` 0: a file's caption goes ahead as a part
    of its own. `media`: the kinds that can be sent, others go as `document` if that is among them, else as a link or a
    word. `edit` also needs `Channel.edit`, and so on. `repeats_safely`: the platform drops a second part of the same
    `OutboundMessage.id`, so that an ambiguous part is sent again. `silence_seconds`: an account that was not heard of for so
    long is degraded, and its `run` is started anew.
    """

    text_limit: int = 4000
    caption_limit: int = 0
    markdown: bool = True
    media: frozenset[MediaKind] = frozenset()
    media_limit: int = 20 * 1024 * 1024
    groups: bool = True
    quote: bool = False
    mention: bool = False
    buttons: bool = False
    edit: bool = False
    edit_seconds: float = 1.5
    """The least time between two edits of a message."""
    delete: bool = False
    react: bool = False
    typing_seconds: float | None = None
    """How long one `typing` lasts on the platform; None: there is none."""
    repeats_safely: bool = False
    streaming: Literal["partial", "block", "off"] = "off"
    """How answers are streamed unless the settings say otherwise."""
    sign_in: bool = False
    requests: bool = False
    directory: bool = False
    quota: Quota = Quota()
    silence_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """What a channel folder offers. `label`: English and Chinese. `configured(settings)`: whether there is enough to try
    (a token, say); channels that are signed in by QR are always. `secrets` names the keys of `settings` that hold secrets,
    as they stand in the file. `open` builds the channel of an account: no input or output in there."""

    id: str
    label: tuple[str, str]
    open: Callable[[ChannelContext], Channel]
    settings: type[ChannelSettings] = ChannelSettings
    capabilities: Capabilities = Capabilities()
    aliases: tuple[str, ...] = ()
    configured: Callable[[ChannelSettings], bool] = lambda _: True
    secrets: tuple[str, ...] = ()
    identity: Callable[[str], str] = lambda text: text.strip()
    """How somebody's id is compared with those of allow-lists (case, prefixes such as `telegram:`)."""
