"""Accounts and models in a browser: what an operator does with them, and what the gateway then knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.browser import Window
from tests.support.identity_provider import TestIdentityProvider
from tests.support.server import Gateway
from tests.support.upstreams.scripted import PREFIX, ScriptedUpstream
from tests.support.waiting import eventually
from tests.ui.hostile import NAME, TRAP
from tests.ui.rest import call

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route


@pytest.fixture
def accounts(gateway: Gateway) -> list[str]:
    """Three accounts, in this order."""
    names = ["first", "second", NAME]
    for account in call(gateway, "GET", "/api/accounts")["accounts"]:
        call(gateway, "DELETE", f"/api/accounts/{account['id']}")
    for name in names:
        body = {"provider": "deepseek", "apiKey": f"sk-{len(name)}-{name[:3]}", "label": name, "validate": False}
        call(gateway, "POST", "/api/accounts", body)
    return names


def accounts_of(gateway: Gateway) -> list[dict[str, Any]]:
    return list(call(gateway, "GET", "/api/accounts")["accounts"])


def order(gateway: Gateway) -> list[str]:
    return [account["email"] for account in accounts_of(gateway)]


def rows(page: Page) -> list[str]:
    handles = page.locator("main li button[aria-keyshortcuts]")
    return [str(handle.get_attribute("aria-label")) for handle in handles.all()]


def test_accounts_are_ordered_by_keys_and_by_dragging(window: Window, gateway: Gateway, accounts: list[str]) -> None:
    page = window.sign_in("/accounts")
    page.get_by_role("button", name="Move first").focus()
    with page.expect_response("**/api/accounts/reorder"):
        page.keyboard.press("ArrowDown")
    page.get_by_text("first is now number 2 of 3").wait_for()
    assert order(gateway) == ["second", "first", NAME]
    handle = page.get_by_role("button", name="Move second").bounding_box()
    last = page.locator("main li[data-id]").last.bounding_box()
    assert handle and last
    page.mouse.move(handle["x"] + 5, handle["y"] + 5)
    page.mouse.down()
    page.mouse.move(handle["x"] + 5, last["y"], steps=4)
    with page.expect_response("**/api/accounts/reorder"):
        page.mouse.move(handle["x"] + 5, last["y"] + last["height"] - 3, steps=4)
        page.mouse.up()
    page.get_by_text("second is now number 3 of 3").wait_for()
    assert order(gateway) == ["first", NAME, "second"]
    assert "number 3" in rows(page)[2]


def test_an_account_is_paused_taken_back_and_removed(window: Window, gateway: Gateway, accounts: list[str]) -> None:
    window.page.add_init_script(TRAP)
    page = window.sign_in("/accounts")
    page.get_by_role("button", name="Pause second").click()
    page.get_by_text("second is paused").wait_for()
    page.get_by_text("Paused", exact=True).wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("second serves again").wait_for()
    page.get_by_role("button", name=f"More actions for {NAME}").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("button", name="Remove the account").click()
    page.get_by_text(f"{NAME} was removed").wait_for()
    assert order(gateway) == ["first", "second"]
    assert page.evaluate("window.__ran") == []


def test_several_accounts_are_paused_and_removed(window: Window, gateway: Gateway, accounts: list[str]) -> None:
    page = window.sign_in("/accounts")
    for button in ("Pause", "Remove"):
        page.get_by_role("button", name="More actions", exact=True).click()
        page.get_by_role("menuitem", name="Pause or remove several…").click()
        dialog = page.get_by_role("dialog", name="Pause or remove several accounts")
        dialog.get_by_role("checkbox", name="first").check()
        dialog.get_by_role("checkbox", name="second").check()
        assert window.violations() == []
        dialog.get_by_role("button", name=button).click()
        if button == "Pause":
            page.get_by_text("2 accounts are paused").wait_for()
            assert [each["proxy_disabled"] for each in accounts_of(gateway)] == [True, True, False]
    page.get_by_role("dialog", name="Remove 2 accounts?").get_by_role("button", name="Remove").click()
    page.get_by_text("2 accounts were removed").wait_for()
    assert order(gateway) == [NAME]


def test_an_account_is_added_by_its_key(window: Window, gateway: Gateway, upstream: ScriptedUpstream) -> None:
    page = window.sign_in("/accounts")
    page.get_by_role("button", name="Add an account").first.click()
    page.get_by_role("dialog").locator("input[type=password]").fill("sk-of-mine-0123456789")
    page.get_by_label("Provider", exact=True).select_option("openai_compatible")
    page.get_by_label("Address").fill(upstream.url)
    page.get_by_label("Name").fill("mine")
    assert window.violations() == []
    page.get_by_role("button", name="Check and add").click()
    page.get_by_text("mine was added").wait_for()
    assert "mine" in order(gateway)
    assert "sk-of-mine" not in page.content()


def test_chosen_accounts_are_exported_and_a_service_account_is_added(
    window: Window, gateway: Gateway, accounts: list[str]
) -> None:
    page = window.sign_in("/accounts")
    page.get_by_role("button", name="More actions", exact=True).click()
    page.get_by_role("menuitem", name="Export chosen ones…").click()
    dialog = page.get_by_role("dialog", name="Which accounts?")
    dialog.get_by_role("checkbox", name="All", exact=True).uncheck()
    dialog.get_by_role("checkbox", name="second").check()
    assert window.violations() == []
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Export").click()
    exported = orjson.loads(download.value.path().read_bytes())["accounts"]
    assert [each["label"] for each in exported] == ["second"] and "sk-" not in str(exported)
    window.open("/accounts?add=service")
    document = {
        "type": "service_account",
        "project_id": "lobster-pot",
        "client_email": "crab@lobster-pot.iam.gserviceaccount.com",
        "private_key": private_key(),
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    page.get_by_label("Or its text").fill("{}")
    page.get_by_text("This is not the key of a service account.").wait_for()
    page.get_by_label("Or its text").fill(orjson.dumps(document).decode())
    page.get_by_text("of the project lobster-pot", exact=False).wait_for()
    page.get_by_role("checkbox", name="Add it without asking").check()
    assert window.violations() == []
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    added = eventually(
        lambda: [each for each in accounts_of(gateway) if each["email"].startswith("crab@")], "the account"
    )
    assert [each["provider"] for each in added] == ["vertex"]
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_text("crab@lobster-pot", exact=False).first.wait_for()


def private_key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def test_rules_and_aliases_lead_where_the_tester_says(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/models?tab=rules")
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_label("Name that clients ask for").fill("gpt-*")
    page.get_by_label("Model", exact=True).fill(f"scripted/{PREFIX}long")
    page.get_by_label("If those fail").fill("crawdad/demo")
    assert window.violations() == []
    page.get_by_role("button", name="Save").last.click()
    page.get_by_text("The rule for gpt-* is saved").wait_for()
    page.get_by_label("Alias", exact=True).fill("quick")
    page.get_by_label("Means").fill("gpt-9")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("quick was added").wait_for()
    page.get_by_label("Name", exact=True).fill("quick")
    page.get_by_role("button", name="Try").click()
    page.get_by_text(f"Leads to scripted/{PREFIX}long").wait_for()
    page.get_by_text("alias quick").wait_for()
    assert page.get_by_text("leads nowhere").count() == 0
    page.get_by_label("Alias", exact=True).fill("lost")
    page.get_by_label("Means").fill("nobody/has-this")
    page.get_by_label("Means").press("Enter")
    page.get_by_text("leads nowhere").wait_for()
    page.get_by_role("button", name="Remove gpt-*").click()
    page.get_by_text("No rules", exact=True).wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Edit gpt-*").wait_for()
    tried = call(gateway, "POST", "/api/proxy/mapping/test", {"model": "quick"})
    assert [offer["model"] for offer in tried["offers"]] == [f"scripted/{PREFIX}long", "crawdad/demo"]


def test_a_local_provider_is_added_tested_and_removed(
    window: Window, gateway: Gateway, upstream: ScriptedUpstream
) -> None:
    page = window.sign_in("/models")
    page.get_by_role("button", name="Add a provider").click()
    page.get_by_label("Kind").select_option("vllm")
    page.get_by_label("Address").fill(upstream.url)
    page.get_by_label("Ask it for its list of models").uncheck()
    page.get_by_label("Its models").fill(f"{PREFIX}long")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("dialog").get_by_role("button", name=f"Test vllm/{PREFIX}long").click()
    page.get_by_role("dialog").get_by_text("first token").wait_for()
    assert window.violations() == []
    saved = call(gateway, "GET", "/v1/openclaw/models/config")["data"]["vllm"]
    assert (saved["auth"], saved["models"]) == ("none", [{"id": f"{PREFIX}long"}])
    page.get_by_role("button", name="Remove the provider").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_text("vllm was removed").wait_for()
    assert "vllm" not in call(gateway, "GET", "/v1/openclaw/models/config")["data"]


def seen_at_work(route: Route) -> None:
    """A sign-in always asked about while its consent is being exchanged, a moment that is else easily missed."""
    answer = route.fetch()
    found = answer.json()
    route.fulfill(response=answer, json=found | ({"status": "working"} if found["status"] == "pending" else {}))


def test_an_account_is_signed_in_to_by_the_address_that_the_browser_ended_at(window: Window, gateway: Gateway) -> None:
    with TestIdentityProvider() as idp:
        config = orjson.loads((gateway.home / "openclaw.json").read_bytes())
        gateway.write_config(config | {"oauth": {"google": idp.settings(project="pays-1")}})
        page = window.sign_in("/models")
        page.wait_for_function(
            "async () => (await (await fetch('/api/accounts/oauth/clients')).json()).clients[0].configured"
        )
        window.open("/accounts?add=google")
        page.get_by_role("button", name="Start").first.click()
        address = page.get_by_role("link", name="Open Google's page").get_attribute("href")
        page.get_by_label("Where the browser ended").fill(idp.browse(str(address)))
        assert window.violations() == []
        page.get_by_role("button", name="Finish").click()
        page.get_by_text(" was added").wait_for()
        page.get_by_text("Google sign-in", exact=True).first.wait_for()
        window.open("/accounts?add=google")
        page.route("**/api/accounts/oauth/status?*", seen_at_work)
        page.get_by_role("button", name="Start").nth(1).click()
        page.get_by_text("enter this code").wait_for()
        assert window.violations() == []
        code = next(device.user_code for device in idp.devices.values())
        page.get_by_text(code, exact=True).wait_for()
        idp.allow(code, "lobster@example.com")
        page.get_by_text("lobster@example.com was added").wait_for()
