"""Channels in a browser: whoever asks is let in or refused, an account is signed in by its QR code, stopped and opened to others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.simulators.napcat_web import NapcatWebSimulator
from tests.simulators.onebot import SELF_ID, OneBotSimulator
from tests.simulators.weixin import USER, WeixinSimulator
from tests.support.browser import Window
from tests.support.control import connected
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually
from tests.ui.hostile import NAME, TRAP
from tests.ui.rest import call


@pytest.fixture(scope="module")
def wechat() -> Iterator[WeixinSimulator]:
    """Tencent's service, where nobody is signed in."""
    with WeixinSimulator() as running:
        yield running


@pytest.fixture(scope="module")
def qq() -> Iterator[OneBotSimulator]:
    """A signed-in QQ."""
    with OneBotSimulator() as running:
        yield running


@pytest.fixture(scope="module")
def napcat() -> Iterator[NapcatWebSimulator]:
    """The page of its NapCat, where nobody is signed in."""
    with NapcatWebSimulator() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(wechat: WeixinSimulator, qq: OneBotSimulator, napcat: NapcatWebSimulator) -> Iterator[Gateway]:
    """A gateway with three channels."""
    channels = {
        "webchat": {"token": "for-the-page"},
        "openclaw-weixin": {"baseUrl": wechat.url, "cdnBaseUrl": wechat.url},
        "qq": {
            **{"wsUrl": qq.url, "accessToken": qq.token},
            "napcat": {"webUrl": napcat.url, "webToken": "secret-tok"},
        },
    }
    with running_gateway(settings({}, channels=channels, gateway={"privateNetworks": True})) as running:
        yield running


def test_who_asks_is_let_in_or_refused(window: Window, gateway: Gateway, qq: OneBotSimulator) -> None:
    window.page.add_init_script(TRAP)
    address = gateway.base_url.replace("http", "ws", 1) + "/channels/webchat/default"
    with connect(address, proxy=None, open_timeout=PATIENCE) as visitor:
        visitor.send(json.dumps({"type": "hello", "token": "for-the-page", "name": NAME[:60]}))
        visitor.recv(PATIENCE)
        visitor.send(json.dumps({"type": "message", "id": "1", "text": "Hello"}))
        page = window.sign_in("/channels")
        page.get_by_text("asks to be let in on Web chat").wait_for()
        page.get_by_text("Whoever is let in now is me").click()
        assert window.violations() == []
        page.get_by_role("button", name="Let in").click()
        page.get_by_text("was let in").wait_for()
        page.get_by_text("asks to be let in on Web chat").wait_for(state="detached")
        page.get_by_role("button", name="Settings of Web chat").click()
        people = page.get_by_role("region", name="Who was let in")
        people.get_by_text("Operator").wait_for()
        assert window.violations() == []
        people.get_by_role("button", name="Send").click()
        page.get_by_role("dialog", name="away?").get_by_role("button", name="Send away").click()
        people.get_by_text("Nobody yet.").wait_for()
        page.keyboard.press("Escape")
    qq.ask("friend", "f1", comment="It is me")
    page.get_by_text("It is me").wait_for()
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("was accepted").wait_for()
    assert qq.account.decided == [("friend", "f1", True, "")]
    assert page.evaluate("window.__ran") == []


def test_who_wants_to_be_a_friend_is_answered_from_the_overview(window: Window, qq: OneBotSimulator) -> None:
    eventually(lambda: qq.connected, "the connection over which it is asked")
    qq.ask("friend", "f2", comment="From the book club")
    page = window.sign_in("/devices?tab=approvals")
    page.get_by_text("No command waits").wait_for()
    page.get_by_role("navigation", name="Navigation").get_by_role("link", name="Overview").click()
    asked = page.get_by_role("listitem").filter(has_text="From the book club")
    asked.get_by_text("wants to be a friend").wait_for()
    asked.get_by_role("button", name="Accept").click()
    page.get_by_text("From the book club").wait_for(state="detached")
    assert ("friend", "f2", True, "") in qq.account.decided


def test_who_may_write_is_typed_on_while_somebody_else_changes_the_configuration(
    window: Window, gateway: Gateway
) -> None:
    page = window.sign_in("/channels?channel=qq&account=default")
    people = page.get_by_label("People who may write without asking")
    people.fill("10001")
    with connected(gateway) as elsewhere:
        wanted = json.dumps({"channels": {"qq": {"groupPolicy": "open"}}})
        elsewhere.call("config.patch", {"raw": wanted, "baseHash": elsewhere.call("config.get", {})["hash"]})
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved").wait_for()
    people.fill("10001\n10002")
    eventually(lambda: page.get_by_label("Groups", exact=True).input_value() == "open", "the policy from elsewhere")
    assert people.input_value() == "10001\n10002"


def test_an_account_is_signed_in_by_its_code(window: Window, wechat: WeixinSimulator) -> None:
    page = window.sign_in("/channels?channel=openclaw-weixin&account=default")
    drawer = page.get_by_role("dialog")
    drawer.get_by_text("Signed out", exact=True).wait_for()
    drawer.get_by_role("button", name="Show the QR code").click()
    code = drawer.get_by_role("img", name="QR code")
    code.wait_for()
    assert window.violations() == []
    for _ in range(3):  # two are renewed, then it is over
        wechat.sign_in.append({"status": "expired"})
    drawer.get_by_text("The code has expired").wait_for()
    assert code.count() == 0, "nobody scans a code that is dead"
    drawer.get_by_role("button", name="Show a new code").click()
    code.wait_for()
    wechat.sign_in.append({"status": "need_verifycode"})
    drawer.get_by_label("The number on the phone").fill("42")
    drawer.get_by_role("button", name="Send").click()
    wechat.sign_in.append(
        {"status": "confirmed", "bot_token": "new", "ilink_bot_id": "bot2@im.bot", "baseurl": wechat.url}
        | {"ilink_user_id": USER}
    )
    drawer.get_by_text("Connected", exact=True).wait_for()
    assert set(wechat.verified) == {"42"}
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "channel=" not in url)


def test_an_account_is_opened_stopped_and_another_connected(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/channels")
    page.get_by_role("button", name="Settings of Web chat").click()
    page.get_by_label("Direct messages").select_option("open")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Let everybody write").click()
    page.get_by_text("Saved").wait_for()
    written = json.loads((gateway.home / "openclaw.json").read_text())["channels"]["webchat"]
    assert (written["dmPolicy"], written["allowFrom"]) == ("open", ["*"])
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Stop Web chat").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Start Web chat").click()
    page.get_by_text("Web chat was started").wait_for()
    page.get_by_role("button", name="Connect a channel").click()
    page.get_by_role("button", name="DingTalk").click()
    page.get_by_label("Client ID").fill("ding-1")
    page.get_by_label("Client Secret").fill("very-secret")
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("heading", name="DingTalk", exact=True).wait_for()
    assert "very-secret" not in page.content()

    def dingtalk() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((gateway.home / "openclaw.json").read_text())["channels"].get("dingtalk", {})
        return found

    first = dingtalk()
    page.get_by_role("button", name="Settings of DingTalk").click()
    page.get_by_label("Client Secret").fill("another-secret")
    page.get_by_role("button", name="Change the credentials").click()
    eventually(lambda: dingtalk()["clientSecret"] != first["clientSecret"], "the new secret")
    assert dingtalk()["clientId"] == "ding-1"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Connect a channel").click()
    page.get_by_role("button", name="DingTalk").click()
    page.get_by_label("Name of the new account").fill("second")
    page.get_by_label("Client ID").fill("ding-2")
    page.get_by_label("Client Secret").fill("second-secret")
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("button", name="Settings of second").click()
    assert dingtalk()["clientId"] == "ding-1", "the first account is as it was"
    assert dingtalk()["accounts"]["default"] == {} and dingtalk()["accounts"]["second"]["clientId"] == "ding-2"
    assert window.violations() == []
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("dialog", name="Remove second?").get_by_role("button", name="Remove").click()
    page.get_by_text("second was removed").wait_for()
    page.get_by_role("button", name="Settings of second").wait_for(state="detached")
    assert list(dingtalk()["accounts"]) == ["default"]


def test_what_could_not_be_read_is_looked_at_anew(window: Window, qq: OneBotSimulator) -> None:
    qq.happen({"post_type": "message", "self_id": SELF_ID, "time": 5, "message_type": "private"})
    page = window.sign_in("/channels")
    page.get_by_text("One message could not be read").wait_for()
    page.get_by_text("What the platform sent").click()
    page.get_by_text('"time": 5', exact=False).wait_for()
    assert window.violations() == []
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("The message still cannot be read").wait_for()
    page.get_by_role("button", name="Drop").click()
    page.get_by_role("dialog", name="Drop this message?").get_by_role("button", name="Drop").click()
    page.get_by_text("One message could not be read").wait_for(state="detached")


def test_a_platform_is_asked_and_an_account_signed_out_and_in(
    window: Window, qq: OneBotSimulator, napcat: NapcatWebSimulator
) -> None:
    page = window.sign_in("/channels?channel=qq&account=default")
    drawer = page.get_by_role("dialog")
    drawer.get_by_text("Connected", exact=True).wait_for()
    drawer.get_by_role("button", name="Ask the platform now").click()
    page.get_by_text("The platforms were asked").wait_for()
    drawer.get_by_role("button", name="Sign in anew").click()
    drawer.get_by_role("button", name="N10002").wait_for()
    drawer.get_by_role("button", name="Show the QR code").click()
    drawer.get_by_role("img", name="QR code").wait_for()
    napcat.scan()
    page.get_by_text("is signed in").first.wait_for()
    drawer.get_by_role("button", name="Sign out").click()
    page.get_by_role("dialog", name="out?").get_by_role("button", name="Sign out").click()
    page.get_by_text("was signed out").wait_for()


def test_what_happened_stands_in_the_activity_log(window: Window, gateway: Gateway) -> None:
    window.page.add_init_script(TRAP)
    pushed = {"source": "system", "type": "system.test", "summary": f"Pushed {NAME}", "detail": f"all of it {NAME}"}
    page = window.sign_in("/activity?q=Pushed")
    page.get_by_text("Nothing to show").wait_for()
    call(gateway, "POST", "/api/events/log", pushed)
    entries = page.get_by_role("list", name="Entries")
    entry = entries.get_by_role("listitem").filter(has_text="Pushed")
    entry.wait_for()
    entry.get_by_text("All of it", exact=True).click()
    entry.get_by_text(f"all of it {NAME}").wait_for()
    assert window.violations() == []
    page.get_by_label("Source").select_option("wechat")
    entry.wait_for(state="detached")
    page.get_by_label("Source").select_option("system")
    entry.wait_for()
    page.get_by_role("searchbox", name="Search the activity").fill("of no entry")
    page.get_by_text("Nothing to show").wait_for()
    assert page.evaluate("window.__ran") == []
