"""A real browser in front of the web console: Debian's Chromium, driven by Playwright.

Where the browser, Playwright or a built console is missing the tests are skipped, or fail with `CRAWDAD_REQUIRE_SERVICES=1`.
Everything that the browser complains about (errors of scripts, refusals by the content security policy, failed requests that
nobody expected) is collected, and fails the test that it happened in. With `CRAWDAD_TEST_SCREENSHOTS=1` what the tests see is kept
in `build/screenshots`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.server import SOURCE, Served
from tests.support.services import missing
from tests.support.waiting import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

CHROMIUM = os.environ.get("CRAWDAD_TEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
BUILT = SOURCE / "crawdad" / "bundled" / "console" / "index.html"
AXE = SOURCE.parent / "ui" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = SOURCE.parent / "build" / "screenshots" if os.environ.get("CRAWDAD_TEST_SCREENSHOTS") == "1" else None
WAIT_MS = PATIENCE * 1000
_DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
_EXPECTED = ("the server responded with a status of 401",)
"""Chromium reports every answer that is an error; that nobody is signed in yet is none."""


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser without a window."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        missing("Playwright", error)
    if not Path(CHROMIUM).exists():
        missing("Chromium", FileNotFoundError(CHROMIUM))
    if not BUILT.exists():
        missing("web console", FileNotFoundError(f"{BUILT} (make ui)"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Window:
    """A tab of its own, with cookies of its own. `page` is Playwright's; `complaints` what the browser found wrong."""

    def __init__(self, browser: Browser, gateway: Served, **look: Any) -> None:
        self.gateway = gateway
        self.complaints: list[str] = []
        self.expected: list[str] = list(_EXPECTED)
        options: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **look}
        self.context = browser.new_context(**options, reduced_motion="reduce")
        self.context.set_default_timeout(WAIT_MS)
        self.page: Page = self.context.new_page()
        self.page.on(
            "console", lambda message: self._heard(message.type, f"{message.text} ({message.location['url']})")
        )
        self.page.on("pageerror", lambda error: self._heard("error", str(error)))
        self.page.on("dialog", self._asked)

    def _asked(self, dialog: Dialog) -> None:
        """Nothing in the console opens a dialog of the browser's."""
        self._heard("error", f"dialog {dialog.message}")
        dialog.dismiss()

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and not any(word in text for word in self.expected):
            self.complaints.append(text)

    def open(self, path: str = "/") -> Page:
        """A page of the console, in whatever state it is."""
        self.page.goto(f"{self.gateway.base_url}/console{path}")
        return self.page

    def go(self, path: str) -> None:
        """To a page within the console, as its links lead: what was heard so far is kept, and nothing is loaded anew."""
        self.page.evaluate(f"path => {{ history.pushState({{}}, '', '/console' + path); return {_DRAWN} }}", path)

    def sign_in(self, path: str = "/", token: str = "") -> Page:
        """A page of the console, signed in, with its connection open."""
        self.open(path)
        self.page.locator("input[name=token]").fill(token or self.gateway.token)
        self.page.keyboard.press("Enter")
        self.page.locator("main#main").wait_for()
        self.settled()
        return self.page

    def settled(self) -> None:
        """Wait until the connection is open and nothing is being loaded any more."""
        self.page.locator("header [data-connection=open]").wait_for()
        self.page.locator(".skeleton").first.wait_for(state="detached")

    def violations(self) -> list[str]:
        """What axe finds against the page: rule and place."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(
            "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
            ".flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(' ')} ${node.failureSummary}`))"
        )
        return list(found)

    def screenshot(self, name: str) -> None:
        """Keep what it looks like, for people, where they want that."""
        if SCREENSHOTS is not None:
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def close(self) -> None:
        """Close it; whoever opened it looks at the complaints."""
        self.context.close()
