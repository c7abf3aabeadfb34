"""The channel to Slack against a simulator of its socket mode and its web interface."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from crawdad.adapters.channels.slack import CHANNEL
from crawdad.adapters.channels.slack.channel import SlackChannel
from crawdad.adapters.channels.slack.settings import SlackSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channels import Button, Chat, InboundMessage, OutboundMedia, OutboundMessage, SendFailed, SignedOut
from crawdad.core.errors import GatewayError
from crawdad.wire.slack.events import plain
from tests.simulators.slack import APP_TOKEN, BOT, BOT_TOKEN, PERSON, ROOM, SlackSimulator, room_of
from tests.support.channel_context import MemoryContext, running

DIRECT = Chat("direct", PERSON)
GROUP = Chat("group", ROOM)


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator() as simulator:
        yield simulator


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests") as transport:
        yield transport


def context_for(slack: SlackSimulator, transport: HttpTransport, **settings: Any) -> MemoryContext:
    root = f"{slack.url}/api"
    values = {"botToken": BOT_TOKEN, "appToken": APP_TOKEN, "apiRoot": root, "filesRoot": root, **settings}
    return MemoryContext(SlackSettings.model_validate(values), transport, "slack")


def opened(context: MemoryContext) -> SlackChannel:
    channel = CHANNEL.open(context)
    assert isinstance(channel, SlackChannel)
    return channel


@pytest.fixture
def context(slack: SlackSimulator, transport: HttpTransport) -> MemoryContext:
    return context_for(slack, transport)


@pytest.fixture
def channel(context: MemoryContext) -> SlackChannel:
    return opened(context)


def read(channel: SlackChannel, event: Any) -> InboundMessage:
    message = channel.read(event)
    assert message is not None
    return message


async def ready(context: MemoryContext) -> None:
    await context.until(lambda: bool(context.identities))


async def test_people_rooms_and_threads_are_told_apart(
    slack: SlackSimulator, channel: SlackChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(context)
        slack.say("hello &lt;b&gt;")
        slack.say(f"<@{BOT}> you <@U0777>", room=ROOM)
        slack.say("them", room=ROOM, thread="1.5")
        await context.until(lambda: len(context.events) == 3)
    direct, named, unnamed = (read(channel, event) for event in context.events)
    assert (direct.text, direct.chat, direct.sender.name) == ("hello <b>", DIRECT, "Ann")
    assert (named.text, named.chat, named.mentions.way, named.mentions.others) == (
        "you @U0777",
        GROUP,
        "native",
        ("U0777",),
    )
    assert (unnamed.mentions.bot, unnamed.chat) == (False, Chat("group", ROOM, thread="1.5"))


async def test_a_mention_that_is_told_twice_is_one_message(
    slack: SlackSimulator, channel: SlackChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(context)
        said = slack.say(f"<@{BOT}> you", room=ROOM)
        slack.happen({**said["payload"]["event"], "type": "app_mention"})
        await context.until(lambda: len(context.events) == 2)
    one, two = (read(channel, event) for event in context.events)
    assert one.event_id == two.event_id


async def test_edits_and_deletions_are_told_and_link_previews_are_not(
    slack: SlackSimulator, channel: SlackChannel, context: MemoryContext
) -> None:
    message = {"type": "message", "user": PERSON, "text": "better", "ts": "5.0"}
    changed = {"type": "message", "subtype": "message_changed", "channel": ROOM, "event_ts": "6.0", "message": message}
    async with running(channel):
        await ready(context)
        slack.happen({**changed, "previous_message": {"text": "good"}})
        slack.happen({**changed, "previous_message": {"text": "better"}})
        gone = {
            "type": "message",
            "subtype": "message_deleted",
            "channel": ROOM,
            "event_ts": "7.0",
            "deleted_ts": "5.0",
        }
        slack.happen({**gone, "previous_message": {"user": PERSON}})
        await context.until(lambda: len(context.events) == 3)
    edit, preview, recall = (channel.read(event) for event in context.events)
    assert edit is not None and (edit.kind, edit.text, edit.message_id) == ("edit", "better", "5.0")
    assert preview is None
    assert recall is not None and (recall.kind, recall.message_id) == ("recall", "5.0")


async def test_what_is_not_kept_is_not_acknowledged(
    slack: SlackSimulator, channel: SlackChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(context)
        context.refusals = 1
        envelope = slack.say("hello")["envelope_id"]
        await context.until(lambda: bool(context.reasons))
        assert slack.acknowledged == [] and slack.waits(envelope)
        slack.ask_to_connect_anew()
        await slack.until(lambda one: one.acknowledged == [envelope])
    assert (len(context.events), slack.connections_made) == (1, 2)


async def test_buttons_are_shown_and_pressed(
    slack: SlackSimulator, channel: SlackChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(context)
        await channel.send(OutboundMessage("1", GROUP, "**Allow?**", buttons=(Button("Yes", "allow:5"),)))
        slack.press("allow:5", room=ROOM, message=slack.shown[0].id)
        await context.until(lambda: len(context.events) == 1)
    assert slack.texts(ROOM) == ["**Allow?**"]
    button = read(channel, context.events[0])
    assert (button.kind, button.button, button.chat, button.message_id) == (
        "button",
        "allow:5",
        GROUP,
        slack.shown[0].id,
    )


async def test_answers_go_to_their_thread_grow_and_go(slack: SlackSimulator, channel: SlackChannel) -> None:
    thread = Chat("group", ROOM, thread="1.5")
    (identity,) = (await channel.send(OutboundMessage("1", thread, "It", mention=PERSON))).message_ids
    assert (slack.shown[0].parent, slack.shown[0].text) == ("1.5", f"<@{PERSON}> It")
    await channel.edit(thread, identity, "It **grows**", final=True)
    assert slack.texts(ROOM) == ["It **grows**"]
    await channel.react(thread, identity, "👍")
    assert slack.reactions == {(identity, "thumbsup")}
    await channel.react(thread, identity, "")
    await channel.delete(thread, identity)
    assert (slack.reactions, slack.shown) == (set(), [])


async def test_files_go_and_come(slack: SlackSimulator, channel: SlackChannel, context: MemoryContext) -> None:
    async with running(channel):
        await ready(context)
        slack.say("look", picture=b"pixels")
        await context.until(lambda: len(context.events) == 1)
    media = read(channel, context.events[0]).media[0]
    assert (media.kind, media.name, media.size) == ("image", "a.png", 6)
    assert b"".join([chunk async for chunk in channel.fetch(media, 10)]) == b"pixels"
    file = OutboundMedia("document", b"a report", "application/pdf", "报告.pdf")
    await channel.send(OutboundMessage("1", DIRECT, "here", media=file))
    assert [(one.chat, one.text, one.data, one.more["title"]) for one in slack.shown] == [
        (room_of(PERSON), "here", b"a report", "报告.pdf")
    ]


async def test_the_token_is_shown_to_slacks_own_addresses_alone(
    slack: SlackSimulator, transport: HttpTransport
) -> None:
    roots = {"apiRoot": "http://slack.example/api", "filesRoot": "http://files.example"}
    channel = opened(context_for(slack, transport, **roots))
    event = {"type": "events_api", "bot": BOT, "payload": {"event": {"type": "message", "user": PERSON, "ts": "1.0"}}}
    event["payload"]["event"] |= {  # type: ignore[index]
        "channel": room_of(PERSON),
        "text": "x",
        "files": [{"url_private": f"{slack.url}/api/file/F1", "name": "a"}],
    }
    media = read(channel, event).media[0]
    with pytest.raises(GatewayError):
        assert [chunk async for chunk in channel.fetch(media, 10)]
    assert list(slack.journal) == []


async def test_wrong_tokens_are_a_sign_out_that_says_which(slack: SlackSimulator, transport: HttpTransport) -> None:
    for which in ("botToken", "appToken"):
        with pytest.raises(SignedOut) as refused:
            await opened(context_for(slack, transport, **{which: "xoxb-another-9"})).run()
        assert which in refused.value.message() and "another-9" not in refused.value.message()
    with pytest.raises(SendFailed) as failed:
        await opened(context_for(slack, transport, botToken="xoxb-another-9")).send(OutboundMessage("1", GROUP, "hi"))
    assert failed.value.outcome == "signed_out"


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<https://a.example|https://a.example>", "https://a.example"),
        ("see <https://a.example/x|the page>", "see the page (https://a.example/x)"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<#C01|general> <!here> <!channel|@channel>", "#general @here @channel"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_markup_is_read_as_people_see_it(markup: str, words: str) -> None:
    assert plain(markup) == words


async def test_a_socket_that_is_closed_at_once_is_dialed_ever_more_slowly(
    slack: SlackSimulator, channel: SlackChannel, context: MemoryContext
) -> None:
    async def hang_up(socket: ServerConnection) -> None:
        await socket.close()

    async def stay() -> None:
        await asyncio.Event().wait()

    slack.talk = hang_up  # type: ignore[method-assign]
    channel._show_life = stay  # type: ignore[method-assign]
    async with running(channel):
        await context.until(lambda: len(context.time.slept) > 4)
    assert context.time.slept[:5] == [1, 2, 4, 8, 16]
