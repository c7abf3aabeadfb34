"""Changes that count while the gateway runs: of the configuration file, and of keys made by another process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from crawdad.services.identity.keys import KeyOrder
from tests.e2e.keys import make_keys, open_keys
from tests.e2e.material import HELLO
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.protocols import PROTOCOLS, Protocol, provider
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE, eventually

NOTICE_SECONDS = 2.0
"""Within this time a change of the configuration must count; the tests allow a busy machine much more."""
ALLOWANCE = PATIENCE


@pytest.fixture(scope="module")
def changing(scripted_upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """A gateway whose configuration the tests change."""
    with running_gateway(configuration(scripted_upstream, "old")) as running:
        yield running


@pytest.fixture
def client(changing: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=changing.base_url, headers=changing.headers, timeout=PATIENCE) as opened:
        yield opened


def configuration(
    upstream: ScriptedUpstream, *names: str, protocol: Protocol = "chat", **sections: Any
) -> dict[str, Any]:
    found = {
        name: provider(protocol, upstream.url, upstream.models, discover=False, profile="openai") for name in names
    }
    return settings(found, **sections)


def ask(client: httpx.Client, model: str) -> httpx.Response:
    turn = [{"role": "user", "content": "hi"}]
    return client.post("/v1/chat/completions", json={"model": model, "messages": turn})


def wait(condition: Callable[[], bool], seconds: float = NOTICE_SECONDS + ALLOWANCE) -> float:
    """Seconds until `condition` holds. Raises `AssertionError` when it does not in time."""
    began = time.monotonic()
    eventually(condition, "the change", seconds)
    return time.monotonic() - began


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_running_stream_outlives_a_change(
    changing: Gateway, client: httpx.Client, scripted_upstream: ScriptedUpstream, protocol: Protocol
) -> None:
    """Even of its own provider, which is gone from the configuration before the stream ends."""
    changing.write_config(configuration(scripted_upstream, f"first-{protocol}", protocol=protocol))
    wait(lambda: ask(client, f"first-{protocol}/story:hello").status_code == 200)
    turn = [{"role": "user", "content": "hi"}]
    body = {"model": f"first-{protocol}/story:hello", "messages": turn, "stream": True}
    with scripted_upstream.holding(2) as hold, client.stream("POST", "/v1/chat/completions", json=body) as answer:
        assert hold.reached.wait(PATIENCE)
        changing.write_config(configuration(scripted_upstream, f"second-{protocol}", protocol=protocol))
        with httpx.Client(base_url=changing.base_url, headers=changing.headers, timeout=PATIENCE) as other:
            wait(lambda: ask(other, f"first-{protocol}/story:hello").status_code == 404)
            hold_free = ask(other, f"second-{protocol}/story:hello")
            assert hold_free.json()["choices"][0]["message"]["content"] == HELLO
        scripted_upstream.release()
        lines = list(answer.iter_lines())
    assert lines[-2:] == ["data: [DONE]", ""] or lines[-1] == "data: [DONE]"
    assert "error" not in "".join(lines)


def test_a_new_provider_is_usable_at_once(
    changing: Gateway, client: httpx.Client, scripted_upstream: ScriptedUpstream
) -> None:
    changing.write_config(configuration(scripted_upstream, "old"))
    wait(lambda: ask(client, "old/story:hello").status_code == 200)
    assert ask(client, "fresh/story:hello").status_code == 404
    changing.write_config(
        configuration(scripted_upstream, "old", "fresh", models={"aliases": {"me": "fresh/story:hello"}})
    )
    wait(lambda: ask(client, "fresh/story:hello").status_code == 200)
    assert ask(client, "me").json()["choices"][0]["message"]["content"] == HELLO
    listed = client.get("/v1/models").json()["data"]
    assert {"me", "fresh/story:hello", "old/story:hello"} <= {model["id"] for model in listed}


def wait_for_more(words: str, before: int, gateway: Gateway) -> int:
    """How often `words` stand in the gateway's log, once that is more than `before`."""
    wait(lambda: gateway.log().count(words) > before)
    return gateway.log().count(words)


def test_a_broken_configuration_keeps_the_old_one(
    changing: Gateway, client: httpx.Client, scripted_upstream: ScriptedUpstream
) -> None:
    good = configuration(scripted_upstream, "old")
    changing.write_config(good)
    wait(lambda: ask(client, "old/story:hello").status_code == 200)
    refusals = changing.log().count('"kept": true')
    for broken in (b"{ models: ", b'{"models": {"providers": {"old": {"baseUrl": 7}}}}', b"\xff\xfe"):
        (changing.home / "openclaw.json").write_bytes(broken)
        refusals = wait_for_more('"kept": true', refusals, changing)
        assert ask(client, "old/story:hello").status_code == 200
    changing.write_config(configuration(scripted_upstream, "mended"))
    wait(lambda: ask(client, "mended/story:hello").status_code == 200)


def test_keys_of_another_process_count(changing: Gateway) -> None:
    """Within about a second, says the issue."""
    token = asyncio.run(make_keys(changing, [KeyOrder("passer-by")]))["passer-by"]
    with httpx.Client(base_url=changing.base_url, headers={"x-api-key": token}, timeout=PATIENCE) as guest:

        def status() -> int:
            return guest.get("/v1/models").status_code

        wait(lambda: status() == 200)
        asyncio.run(_revoke(changing, "passer-by"))
        wait(lambda: status() == 401)


async def _revoke(gateway: Gateway, name: str) -> None:
    async with open_keys(gateway) as keys:
        await keys.revoke(name)


def test_the_token_itself_can_be_changed(changing: Gateway, scripted_upstream: ScriptedUpstream) -> None:
    """An admin token takes the right to administer from the first one, and gives it to its holder."""
    admin = "cd-admin-0123456789abcdef"
    changing.write_config(configuration(scripted_upstream, "old", gateway={"auth": {"adminToken": admin}}))
    with httpx.Client(base_url=changing.base_url, headers={"x-api-key": admin}, timeout=PATIENCE) as client:
        wait(lambda: client.get("/api/config").status_code == 200)
        assert client.get("/v1/models").status_code == 401
