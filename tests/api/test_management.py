"""The door of the management contracts: who comes in, and faults in the contract's own words, through a real server."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import orjson
import pytest

from tests.support.server import Gateway, running_gateway, settings

ADMIN = "cd-admin-token-0123456789abcdef"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({}, gateway={"maxBodyBytes": 4096}), {"CRAWDAD_ADMIN_TOKEN": ADMIN}) as found:
        yield found


def ask(
    gateway: Gateway, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
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
    assert status == 405 and headers["allow"] == "GET" and "DELETE" in orjson.loads(body)["error"]


def test_errors_speak_chinese(gateway: Gateway) -> None:
    _, _, body = ask(gateway, "GET", "/api/nothing-here", {"accept-language": "zh-CN"})
    assert orjson.loads(body)["error"].startswith("没有这个接口")


def test_a_foreign_host_is_refused_in_the_contracts_words(gateway: Gateway) -> None:
    status, _, body = ask(gateway, "GET", "/api/health", {"host": "evil.example"})
    assert status == 400 and "evil.example" in orjson.loads(body)["error"]
