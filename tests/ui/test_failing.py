"""Every page while the gateway fails it, refuses it or is away: it says so, offers to try again, and is itself again afterwards."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import Window
from tests.support.waiting import eventually
from tests.ui.pages import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route, WebSocketRoute

WORDS = "The disk is full"
REFUSALS = {500: "UNAVAILABLE", 403: "FORBIDDEN"}
SEEN = ("/", "/welcome", "/chat", "/requests", "/statistics")
"""What axe looks at, and is kept as a picture: one of each way to say so."""
SILENT = frozenset({"/terminal", "/logs"})
"""Pages that ask for nothing before somebody does, or that ask again by themselves."""
_REST = re.compile(r"/(api|v1)/(?!console/session)")
_SOCKET = re.compile(r":\d+/$")


class Between:
    """What stands between a page and its gateway, and fails what is asked: with an HTTP status, by silence (0), or not at all."""

    def __init__(self, page: Page) -> None:
        self.status: int | None = None
        self._sockets: list[WebSocketRoute] = []
        page.route(_REST, self._asked)
        page.route_web_socket(_SOCKET, self._opened)

    def away(self) -> None:
        """Nobody answers any more, on open connections either."""
        self.status = 0
        while self._sockets:
            self._sockets.pop().close(code=1011)

    def _asked(self, route: Route) -> None:
        if self.status is None:
            route.continue_()
        elif self.status == 0:
            route.abort()
        else:
            route.fulfill(status=self.status, json={"error": {"message": WORDS, "code": REFUSALS[self.status]}})

    def _opened(self, route: WebSocketRoute) -> None:
        if self.status == 0:
            route.close(code=1011)
            return
        server = route.connect_to_server()
        self._sockets.append(route)

        def said(text: str | bytes) -> None:
            frame = json.loads(text)
            if self.status is None or frame.get("method") == "connect":
                server.send(text)
                return
            error = {"code": REFUSALS.get(self.status, "UNAVAILABLE"), "message": WORDS}
            route.send(json.dumps({"type": "res", "id": frame["id"], "ok": False, "error": error}))

        route.on_message(said)
        server.on_message(route.send)


def heading(page: Page, path: str) -> None:
    """The page is there, not what stands in place of one that broke."""
    page.get_by_role("heading", level=1, name=PAGES[path][0], exact=True).wait_for()
    assert page.get_by_text("This page ran into a problem").count() == 0, path


@pytest.mark.parametrize("status", REFUSALS)
def test_every_page_says_that_it_was_refused_and_comes_back(window: Window, status: int) -> None:
    window.expected.append(f"status of {status}")
    between = Between(window.page)
    between.status = status
    page = window.sign_in()
    for path in PAGES:
        window.go(path)
        heading(page, path)
        if path not in SILENT:
            page.get_by_role("alert").get_by_text(WORDS, exact=False).first.wait_for()
            page.get_by_role("button", name="Try again").first.wait_for()
        if path in SEEN:
            window.settled()
            window.screenshot(f"{path.strip('/') or 'overview'}-{status}")
            assert (path, window.violations()) == (path, [])
    between.status = None
    for path in PAGES:
        window.go(path)
        heading(page, path)
        eventually(lambda: page.get_by_role("alert").count() == 0, f"{path} without a complaint")


@pytest.mark.parametrize("how", ["refuses", "starts", "is silent"])
def test_a_gateway_that_is_not_there_yet_is_waited_for(window: Window, how: str) -> None:
    window.expected += ["net::ERR", "status of 503"]
    page = window.page
    held: list[Route] = []

    def asked(route: Route) -> None:
        if how == "refuses":
            route.abort()
        elif how == "starts":
            route.fulfill(status=503, json={"error": {"message": WORDS}})
        else:
            held.append(route)

    page.route("**/api/console/session", asked)
    window.open("/keys")
    page.get_by_role("status").get_by_text("The gateway does not answer yet.").wait_for()
    assert window.violations() == []
    window.screenshot(f"arriving-{how.replace(' ', '-')}")
    for route in held:
        route.continue_()
    page.unroute_all()
    page.locator("input[name=token]").wait_for()  # nobody has pressed anything


def test_a_gateway_that_is_back_is_asked_at_once(window: Window) -> None:
    window.expected += ["net::ERR", "status of 503"]
    page = window.page
    page.route("**/api/console/session", lambda route: route.fulfill(status=503, headers={"retry-after": "3600"}))
    window.open()
    page.get_by_text("Trying again in").wait_for()
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    page.locator("input[name=token]").wait_for()


def test_whoever_tries_again_has_the_page(window: Window) -> None:
    window.expected.append("status of 500")
    between = Between(window.page)
    page = window.sign_in("/terminal")
    for path in SEEN:
        between.status = 500
        window.open(path)
        page.get_by_role("alert").get_by_text(WORDS, exact=False).first.wait_for()
        window.settled()
        page.get_by_role("button", name="Try again").first.wait_for()
        between.status = None
        # All at once: some ask again by themselves, and their button may be gone before it can be pressed.
        page.get_by_role("button", name="Try again").evaluate_all(
            "buttons => buttons.forEach(button => button.click())"
        )
        eventually(lambda: page.get_by_role("alert").count() == 0, f"{path} after a try")


def test_every_page_bears_that_nobody_answers_and_comes_back(window: Window) -> None:
    window.expected += ["net::ERR", "WebSocket connection"]
    between = Between(window.page)
    page = window.sign_in("/terminal")
    between.away()
    for path in PAGES:
        window.go(path)
        heading(page, path)
        page.get_by_text("The gateway does not answer. What you see may be out of date.").wait_for()
    between.status = None
    page.get_by_role("button", name="Reconnect now").click()
    page.locator("header [data-connection=open]").wait_for()
    for path in PAGES:
        window.go(path)
        heading(page, path)
        eventually(lambda: page.get_by_role("alert").count() == 0, f"{path} without a complaint")
    page.get_by_text("The gateway does not answer.", exact=False).wait_for(state="detached")
