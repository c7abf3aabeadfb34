"""Signing in and out, and what the browser keeps of it."""

from __future__ import annotations

import re
from urllib.parse import quote

import httpx
import pytest

from tests.support.browser import Window
from tests.support.server import SOURCE, TOKEN, Gateway
from tests.support.waiting import PATIENCE
from tests.ui.rest import call


def test_a_wrong_token_is_refused_and_the_right_one_leads_back(window: Window) -> None:
    page = window.open("/chat?session=agent%3Amain%3Aside")
    page.locator("input[name=token]").fill("not-the-token")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").get_by_text("The gateway does not accept this token.").wait_for()
    assert window.violations() == []
    window.sign_in("/chat?session=agent%3Amain%3Aside")
    assert "session=agent" in page.url and "/console/chat" in page.url
    page.get_by_role("heading", level=1, name="Chat").wait_for()


def test_the_token_is_nowhere_in_the_browser(window: Window) -> None:
    page = window.sign_in()
    kept = page.evaluate(
        "JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, history.state])"
    )
    assert TOKEN not in kept
    assert page.evaluate("document.cookie") == ""
    assert [cookie["httpOnly"] for cookie in window.context.cookies()] == [True]


def test_signing_out_ends_the_session(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/welcome")
    cookie = window.context.cookies()[0]
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.locator("input[name=token]").wait_for()
    old = {"cookie": f"{cookie['name']}={cookie['value']}"}
    assert httpx.get(f"{gateway.base_url}/api/console/session", headers=old, timeout=PATIENCE).status_code == 401


def test_a_session_that_ends_elsewhere_leads_to_the_sign_in_and_back(window: Window) -> None:
    page = window.sign_in("/welcome")
    window.expected.append("WebSocket connection")
    csrf = page.request.get(f"{window.gateway.base_url}/api/console/session").json()["csrf"]
    ended = page.request.delete(f"{window.gateway.base_url}/api/console/session", headers={"x-crawdad-csrf": csrf})
    assert ended.status == 204
    page.locator("input[name=token]").wait_for()
    page.locator("input[name=token]").fill(TOKEN)
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Getting started").wait_for()


def test_a_key_as_the_sign_in_page_tells_to_make_one_is_enough(window: Window, gateway: Gateway) -> None:
    page = window.open("/chat?session=agent%3Amain%3Aby-key")
    page.get_by_text("Where do I find the token?").click()
    permissions = re.findall(r"--permission (\S+)", page.locator("details pre").inner_text())
    made = call(gateway, "POST", "/api/keys", {"name": "console", "permissions": permissions})
    window.sign_in("/chat?session=agent%3Amain%3Aby-key", made["key"])
    page.get_by_label("Write a message").fill("Hello")
    page.keyboard.press("Enter")
    page.get_by_role("log").get_by_text("All work").wait_for()
    assert page.get_by_role("alert").count() == 0


def test_a_key_as_the_manual_has_it_sees_and_talks_and_one_with_less_is_told(window: Window, gateway: Gateway) -> None:
    manual = (SOURCE.parent / "docs" / "console.md").read_text()
    permissions = re.findall(r"--permission (\S+)", manual)
    made = call(gateway, "POST", "/api/keys", {"name": "console", "permissions": permissions})
    page = window.sign_in("/chat?session=agent%3Amain%3Amanual", made["key"])
    page.get_by_label("Write a message").fill("Hello")
    page.keyboard.press("Enter")
    page.get_by_role("log").get_by_text("All work").wait_for()
    assert page.get_by_text("Your key lacks permissions").count() == 0
    less = call(gateway, "POST", "/api/keys", {"name": "less", "permissions": ["system.read", "agents.manage"]})
    window.context.clear_cookies()
    window.sign_in("/chat", less["key"])
    page.get_by_role("status").get_by_text("config.read, logs.read, statistics.read").wait_for()
    page.get_by_text("Your key does not allow this.").first.wait_for()
    assert window.violations() == []


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_another_address_is_never_led_to(window: Window, back: str) -> None:
    page = window.sign_in(f"/sign-in?back={quote(back, safe='')}")
    page.get_by_role("heading", level=1, name="Overview").wait_for()
    assert page.url.startswith(f"{window.gateway.base_url}/console/")
