"""Clients that share the QQ account's link, where the QQ side does not answer what they ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import orjson
import pytest

from crawdad.adapters.channels.onebot.channel import OneBotChannel
from crawdad.adapters.channels.onebot.clients import MOST_CALLS, Clients
from crawdad.adapters.channels.onebot.link import Call, Link
from crawdad.adapters.channels.onebot.settings import OneBotSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.ports import Transport, UpstreamCall
from tests.simulators.onebot import OneBotSimulator
from tests.support.channel_context import MemoryContext, running
from tests.support.waiting import until_so

SOON, LATE = 0.01, 3600.0


class Line:
    """A socket: what is said on it, and what is put into it."""

    def __init__(self) -> None:
        self.path = "/onebot"
        self.headers: Mapping[str, str] = {}
        self.query: Mapping[str, str] = {}
        self.said: list[Any] = []
        self.coming: asyncio.Queue[bytes | str | None] = asyncio.Queue()
        self.blocked: asyncio.Event | None = None

    async def send(self, data: str | bytes) -> None:
        self.said.append(orjson.loads(data))
        if self.blocked is not None:
            await self.blocked.wait()

    async def receive(self) -> str | bytes:
        data = await self.coming.get()
        if data is None:
            raise EOFError
        return data

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.coming.put_nowait(None)

    def ask(self, **frame: Any) -> None:
        self.coming.put_nowait(orjson.dumps(frame).decode())

    async def answer(self, echo: str) -> Any:
        return await until_so(lambda: next((one for one in self.said if one.get("echo") == echo), None))


@asynccontextmanager
async def shared(link: Link, seconds: float, *lines: Line) -> AsyncIterator[None]:
    async def perform(call: Call) -> None:
        await link.pass_on(call, seconds)

    clients = Clients(perform, link.forget)
    async with asyncio.TaskGroup() as tasks:
        for line in lines:
            tasks.create_task(clients.serve(line, {"post_type": "meta_event"}))
        await until_so(lambda: len(clients) == len(lines))
        yield
        for line in lines:
            line.coming.put_nowait(None)


@pytest.mark.parametrize("stuck", [False, True])
async def test_what_is_never_answered_fails_in_words_of_onebot(stuck: bool) -> None:
    link, qq, client = Link(), Line(), Line()
    qq.blocked = asyncio.Event() if stuck else None
    link.attach(qq)
    async with shared(link, SOON, client):
        for number in range(1 if stuck else MOST_CALLS):
            client.ask(action="get_status", echo=f"e{number}")
        await until_so(lambda: len(client.said) > (1 if stuck else MOST_CALLS) and not link.waiting)
        client.ask(action="get_status", echo="last")
        found = await client.answer("last")
        assert (found["status"], found["retcode"], found["data"]) == ("failed", 1200, None)
        assert "get_status" in found["wording"] == found["message"]
        assert link.waiting == 0
        said = len(client.said)
        assert link.answered({"status": "ok", "retcode": 0, "data": {}, "echo": qq.said[0]["echo"]}), "too late"
        assert len(client.said) == said


async def test_a_client_that_leaves_leaves_nothing_behind() -> None:
    link, qq, client, other = Link(), Line(), Line(), Line()
    link.attach(qq)
    async with shared(link, LATE, client, other):
        client.ask(action="get_status", echo="1")
        other.ask(action="get_status", echo="1")
        await until_so(lambda: link.waiting == 2)
        client.coming.put_nowait(None)
        await until_so(lambda: link.waiting == 1)
        link.answered({"status": "ok", "retcode": 0, "data": {}, "echo": qq.said[1]["echo"]})
        assert (await other.answer("1"))["status"] == "ok"


async def test_what_went_out_by_an_older_connection_is_answered_when_that_ends() -> None:
    link, older, newer, client = Link(), Line(), Line(), Line()
    link.attach(older)
    async with shared(link, LATE, client):
        client.ask(action="get_status", echo="1")
        await until_so(lambda: link.waiting == 1)
        link.attach(newer)
        link.detach(older)
        assert (await client.answer("1"))["retcode"] == 1200
        assert link.waiting == 0 and link.is_open


async def test_a_clients_action_has_a_time_of_its_own() -> None:
    with OneBotSimulator() as qq:
        async with HttpTransport("crawdad-tests", lambda: True) as transport:
            values = {"wsUrl": qq.url, "accessToken": qq.token, "callSeconds": 0.05}
            context = MemoryContext(OneBotSettings.model_validate(values), transport, "qq")
            channel, client = OneBotChannel(context), Line()
            async with running(channel), asyncio.TaskGroup() as tasks:
                await context.until(lambda: bool(context.identities))
                tasks.create_task(channel.share(client))
                await until_so(lambda: client.said)
                qq.fail("get_status")
                client.ask(action="get_status", echo="1")
                assert (await client.answer("1"))["status"] == "failed"
                client.ask(action="get_status", echo="2")
                assert (await client.answer("2"))["status"] == "ok", "the link stands"
                client.coming.put_nowait(None)


async def test_an_answer_in_pieces_lasts_as_long_as_pieces_come() -> None:
    link, qq, client = Link(), Line(), Line()
    link.attach(qq)
    async with shared(link, LATE, client):
        client.ask(action="download_file_stream", echo="1")
        await until_so(lambda: link.waiting == 1)
        echo = qq.said[0]["echo"]
        for stream in ("stream-action", "stream-action", "normal-action"):
            assert link.waiting == 1
            link.answered({"status": "ok", "retcode": 0, "data": {}, "stream": stream, "echo": echo})
        assert link.waiting == 0
        await until_so(lambda: len([one for one in client.said if one.get("echo") == "1"]) == 3)


class Answered:
    """What an HTTP side says to every action."""

    status = 200

    async def read(self, limit: int) -> bytes:
        return b'{"status":"ok","retcode":0,"data":{"message_id":1}}'

    async def close(self) -> None:
        return None


class Posted:
    """An HTTP side that answers an action when its gate is opened; those without one at once."""

    def __init__(self) -> None:
        self.gates: dict[str, asyncio.Event] = {}
        self.begun: list[str] = []
        self.done: list[str] = []

    async def send(self, call: UpstreamCall) -> Any:
        params = orjson.loads(call.body or b"{}")
        what = str(params.get("message", call.url.rsplit("/", 1)[-1]))
        self.begun.append(what)
        if what in self.gates:
            await self.gates[what].wait()
        self.done.append(what)
        return Answered()


@asynccontextmanager
async def over_http(side: Posted, *lines: Line) -> AsyncIterator[OneBotChannel]:
    settings = OneBotSettings.model_validate({"httpUrl": "http://qq.test", "accessToken": "t", "secret": "s"})
    channel = OneBotChannel(MemoryContext(settings, cast(Transport, side), "qq"))
    async with asyncio.TaskGroup() as tasks:
        for line in lines:
            tasks.create_task(channel.share(line))
        await until_so(lambda: all(line.said for line in lines))
        yield channel
        for line in lines:
            line.coming.put_nowait(None)


async def test_over_http_an_action_does_not_wait_for_those_of_other_chats() -> None:
    side, client = Posted(), Line()
    slow = side.gates["slow"] = asyncio.Event()
    async with over_http(side, client):
        client.ask(action="send_group_msg", params={"group_id": 1, "message": "slow"}, echo=1)
        client.ask(action="send_msg", params={"message_type": "group", "group_id": "1", "message": "after"}, echo=2)
        client.ask(action="send_private_msg", params={"user_id": 1, "message": "beside"}, echo="3")
        client.ask(action="get_group_info", params={"group_id": 1}, echo="4")
        assert (await client.answer("3"))["retcode"] == (await client.answer("4"))["retcode"] == 0
        assert "after" not in side.begun, "one chat keeps its order"
        slow.set()
        await until_so(lambda: len(client.said) == 5)
        assert side.done.index("slow") < side.done.index("after")


async def test_over_http_so_many_actions_go_out_at_once() -> None:
    side, client = Posted(), Line()
    gate = asyncio.Event()
    side.gates = {f"m{number}": gate for number in range(40)}
    async with over_http(side, client):
        for number in range(40):
            client.ask(action="send_private_msg", params={"user_id": number + 1, "message": f"m{number}"}, echo=number)
        client.ask(action=[])
        await until_so(lambda: len(client.said) == 2)  # all were read: what is no action is answered at once
        assert client.said[-1]["retcode"] == 1400
        await until_so(lambda: len(side.begun) == 1 + 16)
        gate.set()
        await until_so(lambda: len(client.said) == 2 + 40)
        assert all(one["status"] == "ok" for one in client.said[2:])


async def test_over_http_what_a_client_asked_for_is_done_though_it_has_left() -> None:
    side, client = Posted(), Line()
    gate = side.gates["first"] = asyncio.Event()
    async with over_http(side, client):
        for message in ("first", "second"):
            client.ask(action="send_private_msg", params={"user_id": 1, "message": message}, echo=message)
        await until_so(lambda: "first" in side.begun)
        client.coming.put_nowait(None)
        gate.set()
        await until_so(lambda: side.done[-2:] == ["first", "second"])


async def test_over_http_what_cannot_be_sent_fails_by_itself() -> None:
    client = Line()
    async with HttpTransport("crawdad-tests", lambda: True) as transport:
        settings = OneBotSettings.model_validate({"httpUrl": "http://127.0.0.1:9", "accessToken": "t", "secret": "s"})
        clients = Clients(OneBotChannel(MemoryContext(settings, transport, "qq"))._perform, lambda _: None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(clients.serve(client, {"post_type": "meta_event"}))
            for number, name in enumerate(("get_status", "../x y?#", "a\r\nb", "%", "名", "")):
                client.ask(action=name, echo=number)
            await until_so(lambda: len(client.said) == 7)
            assert {one["retcode"] for one in client.said[1:]} == {1200}
            client.coming.put_nowait(None)
