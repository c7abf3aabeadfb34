"""The SSRF guard (attack case 27)."""

from __future__ import annotations

import pytest
from aiohttp import web

from crawdad.adapters.http import HttpTransport
from crawdad.adapters.http.guard import check_url, is_public
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import UpstreamCall


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "255.255.255.255", "::7f00:1", "::ffff:0:7f00:1", "64:ff9b:1::7f00:1", "fec0::1", "5f00::1", "ff02::1", "fe80::1%eth0", "not-an-address",
    ],
)  # fmt: skip
def test_private_addresses_are_told_apart(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_pass(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://x/", "ftp://x/", "http://", "http:///x", "http://user:pass@1.1.1.1/",
        "http://[::1]/", "http://127.0.0.1:80/", "https://169.254.169.254/latest", "http://[::ffff:127.0.0.1]/",
        "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://１６９.254.169.254/", "http://1.1.1.1\\@127.0.0.1/",
        "//1.1.1.1/", "", "http://1.1.1.1:99999/", "http://[::1",
    ],
)  # fmt: skip
def test_urls_that_are_refused_before_any_look_up(url: str) -> None:
    with pytest.raises(GatewayError) as caught:
        check_url(url, private_networks=False)
    assert caught.value.kind is ErrorKind.BAD_REQUEST


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
async def test_names_that_resolve_to_private_addresses_are_refused(host: str) -> None:
    async with HttpTransport("test") as transport:
        with pytest.raises(GatewayError) as caught:
            await transport.send(UpstreamCall("GET", f"http://{host}:9/", {}, guarded=True))
    assert caught.value.kind in (ErrorKind.BAD_REQUEST, ErrorKind.UPSTREAM_BROKEN)
    if host == "localhost":
        assert caught.value.details["code"] == "url_refused"


async def test_a_redirect_goes_through_the_guard_again(unused_tcp_port: int) -> None:
    hits: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        hits.append(request.path)
        raise web.HTTPFound("file:///etc/passwd" if request.path == "/a" else "/a")

    app = web.Application()
    app.router.add_get("/{any}", redirect)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    try:
        async with HttpTransport("test", lambda: True) as transport:
            with pytest.raises(GatewayError) as caught:
                await transport.send(UpstreamCall("GET", f"http://127.0.0.1:{unused_tcp_port}/b", {}, guarded=True))
    finally:
        await runner.cleanup()
    assert caught.value.details["code"] == "url_refused"
    assert hits == ["/b", "/a"]
