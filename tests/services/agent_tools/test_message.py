"""`message`: to whom an agent may write, and that nothing is sent twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from crawdad.adapters.agent_files import WorkspaceReader
from crawdad.adapters.http import HttpTransport
from crawdad.core.agents import Delivery
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import Part, TextPart
from crawdad.core.sessions import Route
from crawdad.core.text import Text
from crawdad.services.agent_tools.message import MessageTool
from crawdad.services.agent_tools.pictures import Pictures
from tests.support.tool_calls import context, words

HERE = Route("qq", "alice", "bot1", "t1")


class Channels:
    """`Outbound` that writes down what it is given; `nobody` cannot be reached."""

    def __init__(self, *known: str) -> None:
        self.known = known
        self.sent: list[tuple[Route, str, str]] = []

    def channels(self) -> Sequence[str]:
        return self.known

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        if route.to == "nobody":
            raise GatewayError(ErrorKind.NOT_FOUND, Text("messages.no_channels"))
        text = "".join(part.text for part in parts if isinstance(part, TextPart))
        self.sent.append((route, text, key))
        return Delivery("delivered")


def tool(channels: Channels) -> MessageTool:
    return MessageTool(channels, Pictures(HttpTransport("tests"), WorkspaceReader()))


async def test_a_message_goes_where_the_conversation_is() -> None:
    channels = Channels("qq", "telegram")
    outcome = await tool(channels).run({"action": "send", "message": "hi"}, context(route=HERE, origin="channel"))
    assert [(route, text) for route, text, _ in channels.sent] == [(HERE, "hi")]
    assert words(outcome) == "qq alice: delivered" and not outcome.is_error
    await tool(channels).run({"action": "send", "message": "hi"}, context(route=HERE, origin="channel"))
    assert channels.sent[0][2] == channels.sent[1][2], "the same call has the same key"


@pytest.mark.parametrize(
    "elsewhere", [{"target": "bob"}, {"channel": "telegram", "target": "alice"}, {"accountId": "bot2"}]
)
async def test_strangers_cannot_have_others_written_to(elsewhere: dict[str, str]) -> None:
    channels = Channels("qq", "telegram")
    arguments = {"action": "send", "message": "hi", **elsewhere}
    with pytest.raises(GatewayError) as caught:
        await tool(channels).run(arguments, context(route=HERE, origin="channel"))
    assert caught.value.kind is ErrorKind.FORBIDDEN and channels.sent == []
    await tool(channels).run(arguments, context(route=HERE, origin="channel", owner=True))
    assert len(channels.sent) == 1


async def test_a_turn_without_a_channel_names_one() -> None:
    channels = Channels("qq")
    with pytest.raises(GatewayError, match="qq"):
        await tool(channels).run({"action": "send", "message": "hi", "target": "bob"}, context(origin="cron"))
    await tool(channels).run(
        {"action": "send", "message": "hi", "channel": "qq", "target": "bob"}, context(origin="cron")
    )
    assert channels.sent[0][0] == Route("qq", "bob")


async def test_a_broadcast_tells_what_became_of_each() -> None:
    channels = Channels("qq")
    arguments = {"action": "broadcast", "channel": "qq", "targets": ["a", "nobody", "a"], "message": "hi"}
    outcome = await tool(channels).run(arguments, context())
    assert [one["status"] for one in outcome.details["deliveries"]] == ["delivered", "not-delivered"]
    assert not outcome.is_error


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"action": "dance"}, ErrorKind.BAD_REQUEST),
        ({"action": "send"}, ErrorKind.BAD_REQUEST),
        ({"action": "send", "message": "hi", "channel": "weixin"}, ErrorKind.NOT_FOUND),
        ({"action": "send", "media": "../secret.png"}, ErrorKind.NOT_FOUND),
    ],
)
async def test_what_is_wrong_is_told(arguments: dict[str, str], kind: ErrorKind, tmp_path: Path) -> None:
    with pytest.raises(GatewayError) as caught:
        await tool(Channels("qq")).run(arguments, context(tmp_path, route=HERE))
    assert caught.value.kind is kind


async def test_without_channels_that_is_told() -> None:
    with pytest.raises(GatewayError, match="No channel is connected"):
        await tool(Channels()).run({"action": "send", "message": "hi"}, context(route=HERE))
