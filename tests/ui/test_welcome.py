"""The first-run guide: a model that answers is kept and used, one that does not leaves nothing behind, tools get a key."""

from __future__ import annotations

import httpx

from tests.support.browser import Window
from tests.support.server import Gateway
from tests.support.upstreams.protocols import BASE
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE


def providers(gateway: Gateway) -> list[str]:
    answer = httpx.get(f"{gateway.base_url}/v1/openclaw/models/config", headers=gateway.headers, timeout=PATIENCE)
    return list(answer.json()["data"])


def test_a_model_is_tried_before_it_is_kept(window: Window, gateway: Gateway, upstream: ScriptedUpstream) -> None:
    page = window.sign_in("/welcome")
    window.expected.append("status of 502")
    page.get_by_label("Provider").select_option("")
    page.get_by_label("Address").fill(upstream.url.replace("127.0.0.1", "localhost") + BASE["chat"])
    page.get_by_label("API key", exact=False).first.fill("sk-of-the-test")
    page.get_by_label("Model", exact=True).fill("story:none")
    page.get_by_role("button", name="Connect and test").click()
    page.get_by_role("alert").get_by_text("does not exist").wait_for()
    assert providers(gateway) == ["scripted"]
    page.get_by_label("Model", exact=True).fill("story:long")
    page.get_by_role("button", name="Connect and test").click()
    page.get_by_text("is now the model of your agents").wait_for()
    assert providers(gateway) == ["scripted", "localhost"]
    assert "sk-of-the-test" not in page.content()


def test_tools_get_a_key_that_works(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/welcome")
    page.get_by_role("button", name="Make a key").click()
    page.get_by_text("Your key, shown only this once:").wait_for()
    page.get_by_role("tab", name="Codex").click()
    command = page.get_by_text("crawdad sync codex").inner_text()
    key = command.split("--key ")[1].split()[0]
    listed = httpx.get(f"{gateway.base_url}/v1/models", headers={"authorization": f"Bearer {key}"}, timeout=PATIENCE)
    assert listed.status_code == 200
    assert window.violations() == []
