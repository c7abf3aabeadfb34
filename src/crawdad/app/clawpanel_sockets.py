"""The WebSockets of ClawPanel's contract."""

from __future__ import annotations

from collections.abc import Mapping

from crawdad.api.clawpanel.onebot import PATH, OneBotDoor
from crawdad.api.front_door import SocketHandler
from crawdad.app.panel_side import PanelSide
from crawdad.core.ports import Clock
from crawdad.services.channels.host import ChannelHost
from crawdad.services.chat_accounts.direct import DirectAccess


def clawpanel_sockets(side: PanelSide, host: ChannelHost | None, clock: Clock) -> Mapping[str, SocketHandler]:
    """Handlers by path."""
    onebot = OneBotDoor(side.door, side.tokens, DirectAccess(host), clock)
    return {"/ws": side.socket(), PATH: onebot.socket}
