"""`web_fetch` against pages of a real server, through the guarded transport."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from crawdad.adapters.http import HttpTransport
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.web_settings import WebFetchSettings
from crawdad.services.agent_tools.web_fetch import WebFetch
from tests.support.fakes import FakeClock
from tests.support.tool_calls import Web, context, words

HTML = {"content-type": "text/html; charset=utf-8"}


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    pages = {
        "/page": (200, HTML, b"<title>Tea</title><h1>Tea</h1><p>Boil <a href='water'>water</a>.</p>"),
        "/gbk": (200, {"content-type": "text/html"}, '<meta charset="gb2312"><p>你好，世界</p>'.encode("gb18030")),
        "/data.json": (200, {"content-type": "application/json"}, b'{"a": 1}'),
        "/picture": (200, {"content-type": "image/png"}, b"\x89PNG\r\n\x1a\n\0\0"),
        "/moved": (302, {"location": "/dir/page"}, b""),
        "/dir/page": (200, HTML, b"<p>See <a href='next'>next</a>.</p>"),
        "/inward": (302, {"location": "http://169.254.169.254/latest/meta-data"}, b""),
        "/file": (302, {"location": "file:///etc/passwd"}, b""),
        "/long": (200, {"content-type": "text/plain"}, b"0123456789" * 100),
        "/huge": (200, {"content-type": "text/plain"}, b"x" * 20_000),
        "/broken": (500, HTML, b"<p>no</p>"),
    }
    with Web(pages) as server:
        yield server


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("tests", lambda: True) as made:
        yield made


def tool(transport: HttpTransport, clock: FakeClock | None = None, **settings: object) -> WebFetch:
    values = WebFetchSettings.model_validate(settings)
    return WebFetch(transport, clock or FakeClock(), lambda: values)


async def test_a_page_is_read(web: Web, transport: HttpTransport) -> None:
    outcome = await tool(transport).run({"url": f"{web.url}/page#part"}, context())
    assert outcome.untrusted
    assert words(outcome) == f"URL: {web.url}/page\nTitle: Tea\n\n# Tea\n\nBoil [water]({web.url}/water)."
    assert outcome.details["status"] == 200 and outcome.details["truncated"] is False


async def test_links_count_from_where_a_redirect_led(web: Web, transport: HttpTransport) -> None:
    outcome = await tool(transport).run({"url": f"{web.url}/moved"}, context())
    assert f"[next]({web.url}/dir/next)" in words(outcome)
    assert outcome.details["url"] == f"{web.url}/dir/page"


async def test_other_encodings_and_kinds(web: Web, transport: HttpTransport) -> None:
    assert "你好，世界" in words(await tool(transport).run({"url": f"{web.url}/gbk"}, context()))
    assert words(await tool(transport).run({"url": f"{web.url}/data.json"}, context())).endswith('{"a": 1}')
    with pytest.raises(GatewayError, match="image/png"):
        await tool(transport).run({"url": f"{web.url}/picture"}, context())


async def test_limits(web: Web, transport: HttpTransport) -> None:
    outcome = await tool(transport).run({"url": f"{web.url}/long", "maxChars": 100}, context())
    assert outcome.details["truncated"] and words(outcome).endswith("\n\n" + "0123456789" * 10)
    capped = await tool(transport, maxCharsCap=200).run({"url": f"{web.url}/long", "maxChars": 900}, context())
    assert words(capped).endswith("\n\n" + "0123456789" * 20)
    with pytest.raises(GatewayError) as caught:
        await tool(transport, maxBytes=10_000).run({"url": f"{web.url}/huge"}, context())
    assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


async def test_pages_are_kept_for_a_while(web: Web, transport: HttpTransport) -> None:
    clock = FakeClock()
    fetch = tool(transport, clock, cacheTtlMinutes=1)
    before = len(web.journal)
    for _ in range(3):
        await fetch.run({"url": f"{web.url}/page"}, context())
    assert len(web.journal) == before + 1
    clock.advance(61)
    await fetch.run({"url": f"{web.url}/page"}, context())
    assert len(web.journal) == before + 2


async def test_failures_are_told(web: Web, transport: HttpTransport) -> None:
    with pytest.raises(GatewayError, match="status 500"):
        await tool(transport).run({"url": f"{web.url}/broken"}, context())
    for bad in ("file:///etc/passwd", "gopher://x", "/page", ""):
        with pytest.raises(GatewayError) as caught:
            await tool(transport).run({"url": bad}, context())
        assert caught.value.kind is ErrorKind.BAD_REQUEST


async def test_nothing_private_is_reached(web: Web) -> None:
    async with HttpTransport("tests", lambda: False) as guarded:
        for url in (f"{web.url}/page", "http://169.254.169.254/latest", "http://[::1]/", "http://0x7f000001/"):
            with pytest.raises(GatewayError) as caught:
                await tool(guarded).run({"url": url}, context())
            assert caught.value.details.get("code") == "url_refused", url


@pytest.mark.parametrize("path", ["/file"])
async def test_a_redirect_is_looked_at_like_any_address(web: Web, transport: HttpTransport, path: str) -> None:
    with pytest.raises(GatewayError) as caught:
        await tool(transport).run({"url": web.url + path}, context())
    assert caught.value.details.get("code") == "url_refused"
