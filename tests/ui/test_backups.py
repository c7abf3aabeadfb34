"""Backups in a browser: made, verified, compared, put back in parts and undone, with the application replaced where that takes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import Window
from tests.support.control import connected
from tests.support.server import UP, Gateway, running_gateway, settings
from tests.ui.rest import call

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE_SECONDS = 120.0
"""An application finishes, is replaced and has to come up."""
PATIENCE_MS = PATIENCE_SECONDS * 1000


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """A gateway below its supervisor, with a note in the agent's workspace."""
    with running_gateway(settings({}), command=UP) as running:
        (running.home / "workspace").mkdir(exist_ok=True)
        (running.home / "workspace" / "note.txt").write_text("as it was")
        yield running


def configuration(gateway: Gateway, change: str = "") -> Any:
    """The configuration of now; `change` is merged into it before."""
    with connected(gateway) as client:
        if change:
            digest = client.call("config.get", {})["hash"]
            client.call("config.patch", {"raw": change, "baseHash": digest})
        return client.call("config.get", {})["parsed"]


def backups(gateway: Gateway, reason: str) -> list[str]:
    """The names of those made for a reason, the newest first."""
    with connected(gateway) as client:
        found = client.call("backups.list", {})["backups"]
    return [backup["id"] for backup in found if backup["reason"] == reason]


def put_back(window: Window, name: str, *parts: str) -> Page:
    """Restore parts of a backup, as somebody does who looks at it."""
    page = window.open(f"/health?tab=backups&id={name}")
    page.get_by_role("dialog").get_by_role("button", name="Restore…").click()
    dialog = page.get_by_role("dialog", name="Restore the backup of")
    dialog.get_by_role("checkbox").first.wait_for()
    for box in dialog.get_by_role("checkbox").all():
        box.set_checked(False)
    for part in parts:
        dialog.get_by_role("checkbox", name=part).check()
    dialog.get_by_role("button", name="Restore these parts").click()
    return page


def test_a_configuration_is_kept_compared_put_back_and_that_undone(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/health?tab=backups")
    page.get_by_role("button", name="Configuration only").click()
    page.get_by_role("region", name="Task").get_by_text("Done").wait_for()
    (made,) = backups(gateway, "manual")
    configuration(gateway, '{"cron": {"enabled": false}}')
    window.open(f"/health?tab=backups&id={made}")
    page.get_by_role("dialog").get_by_text('+  "cron"', exact=False).wait_for()
    assert window.violations() == []
    put_back(window, made, "Configuration")
    page.get_by_text("What was there before is kept as").wait_for()
    assert "cron" not in configuration(gateway)
    (undo,) = backups(gateway, "pre-restore")
    assert undo in page.get_by_role("region", name="Task").inner_text()
    put_back(window, undo, "Configuration")
    page.get_by_text("What was there before is kept as").wait_for()
    assert configuration(gateway)["cron"] == {"enabled": False}
    page.get_by_role("button", name="Actions for").first.click()
    page.get_by_role("menuitem", name="Verify").click()
    page.get_by_role("region", name="Task").get_by_text("Whole").wait_for()
    page.get_by_role("tab", name="Tasks").click()
    page.get_by_text("Whole").first.wait_for()


def test_workspaces_and_the_database_are_put_back_under_an_open_page(window: Window, gateway: Gateway) -> None:
    note = gateway.home / "workspace" / "note.txt"
    window.expected += ["status of 404", "status of 502", "status of 503", "WebSocket connection"]
    page = window.sign_in("/health?tab=backups")
    call(gateway, "POST", "/api/keys", {"name": "before"})
    earlier = set(backups(gateway, "manual"))
    page.get_by_role("button", name="Back up now").click()
    page.get_by_role("region", name="Task").get_by_text("Done").wait_for(timeout=PATIENCE_MS)
    (made,) = set(backups(gateway, "manual")) - earlier
    call(gateway, "POST", "/api/keys", {"name": "after"})
    note.write_text("spoiled")

    task = page.get_by_role("region", name="Task")
    put_back(window, made, "Workspaces")
    task.get_by_text("Done", exact=True).wait_for(timeout=PATIENCE_MS)
    assert note.read_text() == "as it was"
    task.get_by_text("What was there before is kept as").wait_for()
    window.settled()
    assert {"before", "after"} <= names(gateway)

    put_back(window, made, "Database")
    task.get_by_text("Done", exact=True).wait_for(timeout=PATIENCE_MS)
    assert "before" in names(gateway) and "after" not in names(gateway)
    page.reload()
    task.get_by_text("This task is not known any more").wait_for()
    task.get_by_role("button", name="Close").click()
    page.get_by_text("Before a restore").first.wait_for()
    window.settled()
    assert window.violations() == []


def names(gateway: Gateway) -> set[str]:
    """Those of the keys."""
    return {key["name"] for key in call(gateway, "GET", "/api/keys")["keys"]}
