"""`/media/<id>` and plugins' own routes over a running server."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from crawdad.core.errors import GatewayError
from tests.support.agent_plugin import plugin_routes
from tests.support.agent_server import WITH_AGENTS
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


def kept(client: httpx.Client, data: bytes, media_type: str, name: str = "a.png") -> str:
    told = client.post(f"/plugin/keep?name={name}", content=data, headers={"content-type": media_type})
    assert told.status_code == 200, told.text
    return told.text


def test_a_file_is_given_out_whole_and_in_ranges(client: httpx.Client, nobody: httpx.Client, gateway: Gateway) -> None:
    path = kept(client, PNG, "image/png", "picture one.png")
    told = nobody.get(path)
    assert (told.status_code, told.content, told.headers["content-type"]) == (200, PNG, "image/png")
    assert told.headers["x-content-type-options"] == "nosniff" and told.headers["accept-ranges"] == "bytes"
    assert told.headers["content-disposition"] == "inline; filename*=UTF-8''picture%20one.png"
    assert "sandbox" in told.headers["content-security-policy"]
    told = nobody.head(path)
    assert (told.status_code, told.content, told.headers["content-length"]) == (200, b"", str(len(PNG)))
    for asked, start, end in (
        ("bytes=0-9", 0, 10),
        ("bytes=200-", 200, len(PNG)),
        ("bytes=-8", len(PNG) - 8, len(PNG)),
    ):
        told = nobody.get(path, headers={"range": asked})
        assert (told.status_code, told.content) == (206, PNG[start:end])
        assert told.headers["content-range"] == f"bytes {start}-{end - 1}/{len(PNG)}"
    told = nobody.get(path, headers={"range": f"bytes={len(PNG)}-"})
    assert (told.status_code, told.headers["content-range"]) == (416, f"bytes */{len(PNG)}")
    assert nobody.get(path, headers={"range": "bytes=0-1,4-5"}).status_code == 200
    assert nobody.post(path).status_code == 405
    assert (gateway.home / "media").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/javascript", "application/xml", "x"])
def test_what_a_browser_could_run_is_for_saving(client: httpx.Client, nobody: httpx.Client, media_type: str) -> None:
    told = nobody.get(kept(client, b"<script>alert(1)</script>", media_type, "x.html"))
    assert told.headers["content-type"] == "application/octet-stream"
    assert told.headers["content-disposition"].startswith("attachment; ")


@pytest.mark.parametrize(
    "path", ["/media/..%2fopenclaw.json", "/media/a%20b", "/media/", "/media/" + "a" * 201, "/media/.."]
)
def test_what_cannot_be_an_id(gateway: Gateway, path: str) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (400, b"invalid path")
    connection.close()


def test_what_is_not_there(nobody: httpx.Client, client: httpx.Client) -> None:
    told = nobody.get("/media/" + "a" * 40)
    assert (told.status_code, told.text) == (404, "not found")
    first, second = kept(client, PNG, "image/png"), kept(client, PNG, "image/png")
    assert first != second and len(first) > len("/media/") + 30


def test_files_have_their_time_and_size(tmp_path: Path) -> None:
    media = {"ttlSeconds": 0.3, "maxBytes": 100}
    with (
        running_gateway(settings({}, gateway={"media": media}), command=WITH_AGENTS, home=tmp_path) as gateway,
        httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as client,
    ):
        path = kept(client, b"short", "text/plain", "a.txt")
        told = client.post("/plugin/keep?name=x", content=b"x" * 101, headers={"content-type": "text/plain"})
        assert told.status_code == 500
        eventually(lambda: client.get(path).status_code in (404, 410), "the file's time to end")
        assert client.get(path).status_code == 404
        eventually(lambda: not list((tmp_path / "media").iterdir()), "the file to be gone")


def test_plugins_serve_paths(client: httpx.Client, nobody: httpx.Client) -> None:
    told = client.get("/plugin/exact")
    assert told.status_code == 200 and told.text.startswith("token ") and "authorization" not in told.text
    assert client.get("/plugin/one/thing").text == "first"
    told = client.get("/plugin/other")
    assert (told.status_code, told.text, told.headers["x-own"]) == (201, "second", "1")
    told = client.get("/plugin/fails")
    assert (told.status_code, told.text) == (500, "Internal Server Error")
    assert client.get("/nobody/serves/this").status_code == 404


def test_plugins_are_behind_the_door(nobody: httpx.Client) -> None:
    for path in ("/plugin/exact", "/plugin/one", "/plugin/other"):
        told = nobody.get(path)
        assert told.status_code == 401 and told.json() == {"error": {"message": "Unauthorized", "type": "unauthorized"}}
    told = nobody.post("/webhook/signed", headers={"authorization": "Signature x"})
    assert told.status_code == 200 and told.text.startswith("nobody ") and "authorization" in told.text


@pytest.mark.parametrize("path", ["//plugin/exact", "/plugin/./exact", "/x/../plugin/exact", "/plugin%2fexact"])
def test_plugins_see_paths_that_say_what_they_mean(gateway: Gateway, path: str) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
    connection.request("GET", path)
    assert connection.getresponse().status in (400, 401, 404)
    connection.close()


def test_no_plugin_serves_what_is_the_gateways(client: httpx.Client, nobody: httpx.Client) -> None:
    for path in (
        "/v1/shadow",
        "/v1beta/shadow",
        "/api/shadow",
        "/tools/shadow",
        "/__openclaw__/shadow",
        "/health/shadow",
    ):
        assert client.get(path).status_code == 404, path
    routes = plugin_routes(None)  # type: ignore[arg-type]
    handler = routes.handlers()[0].handler
    for path in (
        "/v1/models",
        "v1/responses/",
        "/api/config",
        "/hooks/wake",
        "/tools/invoke",
        "/media/x",
        "/",
        "/health",
    ):
        with pytest.raises(GatewayError, match="gateway's own"):
            routes.add_route("shadow", path, handler)
    with pytest.raises(GatewayError, match="gateway's own"):
        routes.add_route("shadow", "/api/channels/pigeon/open", handler, auth="plugin")
    with pytest.raises(GatewayError, match="served by the plugin greeter"):
        routes.add_route("shadow", "/plugin/exact/", handler)
    assert client.post("/api/channels/pigeon/webhook").text.startswith("token ")
    assert nobody.post("/api/channels/pigeon/webhook").status_code == 401
