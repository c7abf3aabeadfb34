"""Postbox: a channel to any service that speaks this small protocol, and an example of how a channel is made.

The service has an address and a token (`Authorization: Bearer …`; 401: the token is no good).

`GET /events?after=<n>&wait=<seconds>` answers `{"events": […]}`: the events behind number `n`, at once where there are any,
else after that time; what stands up to `n` is not asked for again. An event:

    {"n": 7, "at": 1700000000.0, "from": {"id": "ann", "name": "Ann"}, "room": "", "text": "Hello", "mention": false,
     "file": {"id": "f1", "name": "cat.png", "type": "image/png", "size": 1000}}

`room` is empty where somebody writes to the bot alone; `file` may be missing. `GET /files/<id>` gives its bytes.

`POST /messages` takes `{"id", "to", "room", "text", "file": {"name", "type", "data" (base64)}}` and answers `{"id": "m1"}`. The
same `id` twice is one message. 403: never; 409: somebody has to write first; 413: `{"limit": <characters>}`; 429 with
`Retry-After`; 5xx: it was not taken.
"""

from __future__ import annotations

from crawdad.core.channels import Capabilities, ChannelKind
from crawdad.plugins.api import PluginApi
from postbox.channel import PostboxChannel
from postbox.settings import PostboxSettings, is_configured

CHANNEL = ChannelKind(
    id="postbox",
    label=("Postbox", "信箱"),
    open=PostboxChannel,
    settings=PostboxSettings,
    capabilities=Capabilities(
        text_limit=2000,
        media=frozenset(("image", "document")),
        media_limit=5 * 1024 * 1024,
        repeats_safely=True,
        silence_seconds=120.0,
    ),
    configured=is_configured,
    secrets=("token",),
)


def register(api: PluginApi) -> None:
    """What Crawdad calls."""
    api.register_channel(CHANNEL)
