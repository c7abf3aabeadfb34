"""URLs that a client names lead nowhere private, whatever they look like; what may be fetched is fetched within limits."""

from __future__ import annotations

import base64
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from crawdad.adapters.http import HttpTransport, guard, names
from crawdad.core.errors import GatewayError
from crawdad.core.ports import UpstreamCall
from tests.attacks.clients import CLIENTS, Client, Told, ask
from tests.attacks.conftest import providers_of
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.upstreams.protocols import Protocol
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.stories import PIXEL

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
MEGABYTE = 1024 * 1024


class Library(LoopbackServer):
    """Serves things that can be named by URL."""

    async def answer(self, request: Received, reply: Reply) -> None:
        things: dict[str, tuple[bytes, str]] = {
            "/dot.png": (base64.b64decode(PIXEL), "text/html"),
            "/paper.pdf": (PDF, "application/octet-stream"),
            "/notes.txt": ("Grüße aus der Bibliothek".encode(), "text/plain; charset=utf-8"),
            "/page.png": (b"<html>secret</html>", "image/png"),
        }
        if request.path in things:
            body, kind = things[request.path]
            await reply.whole(200, body, {"content-type": kind})
        elif request.path == "/huge.png":
            await reply.begin(200, {"content-type": "image/png"})
            await reply.send(base64.b64decode(PIXEL))
            for _ in range(64):
                await reply.send(bytes(MEGABYTE))
            await reply.end()
        elif request.path == "/away":
            await reply.whole(302, b"", {"location": request.query.get("to", "/away")})
        else:
            await reply.whole(404, b"nothing here")


@pytest.fixture(scope="module")
def library() -> Iterator[Library]:
    with Library() as server:
        yield server


@pytest.fixture(scope="module")
def open_gateway(scripted_upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """A gateway whose operator lets clients name private addresses."""
    found = providers_of("scripted", scripted_upstream)
    with running_gateway(settings(found, gateway={"privateNetworks": True})) as running:
        yield running


def picture(client: Client, *urls: str) -> dict[str, Any]:
    """The fields of a request that names pictures."""
    if client == "chat":
        parts: list[Any] = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        return {"messages": [{"role": "user", "content": parts}]}
    if client == "responses":
        return {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": url} for url in urls]}]}
    if client == "anthropic":
        parts = [{"type": "image", "source": {"type": "url", "url": url}} for url in urls]
        return {"messages": [{"role": "user", "content": parts}]}
    parts = [{"fileData": {"fileUri": url, "mimeType": "image/png"}} for url in urls]
    return {"contents": [{"role": "user", "parts": parts}]}


async def look(
    session: aiohttp.ClientSession, gateway: Gateway, client: Client, upstream: Protocol, *urls: str
) -> Told:
    """Show pictures to a model that says how many it sees."""
    return await ask(session, gateway, client, f"scripted-{upstream}/story:sees", **picture(client, *urls))


PRIVATE = [
    "http://127.0.0.1:{port}/dot.png",
    "http://localhost:{port}/dot.png",
    "http://localhost.:{port}/dot.png",
    "http://[::1]:{port}/dot.png",
    "http://[::ffff:127.0.0.1]:{port}/dot.png",
    "http://[::ffff:7f00:1]:{port}/dot.png",
    "http://0.0.0.0:{port}/dot.png",
    "http://[::]:{port}/dot.png",
    "http://2130706433:{port}/dot.png",
    "http://0x7f000001:{port}/dot.png",
    "http://0177.0.0.1:{port}/dot.png",
    "http://127.1:{port}/dot.png",
    "http://①②⑦.⓪.⓪.①:{port}/dot.png",
    "http://127。0。0。1:{port}/dot.png",
    "http://user@127.0.0.1:{port}/dot.png",
    "http://1.1.1.1@127.0.0.1:{port}/dot.png",
    "http://1.1.1.1\\@127.0.0.1:{port}/dot.png",
    "http://127.0.0.1:{port}\\@1.1.1.1/dot.png",
    "HTTP://127.0.0.1:{port}/dot.png",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://10.0.0.1/",
    "http://100.64.0.1/",
    "https://192.168.1.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "ftp://127.0.0.1:{port}/dot.png",
    "http://",
    "http://:{port}/",
    "http://[::1",
    "http://127.0.0.1:99999/",
]


@pytest.mark.parametrize("client", CLIENTS)
async def test_nothing_private_is_fetched(
    gateway: Gateway, library: Library, session: aiohttp.ClientSession, client: Client
) -> None:
    """Attack 27: metadata services, loopback and private networks in every spelling, and other schemes, in each protocol."""
    library.journal.clear()
    for url in PRIVATE:
        told = await look(session, gateway, client, "ollama", url.format(port=library.port))
        assert told.status == 400 and told.failed, (url, told.brief())
    assert not len(library.journal)


@pytest.mark.parametrize("client", CLIENTS)
async def test_what_may_be_fetched_reaches_an_upstream_that_takes_only_data(
    open_gateway: Gateway,
    library: Library,
    scripted_upstream: ScriptedUpstream,
    session: aiohttp.ClientSession,
    client: Client,
) -> None:
    """The other side of attack 27: the bytes tell what they are, not their server; one fetch serves all mentions."""
    library.journal.clear()
    url = f"{library.url}/dot.png"
    told = await look(session, open_gateway, client, "ollama", url, url)
    assert told.text.startswith("I see 2 image(s)"), told.brief()
    asked = [entry for entry in scripted_upstream.journal if entry.path == "/api/chat"][-1]
    assert [image for message in asked.json["messages"] for image in message.get("images", ())] == [PIXEL, PIXEL]
    assert len(library.journal) == 1
    fetched = library.journal[0].headers
    assert "authorization" not in fetched and "cookie" not in fetched
    assert "fetched" in told.headers["x-crawdad-notes"]


@pytest.mark.parametrize("upstream", ["anthropic", "gemini"])
async def test_vendors_who_fetch_themselves_get_the_url_unless_it_is_in_the_clear(
    open_gateway: Gateway,
    library: Library,
    scripted_upstream: ScriptedUpstream,
    session: aiohttp.ClientSession,
    upstream: Protocol,
) -> None:
    """Attack 27: nothing is fetched that need not be."""
    library.journal.clear()
    secure = "https://example.com/dot.png"
    assert (await look(session, open_gateway, "chat", upstream, secure, f"{library.url}/dot.png")).status == 200
    sent = scripted_upstream.journal.last.body.decode()
    assert secure in sent and PIXEL in sent and library.url not in sent
    assert [entry.path for entry in library.journal] == ["/dot.png"]


@pytest.mark.parametrize("upstream", ["chat", "responses"])
async def test_urls_that_the_upstream_takes_are_not_touched(
    gateway: Gateway,
    library: Library,
    scripted_upstream: ScriptedUpstream,
    session: aiohttp.ClientSession,
    upstream: Protocol,
) -> None:
    """Attack 27: the vendor fetches from its own network; the gateway does not look."""
    library.journal.clear()
    url = f"{library.url}/dot.png"
    assert (await look(session, gateway, "anthropic", upstream, url)).status == 200
    assert url in scripted_upstream.journal.last.body.decode()
    assert not len(library.journal)


async def test_documents_by_url_become_data_or_text(
    open_gateway: Gateway, library: Library, scripted_upstream: ScriptedUpstream, session: aiohttp.ClientSession
) -> None:
    """Chat completions know no documents by URL."""
    content = [
        {"type": "input_file", "file_url": f"{library.url}/paper.pdf"},
        {"type": "input_file", "file_url": f"{library.url}/notes.txt"},
    ]
    told = await ask(
        session, open_gateway, "responses", "scripted-chat/story:sees", input=[{"role": "user", "content": content}]
    )
    assert told.status == 200, told.brief()
    sent = scripted_upstream.journal.last.body.decode()
    assert base64.b64encode(PDF).decode() in sent and "Grüße aus der Bibliothek" in sent


async def test_pictures_in_tool_results_are_fetched_too(
    open_gateway: Gateway, library: Library, scripted_upstream: ScriptedUpstream, session: aiohttp.ClientSession
) -> None:
    """A tool's result may name a URL as well as the user."""
    source = {"type": "url", "url": f"{library.url}/dot.png"}
    messages = [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "image", "source": source}]}
            ],
        },
    ]
    tools = [{"name": "look", "input_schema": {"type": "object"}}]
    told = await ask(session, open_gateway, "anthropic", "scripted-ollama/story:hello", messages=messages, tools=tools)
    assert told.status == 200, told.brief()
    assert PIXEL in scripted_upstream.journal.last.body.decode()


@pytest.mark.parametrize(
    "path",
    ["/huge.png", "/page.png", "/missing.png", "/away?to=/away", "/away?to=file:///etc/passwd", "/away?to=http://["],
)
async def test_what_is_too_large_or_something_else_is_a_clear_refusal(
    open_gateway: Gateway,
    library: Library,
    scripted_upstream: ScriptedUpstream,
    session: aiohttp.ClientSession,
    path: str,
) -> None:
    """Attack 27: size, kind, status and redirects are looked at; the answer's content is not told to the client."""
    before = len(scripted_upstream.journal)
    told = await look(session, open_gateway, "chat", "ollama", library.url + path)
    assert told.status == 400 and told.failed, told.brief()
    assert b"secret" not in told.raw
    assert len(scripted_upstream.journal) == before


async def test_the_number_of_fetches_is_bounded(
    open_gateway: Gateway, library: Library, session: aiohttp.ClientSession
) -> None:
    """Attack 27: one request makes no flood."""
    library.journal.clear()
    urls = [f"{library.url}/dot.png?{number}" for number in range(100)]
    assert (await look(session, open_gateway, "chat", "ollama", *urls)).status == 400
    assert not len(library.journal)


@pytest.fixture
async def transport(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HttpTransport]:
    """A transport for which 127.0.0.1 is the public internet and the rest of the loopback network is not."""
    monkeypatch.setattr(guard, "is_public", lambda address: address == "127.0.0.1")
    async with HttpTransport("test") as opened:
        yield opened


@pytest.mark.parametrize("to", ["http://127.0.0.2:{port}/dot.png", "http://[::1]:{port}/dot.png", "file:///etc/passwd"])
async def test_a_public_page_cannot_redirect_to_a_private_one(
    transport: HttpTransport, library: Library, to: str
) -> None:
    """Attack 27: every hop is looked at."""
    library.journal.clear()
    url = f"{library.url}/away?to={to.format(port=library.port)}"
    with pytest.raises(GatewayError) as refusal:
        await transport.send(UpstreamCall("GET", url, {}, guarded=True))
    assert refusal.value.details["code"] == "url_refused"
    assert len(library.journal) == 1


async def test_a_name_is_connected_to_at_the_address_that_was_checked(
    transport: HttpTransport, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack 27, DNS rebinding: each look-up is checked, and nothing looks up a second time behind the check."""
    answers = iter(["127.0.0.1", "127.0.0.2", "127.0.0.2"])
    looked_up: list[str] = []

    async def look_up(host: str, port: int) -> list[names.Address]:
        looked_up.append(next(answers))
        return [(socket.AF_INET, (looked_up[-1], port))]

    monkeypatch.setattr(names, "look_up", look_up)
    url = f"http://rebinding.example:{library.port}/dot.png"
    answer = await transport.send(UpstreamCall("GET", url, {}, guarded=True))
    assert answer.status == 200
    await answer.close()
    assert looked_up == ["127.0.0.1"]
    other = url.replace("rebinding", "again")
    with pytest.raises(GatewayError) as refusal:
        await transport.send(UpstreamCall("GET", other, {}, guarded=True))
    assert refusal.value.details["code"] == "url_refused"
