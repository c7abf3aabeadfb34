"""Devices and approvals in a browser: let in, given another token, removed; commands allowed and denied; what may run unasked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.browser import Window
from tests.support.control import CLI, Device, Refused, connect_params, connected, opened
from tests.support.waiting import eventually
from tests.ui.hostile import NAME, TRAP

READ = ["operator.read"]


def test_a_device_is_let_in_and_sent_away(window: Window) -> None:
    window.page.add_init_script(TRAP)
    page = window.sign_in("/devices")
    page.get_by_text("No device was let in yet").wait_for()
    device = Device()
    client = {**CLI, "displayName": NAME}
    with opened(window.gateway, source="127.0.0.2") as asking, pytest.raises(Refused):
        asking.connect(connect_params(window.gateway.token, READ, client), device)
    page.get_by_text("One device asks to be let in").wait_for()
    assert window.violations() == []
    page.get_by_role("button", name=f"Let in {NAME}").click()
    page.get_by_role("list", name="Devices").get_by_text("Never used").wait_for()
    with connected(window.gateway, READ, client=client, device=device, source="127.0.0.2"):
        page.reload()
    page.get_by_role("list", name="Devices").get_by_text(NAME, exact=True).click()
    drawer = page.get_by_role("dialog", name=NAME, exact=True)
    drawer.get_by_label("Name", exact=True).fill(f"{NAME} 2")
    drawer.get_by_role("button", name="Rename").click()
    drawer = page.get_by_role("dialog", name=f"{NAME} 2", exact=True)
    drawer.get_by_role("button", name="New token").click()
    page.get_by_role("dialog", name="Give").get_by_role("button", name="New token").click()
    token = page.get_by_test_id("new-token").locator("pre").inner_text()
    page.get_by_role("button", name="I have it").click()
    params = {**connect_params(None, READ, client), "auth": {"deviceToken": token}}
    with opened(window.gateway, source="127.0.0.2") as let_in:
        assert let_in.connect(params, device)["auth"]["scopes"] == READ
        assert window.violations() == []
        drawer.get_by_role("button", name="Remove the device").click()
        page.get_by_role("dialog", name="Remove").get_by_role("button", name="Remove the device").click()
        let_in.closed()
    page.get_by_text("No device was let in yet").wait_for()
    assert page.evaluate("window.__ran") == []


def test_commands_are_allowed_and_denied(window: Window) -> None:
    page = window.sign_in("/devices")
    argv = ["rm", "-rf", "./old files", "\u202etxt"]
    plan = {"argv": argv, "cwd": "/srv/work", "commandText": "rm"}
    wanted = {"command": "rm", "commandArgv": argv, "cwd": "/srv/work", "agentId": "main", "timeoutMs": 60_000}
    with connected(window.gateway) as client:
        for decision, button in (("allow-once", "Allow once"), ("deny", "Deny")):
            asked = {**wanted, "systemRunPlan": plan}
            client.send({"type": "req", "id": decision, "method": "exec.approval.request", "params": asked})
            page.get_by_role("tab", name="Approvals 1").click()
            command = page.get_by_role("list", name="Command")
            command.get_by_text('"./old files"').wait_for()
            assert command.get_by_role("listitem").all_inner_texts() == ["rm", "-rf", '"./old files"', '"\\u202etxt"']
            page.get_by_text("/srv/work").wait_for()
            assert window.violations() == []
            page.get_by_role("button", name=button).click()
            assert client.response(decision)["payload"]["decision"] == decision
            page.get_by_text("No command waits").wait_for()


def test_what_may_run_unasked(window: Window) -> None:
    page = window.sign_in("/devices?tab=approvals")
    page.get_by_label("Let every agent run").fill("git")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Do not run git").wait_for()
    page.get_by_label("What runs unasked").select_option("full")
    page.get_by_role("button", name="Let everything run").click()
    page.get_by_text("Saved").last.wait_for()
    with connected(window.gateway) as client:

        def saved() -> Any:  # the word may be the one of the list before
            file = client.call("exec.approvals.get")["file"]
            return file if file["defaults"].get("security") == "full" else None

        file = eventually(saved, "the choice to be saved")
        assert [entry["pattern"] for entry in file["agents"]["*"]["allowlist"]] == ["git"]
        page.get_by_role("button", name="Do not run git").click()
        page.get_by_text("Nothing is on a list.").wait_for()
        assert client.call("exec.approvals.get")["file"]["agents"] == {}
