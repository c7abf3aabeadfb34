"""Updates in a browser: looked for, and what is told of one that runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.simulators.package_index import package_index, wheel_name
from tests.support.browser import Window
from tests.support.server import Gateway, running_gateway, settings

if TYPE_CHECKING:
    from playwright.sync_api import Route


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """A gateway whose index has a newer version."""
    with package_index() as index:
        index.files = {wheel_name("99.0"): b"never fetched"}
        with running_gateway(settings({}), {"CRAWDAD_UPDATE_INDEX": f"{index.url}/simple"}) as running:
            yield running


def test_an_update_is_looked_for_and_followed(window: Window) -> None:
    page = window.sign_in("/system")
    page.get_by_text("Not checked yet").wait_for()
    page.get_by_role("button", name="Check for updates").click()
    page.get_by_text("Version 99.0 is available").first.wait_for()
    page.get_by_role("button", name="Update", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Update", exact=True).click()
    page.get_by_text("Last update").or_(page.get_by_role("alert")).first.wait_for()  # this one is managed elsewhere
    assert window.violations() == []

    steps = iter((("running", ["Trying it on a copy"]), ("success", ["Trying it on a copy", "It runs"])))
    told = {"status": "idle", "log": []}

    def update(route: Route) -> None:
        route.fulfill(json={"ok": True, "message": "The update has begun"})

    def status(route: Route) -> None:
        name, log = next(steps, ("success", ["Trying it on a copy", "It runs"]))
        told.update(status=name, log=log)
        route.fulfill(json={**told, "startedAt": "2026-11-29T10:00:00Z"})

    page.route("**/api/system/do-update", update)
    page.route("**/api/system/update-status", status)
    page.get_by_role("button", name="Update", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Update", exact=True).click()
    page.get_by_text("The update has begun").wait_for()
    last = page.get_by_role("region", name="Last update")
    last.get_by_text("It runs").wait_for()
    last.get_by_text("Done", exact=True).wait_for()
