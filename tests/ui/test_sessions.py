"""Sessions in a browser: found, looked into, renamed, begun anew and deleted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.browser import Window
from tests.support.control import connected
from tests.support.server import Gateway, running_gateway, settings
from tests.ui.hostile import MARKDOWN, TRAP

KEYS = {"agent:main:main": "Daily report", "agent:main:other": "Holiday", "agent:ada:main": "Sources"}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """A gateway with three sessions of two agents."""
    agents = {"list": [{"id": "main", "default": True}, {"id": "ada"}]}
    with running_gateway(settings({}, agents=agents)) as running:
        with connected(running) as client:
            for key, label in KEYS.items():
                client.call("sessions.patch", {"key": key, "label": label})
                client.call("chat.inject", {"sessionKey": key, "message": MARKDOWN})
        yield running


def test_a_session_is_found_renamed_begun_anew_and_deleted(window: Window) -> None:
    window.page.add_init_script(TRAP)
    page = window.sign_in("/sessions")
    page.get_by_text("3 sessions").wait_for()
    page.get_by_role("combobox", name="Agent").select_option("ada")
    page.get_by_text("one session").wait_for()
    page.get_by_role("combobox", name="Agent").select_option("")
    page.get_by_label("Find a session").fill("holiday")
    page.get_by_text("one session").wait_for()
    page.wait_for_url(lambda url: "q=holiday" in url)
    page.get_by_role("row", name="Holiday").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("list").wait_for()
    assert window.violations() == []
    page.reload()
    drawer.get_by_label("Name").fill("holidays of Ann")
    drawer.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="holidays of Ann").wait_for()
    drawer.get_by_role("button", name="Start over").click()
    page.get_by_role("dialog", name="over?").get_by_role("button", name="Start over").click()
    drawer.get_by_text("Nothing was said yet.").wait_for()
    drawer.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete the session").click()
    page.get_by_text("Nothing matches.").wait_for()
    page.get_by_label("Find a session").fill("")
    page.get_by_text("2 sessions").wait_for()
    assert page.evaluate("window.__ran") == []
