"""In which language errors are told, and where the request's id stands in them."""

from __future__ import annotations

import pytest
from httpx import Client

from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

CHAT = {"model": "crawdad/none", "messages": [{"role": "user", "content": "hi"}]}
ENGLISH, CHINESE = "does not exist", "不存在"


@pytest.mark.parametrize(
    ("configured", "asked", "words"),
    [
        ("auto", None, ENGLISH),
        ("auto", "zh-CN,zh;q=0.9,en;q=0.8", CHINESE),
        ("auto", "fr, en;q=0.5", ENGLISH),
        ("zh", None, CHINESE),
        ("zh", "en-US", ENGLISH),
        ("en", "zh", CHINESE),
    ],
)
def test_the_language(configured: str, asked: str | None, words: str) -> None:
    with (
        running_gateway(settings({}, language=configured)) as gateway,
        Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as client,
    ):
        client.headers.pop("accept-language", None)
        headers = {} if asked is None else {"accept-language": asked}
        answer = client.post("/v1/chat/completions", json=CHAT, headers=headers)
        assert answer.status_code == 404
        assert words in answer.json()["error"]["message"]


def test_the_request_id_is_in_the_body_where_the_vendor_puts_it(gateway: Gateway) -> None:
    with Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as client:
        for path, headers in (("/v1/messages", {}), ("/v1/nothing", {"anthropic-version": "2023-06-01"})):
            answer = client.post(path, json={**CHAT, "max_tokens": 5}, headers=headers)
            assert answer.status_code == 404
            assert answer.json()["request_id"] == answer.headers["request-id"]
        assert "request_id" not in client.post("/v1/chat/completions", json=CHAT).json()
