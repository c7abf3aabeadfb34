"""Where clients of the control channel have things sent: a channel by its name, or the way by which a session was last spoken
to."""

from __future__ import annotations

from crawdad.core.agents import Outbound
from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import Route


def channel_of(outbound: Outbound, wanted: str) -> str:
    """The channel that is meant; the only one there is where none is named. Raises BAD_REQUEST."""
    wanted, there = wanted.strip().lower(), outbound.channels()
    if wanted == "webchat":
        raise bad_request("control.webchat", "channel")
    if wanted and wanted != "last":
        if wanted not in there:
            raise bad_request("control.unknown_channel", "channel", channel=wanted[:64])
        return wanted
    if len(there) != 1:
        raise bad_request("control.no_channel" if not there else "control.which_channel", "channel")
    return there[0]


def answer_route(outbound: Outbound, params: JsonObject, last: Route | None) -> Route:
    """Where the answer of an `agent` request is to go: to whom it names, and else where the session's last message came from.
    Raises BAD_REQUEST."""

    def said(*names: str) -> str:
        return next((str(params[name]) for name in names if params.get(name)), "")

    wanted = said("replyChannel", "channel").strip().lower()
    if last is not None and last.channel not in outbound.channels():
        last = None  # a page, or a channel that is no more
    channel = last.channel if last is not None and wanted in ("", "last") else channel_of(outbound, wanted)
    same = last if last is not None and last.channel == channel else Route(channel)
    to = said("replyTo", "to")
    if not to and not same.to:
        raise bad_request("control.no_recipient", "to")
    account, thread = said("replyAccountId", "accountId"), said("threadId")
    if to and to != same.to:
        return Route(channel, to, account, thread)
    return Route(channel, same.to, account or same.account, thread or same.thread)
