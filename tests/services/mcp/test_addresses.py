"""Servers over HTTP: answers as JSON and as streams, sessions, versions, what the server says unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.mcp_settings import McpServerSettings
from tests.services.mcp.conftest import Stage, described
from tests.services.mcp.test_programs import call, tools
from tests.support.tool_calls import context
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.waiting import until

STREAM = {"content-type": "text/event-stream"}


class HttpServer(LoopbackServer):
    """A server that gives out sessions. `/json` answers as JSON, `/stream` as a stream with a note before the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.tools = [described("echo"), described("slow")]
        self.sessions: set[str] = set()
        self.deleted: list[str] = []
        self.notes: asyncio.Queue[dict[str, Any]] | None = None

    async def answer(self, request: Received, reply: Reply) -> None:
        session = request.headers.get("mcp-session-id", "")
        if request.headers.get("authorization") != "Bearer mcp-key":
            await reply.whole(401, b"no key")
        elif request.method == "DELETE":
            self.deleted.append(session)
            await reply.whole(200, b"")
        elif request.method == "GET":
            await self.listen(reply)
        elif request.json["method"] == "initialize":
            self.sessions.add(f"s{len(self.sessions) + 1}")
            version = {"protocolVersion": request.json["params"]["protocolVersion"], "capabilities": {}}
            await self.tell(request, reply, version, {"mcp-session-id": f"s{len(self.sessions)}"})
        elif session not in self.sessions:
            await reply.whole(404, b"no such session")
        elif "id" not in request.json:
            await reply.whole(202, b"")
        elif request.json["method"] == "tools/list":
            await self.tell(request, reply, {"tools": self.tools})
        elif request.json["params"]["name"] == "slow":
            await reply.until_left()
        else:
            text = request.json["params"]["arguments"].get("text", "")
            await self.tell(request, reply, {"content": [{"type": "text", "text": text}]})

    async def tell(self, request: Received, reply: Reply, result: Any, headers: dict[str, str] | None = None) -> None:
        message = {"jsonrpc": "2.0", "id": request.json["id"], "result": result}
        if request.path == "/json":
            await reply.whole(200, message, headers)
            return
        note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "hm"}}
        await reply.begin(200, {**STREAM, **(headers or {})})
        await reply.send(b": hi\n\ndata: " + orjson.dumps(note) + b"\n\n")
        data = orjson.dumps(message)
        await reply.send(b"event: message\ndata: " + data[:10])
        await reply.send(data[10:] + b"\n\n")
        await reply.end()

    async def listen(self, reply: Reply) -> None:
        self.notes = asyncio.Queue()
        await reply.begin(200, STREAM)
        await reply.send(b": here\n\n")
        while True:
            note = await self.notes.get()
            await reply.send(b"data: " + orjson.dumps({"jsonrpc": "2.0", **note}) + b"\n\n")


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as made:
        yield made


def use(stage: Stage, server: HttpServer, path: str, **settings: Any) -> None:
    headers = {"Authorization": "Bearer mcp-key"}
    values = {"url": f"{server.url}{path}", "headers": headers, **settings}
    stage.settings["far"] = McpServerSettings.model_validate(values)


@pytest.mark.parametrize("path", ["/json", "/stream"])
async def test_tools_are_called(stage: Stage, server: HttpServer, path: str) -> None:
    use(stage, server, path)
    assert await call(stage, "far__echo", text="你好") == "你好"
    posts = [request for request in server.journal if request.method == "POST"]
    assert "mcp-session-id" not in posts[0].headers and "mcp-protocol-version" not in posts[0].headers
    for request in posts[1:]:
        assert request.headers["mcp-session-id"] == "s1"
        assert request.headers["mcp-protocol-version"] == "2025-06-18"
    await stage.servers.close()
    assert server.deleted == ["s1"]


async def test_calls_run_side_by_side(stage: Stage, server: HttpServer) -> None:
    use(stage, server, "/stream")
    found = await asyncio.gather(*(call(stage, "far__echo", text=str(number)) for number in range(20)))
    assert found == [str(number) for number in range(20)]


async def test_a_forgotten_session_is_begun_anew(stage: Stage, server: HttpServer) -> None:
    use(stage, server, "/json")
    await call(stage, "far__echo", text="1")
    server.sessions.clear()
    with pytest.raises(GatewayError, match="status 404"):
        await call(stage, "far__echo", text="2")
    assert await call(stage, "far__echo", text="3") == "3"


async def test_a_call_that_takes_too_long(stage: Stage, server: HttpServer) -> None:
    use(stage, server, "/json", timeoutSeconds=0.3)
    with pytest.raises(GatewayError) as caught:
        await call(stage, "far__slow")
    assert caught.value.kind is ErrorKind.UPSTREAM_TIMEOUT


async def test_a_wrong_key_is_told(stage: Stage, server: HttpServer) -> None:
    use(stage, server, "/json", headers={"Authorization": "Bearer other"})
    assert await tools(stage) == {}
    problem = stage.servers.state[0].problem
    assert problem is not None and "status 401: no key" in problem.message()


async def test_what_the_server_says_unasked_is_heard(stage: Stage, server: HttpServer) -> None:
    use(stage, server, "/json")
    before = (await tools(stage))["far__echo"]
    await server.journal.until(lambda seen: any(request.method == "GET" for request in seen))
    server.tools = [described("other")]
    notes, loop = server.notes, server._loop
    assert notes is not None and loop is not None
    loop.call_soon_threadsafe(notes.put_nowait, {"method": "notifications/tools/list_changed"})

    async def heard() -> bool:
        return list(await tools(stage)) == ["far__other"]

    await until(heard, "the other tool")
    with pytest.raises(GatewayError, match="is not what it was"):
        await before.run({"text": "x"}, context())
