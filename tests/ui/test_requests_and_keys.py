"""Requests, statistics and keys in a browser: what an operator looks for is found, and what a key may do is what was asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.browser import Window
from tests.support.server import Gateway
from tests.support.upstreams.scripted import PREFIX
from tests.support.waiting import PATIENCE, eventually
from tests.ui.hostile import NAME, TRAP
from tests.ui.rest import ask, call

if TYPE_CHECKING:
    from playwright.sync_api import Page

MANY = 205
"""More than one page of the log."""


@pytest.fixture(scope="module")
def asked(gateway: Gateway) -> None:
    """A log with something in it."""
    with httpx.Client(headers=gateway.headers, base_url=gateway.base_url, timeout=PATIENCE) as client:
        for _ in range(MANY):
            body = {"model": "crawdad/demo", "messages": [{"role": "user", "content": "Hello"}]}
            client.post("/v1/chat/completions", json=body)
    ask(gateway, f"scripted/{PREFIX}long")
    ask(gateway, NAME)


def table(page: Page) -> str:
    return page.get_by_role("table", name="Requests").inner_text()


@pytest.mark.usefixtures("asked")
def test_requests_are_found_and_told_in_full(window: Window, gateway: Gateway) -> None:
    window.page.add_init_script(TRAP)
    page = window.sign_in("/requests")
    page.get_by_text(f"{MANY + 2} requests").wait_for()
    eventually(lambda: "crawdad/demo" in table(page), "the rows")
    page.get_by_label("Result").select_option("errors")
    page.get_by_text("1 request", exact=False).first.wait_for()
    page.get_by_role("row", name="404").click()
    page.get_by_role("dialog").get_by_text("does not exist").first.wait_for()
    page.get_by_role("dialog").get_by_text("Hello").first.wait_for()
    assert window.violations() == []
    page.reload()
    page.get_by_role("dialog").get_by_text("does not exist").first.wait_for()
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "result=errors" in url and "id=" not in url)
    assert page.evaluate("window.__ran") == []
    page.get_by_label("Result").select_option("")
    page.get_by_role("button", name="More actions").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="As CSV").click()
    assert len(download.value.path().read_text().splitlines()) > MANY


_IN_SIGHT = """() => {
  const row = document.activeElement.getBoundingClientRect();
  const box = document.activeElement.closest('section').getBoundingClientRect();
  return row.top >= document.querySelector('thead').getBoundingClientRect().bottom - 1 && row.bottom <= box.bottom + 1;
}"""
"""Whether all of the focused row is seen: below the head, which stays, and above the end of the box."""


@pytest.mark.usefixtures("asked")
def test_a_long_log_is_scrolled_by_the_keyboard_and_grows_live(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/requests?q=demo")
    page.get_by_role("main").get_by_role("button", name="Live").wait_for()
    page.locator("tbody tr[tabindex='0']").focus()
    with page.expect_response(lambda answer: "cursor=" in answer.url):
        page.keyboard.press("End")
    page.locator(f"table[aria-rowcount='{MANY + 1}']").wait_for()
    page.keyboard.press("End")
    page.locator(f"tr[aria-rowindex='{MANY + 1}']:focus").wait_for()
    assert page.locator("tbody tr").count() < 80
    for key, row in (("ArrowUp", MANY), ("Home", 2), ("PageDown", None), ("ArrowDown", None)):
        page.keyboard.press(key)
        page.locator(f"tr[aria-rowindex='{row}']:focus" if row else "tr:not([aria-rowindex='2']):focus").wait_for()
        eventually(lambda: page.evaluate(_IN_SIGHT), f"the row to be in sight after {key}")
    page.keyboard.press("End")
    page.locator(f"tr[aria-rowindex='{MANY + 1}']:focus").wait_for()
    ask(gateway, "crawdad/demo")
    page.get_by_role("button", name="One newer request").click()
    page.get_by_text(f"{MANY + 1} requests").wait_for()
    ask(gateway, "crawdad/demo")
    page.get_by_text(f"{MANY + 2} requests").wait_for()


@pytest.mark.usefixtures("asked")
def test_filters_narrow_what_is_shown_and_exported(window: Window, gateway: Gateway) -> None:
    call(gateway, "POST", "/api/keys", {"name": "never used"})
    page = window.sign_in("/requests")
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Model", exact=True).fill(f"scripted/{PREFIX}long")
    page.get_by_text("1 request", exact=True).wait_for()
    page.get_by_role("button", name="One filter").wait_for()
    assert window.violations() == []
    page.get_by_role("button", name="More actions").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="As JSON").click()
    (row,) = json.loads(download.value.path().read_text())
    assert f"{PREFIX}long" in str(row)
    page.get_by_label("Key", exact=True).select_option(label="never used")
    page.get_by_text("Nothing matches.").wait_for()
    page.get_by_role("button", name="Clear all filters").last.click()
    page.get_by_role("row").nth(5).wait_for()
    page.wait_for_url(lambda url: "model=" not in url)


@pytest.mark.usefixtures("asked")
def test_statistics_are_charted_listed_and_downloaded(window: Window) -> None:
    page = window.sign_in("/statistics?by=hour&last=24")
    page.get_by_role("img", name="Chart").locator("canvas").wait_for()
    page.get_by_role("table", name="The numbers of the chart").and_(page.locator("[aria-rowcount='25']")).wait_for()
    for part in ("key", "owner"):
        with page.expect_response(f"**/api/stats/token/{part}-trend/hourly*") as told:
            page.get_by_label("Split").select_option(part)
        assert told.value.json()[0][f"{part}_data"]
    page.get_by_role("table", name="Model").get_by_text("crawdad/demo").click()
    page.get_by_role("list", name="Narrowed to").get_by_text("crawdad/demo").wait_for()
    page.wait_for_url(lambda url: "model=crawdad" in url)
    page.get_by_role("tab", name="Key").click()
    with page.expect_download() as download:
        page.get_by_role("tabpanel", name="Key").get_by_role("button", name="Download CSV").click()
    head, first, *_ = download.value.path().read_text("utf-8-sig").splitlines()
    assert head.startswith("Key,Requests")
    assert int(first.split(",")[1]) >= MANY
    page.get_by_role("button", name="No longer only crawdad/demo").click()
    assert window.violations() == []


def test_a_key_is_shown_once_limited_and_revoked(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/keys")
    page.get_by_role("button", name="Make a key").first.click()
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Add a limit").click()
    page.get_by_label("Amount").fill("3")
    page.get_by_label("Unit").select_option("requests")
    page.get_by_text("What it may use").click()
    page.get_by_role("textbox", name="Models").fill("crawdad/*")
    assert window.violations() == []
    page.get_by_role("button", name="Make the key").click()
    token = page.get_by_test_id("new-token").inner_text().strip()
    page.get_by_role("button", name="I have copied it").click()
    assert token not in page.content()
    ask(gateway, "crawdad/demo", token)
    page.reload()
    page.get_by_text("2 left").wait_for()
    assert call(gateway, "GET", "/v1/models", token=token)["data"][0]["id"] == "crawdad/demo"
    page.get_by_role("button", name="Edit laptop").click()
    page.get_by_label("Owner").fill("li.na")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("li.na").wait_for()
    page.get_by_role("button", name="Revoke laptop").click()
    page.get_by_role("button", name="Revoke the key").click()
    page.get_by_text("laptop was revoked").wait_for()
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        call(gateway, "GET", "/v1/models", token=token)
