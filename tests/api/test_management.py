"""The door of the management contracts: who comes in, and faults in the contract's own words, through a real server."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import orjson
import pytest

from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

ADMIN = "cd-admin-token-0123456789abcdef"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({}, gateway={"maxBodyBytes": 4096}), {"CRAWDAD_ADMIN_TOKEN": ADMIN}) as found:
        yield found


def ask(
    gateway: Gateway, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_health_is_open_and_says_little(gateway: Gateway) -> None:
    status, headers, body = ask(gateway, "GET", "/api/health")
    assert status == 200 and orjson.loads(body)["status"] == "ok" and headers["x-request-id"]


def test_what_nobody_serves_is_a_404_in_the_contracts_words(gateway: Gateway) -> None:
    status, headers, body = ask(gateway, "GET", "/api/nothing-here")
    assert status == 404 and headers["content-type"] == "application/json"
    assert "/api/nothing-here" in orjson.loads(body)["error"]


def test_a_wrong_method_names_the_right_ones(gateway: Gateway) -> None:
    status, headers, body = ask(gateway, "DELETE", "/api/health")
    assert status == 405 and headers["allow"] == "GET, HEAD" and "DELETE" in orjson.loads(body)["error"]


def test_the_methods_of_all_routes_of_a_path_are_named(gateway: Gateway) -> None:
    status, headers, _ = ask(gateway, "PUT", "/api/accounts", {"x-admin-token": ADMIN})
    assert (status, headers["allow"]) == (405, "GET, HEAD, POST")
    assert ask(gateway, "PUT", "/api/accounts/some")[1]["allow"] == "DELETE, GET, HEAD, PATCH"


def test_a_slash_at_the_end_means_nothing(gateway: Gateway) -> None:
    admin = {"x-admin-token": ADMIN, "content-type": "application/json"}
    status, _, body = ask(gateway, "GET", "/api/accounts/", admin)
    assert status == 200 and orjson.loads(body)["accounts"] == []
    status, _, body = ask(gateway, "POST", "/api/accounts/switch/", admin, b'{"accountId": "nobody"}')
    assert status == 404 and orjson.loads(body)["code"] == "no_account"
    assert ask(gateway, "GET", "/api/accounts/")[0] == 401
    assert ask(gateway, "GET", "/api/accounts//", admin)[0] == 404


@pytest.mark.parametrize("path", ["/api/health", "/api/accounts", "/api/config", "/api/logs", "/api/logs/export"])
def test_head_is_get_without_a_body(gateway: Gateway, path: str) -> None:
    admin = {"x-admin-token": ADMIN}
    status, headers, body = ask(gateway, "HEAD", path, admin)
    got = ask(gateway, "GET", path, admin)
    assert (status, body) == (200, b"") and headers["content-type"] == got[1]["content-type"]
    assert headers.get("content-length") == got[1].get("content-length")
    assert ask(gateway, "HEAD", "/api/accounts")[0] == 401 and ask(gateway, "HEAD", "/api/nothing", admin)[0] == 404


def test_the_head_of_a_stream_without_end_ends(gateway: Gateway) -> None:
    status, headers, body = ask(gateway, "HEAD", "/api/logs/stream", {"x-admin-token": ADMIN})
    assert (status, body) == (200, b"") and headers["content-type"].startswith("text/event-stream")
    assert "Traceback" not in gateway.log()


@pytest.mark.parametrize(
    "body",
    [
        rb'{"theme": "\ud800"}',
        rb'{"\udc00": 1}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"\xff",
        b"{",
        b"",
        b"[" * 3000,
        b"nul",
    ],
)
def test_what_is_no_json_is_refused(gateway: Gateway, body: bytes) -> None:
    """Half a surrogate pair cannot be kept anywhere, nor told."""
    admin = {"x-admin-token": ADMIN, "content-type": "application/json"}
    before = ask(gateway, "GET", "/api/config", admin)[2]
    status, _, told = ask(gateway, "POST", "/api/config", admin, body)
    assert status in (400, 422) and orjson.loads(told)["error"]
    assert ask(gateway, "GET", "/api/config", admin)[2] == before


def test_errors_speak_chinese(gateway: Gateway) -> None:
    _, _, body = ask(gateway, "GET", "/api/nothing-here", {"accept-language": "zh-CN"})
    assert orjson.loads(body)["error"].startswith("没有这个接口")


def test_a_foreign_host_is_refused_in_the_contracts_words(gateway: Gateway) -> None:
    status, _, body = ask(gateway, "GET", "/api/health", {"host": "evil.example"})
    assert status == 400 and "evil.example" in orjson.loads(body)["error"]
