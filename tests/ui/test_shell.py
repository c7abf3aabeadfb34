"""What stands around the pages: language, theme, palette, the phone's menu, and what is shown while the gateway is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.browser import Window
from tests.support.server import Gateway
from tests.ui.conftest import Opened

if TYPE_CHECKING:
    from playwright.sync_api import Locator


def test_language_and_theme_are_kept_for_this_browser(window: Window) -> None:
    page = window.sign_in()
    page.get_by_role("button", name="Language").click()
    page.get_by_role("menuitemcheckbox", name="简体中文").click()
    page.get_by_role("heading", level=1, name="总览").wait_for()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.get_by_role("button", name="主题").click()
    page.get_by_role("menuitemcheckbox", name="深色").click()
    page.reload()
    page.get_by_role("heading", level=1, name="总览").wait_for()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_palette_leads_anywhere_by_the_keyboard(window: Window) -> None:
    page = window.sign_in()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").fill("对话")
    assert window.violations() == []
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Chat").wait_for()


def test_the_palette_finds_what_people_have_and_does_what_they_want(window: Window) -> None:
    page = window.sign_in()
    field = page.get_by_role("combobox", name="Search")

    def look(typed: str, name: str) -> Locator:
        if not field.is_visible():
            page.keyboard.press("Control+k")
        field.fill(typed)
        return page.get_by_role("option", name=name).first

    for typed, name in (("long", "scripted/"), ("first byte", "Configuration"), ("bind", "Configuration")):
        look(typed, name).wait_for()
    assert window.violations() == []
    look("restart", "Restart the gateway").click()
    page.get_by_role("dialog", name="Restart the gateway?").get_by_role("button", name="Cancel").click()
    look("thinker", "thinker Agents").click()
    page.get_by_role("heading", level=2, name="thinker").wait_for()
    look("gateway port", "Configuration").click()
    page.wait_for_url("**/configuration?at=gateway.port")
    look("new agent", "New agent").click()
    page.get_by_role("dialog", name="New agent").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    look("中文", "简体中文").click()
    page.get_by_role("combobox", name="搜索").or_(page.get_by_role("heading", level=1, name="智能体")).first.wait_for()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="搜索").fill("备份")
    page.get_by_role("option", name="创建完整备份").click()
    page.wait_for_url("**/health?tab=backups*")


def test_the_phone_has_a_menu(opened: Opened) -> None:
    window = opened(viewport={"width": 390, "height": 844}, has_touch=True)
    page = window.sign_in()
    page.get_by_role("button", name="Navigation").click()
    page.get_by_role("dialog").get_by_role("link", name="Chat").click()
    page.get_by_role("heading", level=1, name="Chat").wait_for()
    page.get_by_role("dialog").wait_for(state="detached")


def test_while_the_gateway_is_away_the_page_says_so_and_comes_back(window: Window, gateway: Gateway) -> None:
    page = window.sign_in()
    window.expected += ["net::ERR", "WebSocket connection", "status of 50"]
    gateway.stop()
    page.get_by_text("The gateway does not answer. What you see may be out of date.").wait_for()
    assert page.get_by_role("heading", level=1, name="Overview").is_visible()
    gateway.start()
    page.get_by_role("button", name="Reconnect now").click()
    page.locator("header [data-connection=open]").wait_for()
    page.get_by_text("Nothing needs your attention.").wait_for()


def test_the_overview_does_not_ask_because_it_was_answered(window: Window) -> None:
    page = window.page
    asked: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: asked.append(str(frame))))
    page.clock.install()
    window.sign_in("/")
    for _ in range(6):
        page.clock.run_for(500)
        page.evaluate("fetch('/api/proxy/status').then((answer) => answer.text())")
    assert sum('"method":"health"' in frame for frame in asked) == 1


def test_a_part_that_is_fetched_while_the_gateway_is_away_is_waited_for(window: Window) -> None:
    page = window.sign_in("/")
    page.evaluate("() => { window.__stayed = true }")
    window.expected += ["net::ERR_INTERNET_DISCONNECTED", "Failed to fetch dynamically imported module"]
    window.context.set_offline(True)
    with page.expect_event("requestfailed", lambda request: "/assets/" in request.url):
        page.keyboard.press("Control+k")
    window.context.set_offline(False)
    page.get_by_role("combobox", name="Search").wait_for()
    assert page.evaluate("window.__stayed") is True


def _fail_one_part(window: Window) -> None:
    """Of the parts of the console that are not there yet, the next does not arrive."""
    window.expected += ["net::ERR_FAILED", "Failed to fetch dynamically imported module"]
    window.page.route("**/assets/*.js", lambda route: route.abort(), times=1)


def test_a_part_that_is_missed_once_costs_nothing_of_what_is_written(window: Window) -> None:
    """A gateway that was away for a moment: its page is of the same build, and stays."""
    page = window.sign_in("/")
    page.evaluate("() => { window.__stayed = true }")
    _fail_one_part(window)
    with page.expect_response(lambda response: response.url.endswith("/console/")):
        page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").wait_for()
    assert page.evaluate("window.__stayed") is True


def test_after_an_update_a_page_whose_parts_are_gone_is_loaded_anew(window: Window) -> None:
    page = window.sign_in("/")
    page.evaluate("() => { window.__stayed = true }")
    _fail_one_part(window)
    served = page.request.get(page.url).text()
    newer = served.replace("/assets/index-", "/assets/index-of-another-build-")
    assert newer != served
    page.route("**/console/", lambda route: route.fulfill(body=newer, content_type="text/html"), times=1)
    with page.expect_navigation():
        page.keyboard.press("Control+k")
    page.get_by_role("heading", level=1, name="Overview").wait_for()
    assert page.evaluate("window.__stayed") is None
