"""Skills and plugins in a browser: a skill switched and brought, a plugin reviewed, turned on, set up."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Window
from tests.support.plugins import EXAMPLE, write_plugin
from tests.support.server import Gateway, running_gateway, settings

SKILL = "---\nname: tea\ndescription: Makes tea.\nversion: 1.0.0\n---\n\nBoil water, see https://tea.example.\n"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """A gateway that takes archives, with the example plugin at hand and off."""
    parts: dict[str, Any] = {
        "skills": {"install": {"allowUploadedArchives": True}},
        "plugins": {"load": {"paths": [str(EXAMPLE)]}, "entries": {"dice": {"enabled": False}}},
    }
    with running_gateway(settings({}, **parts)) as running:
        yield running


def written(gateway: Gateway) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((gateway.home / "openclaw.json").read_text())
    return found


def test_a_skill_is_switched_off_and_another_one_brought(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/skills")
    page.get_by_role("switch", name="summarize is on").click()
    page.locator("[role=switch][aria-label='summarize is on'][data-state=unchecked]:enabled").wait_for()
    assert written(gateway)["skills"]["entries"]["summarize"] == {"enabled": False}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("SKILL.md", SKILL)
    page.get_by_role("button", name="Add a skill").click()
    page.get_by_label("From this computer").check()
    page.get_by_label("Archive on this computer").set_input_files(
        {"name": "tea.zip", "mimeType": "application/zip", "buffer": archive.getvalue()}
    )
    page.get_by_role("button", name="Look at it").click()
    page.get_by_text("tea.example").wait_for()
    assert window.violations() == []
    page.get_by_role("button", name="Install", exact=True).click()
    page.get_by_text("tea is installed").wait_for()
    assert (gateway.home / "skills" / "tea" / "SKILL.md").exists()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove", exact=True).last.click()
    page.get_by_text("tea was removed").wait_for()
    assert not (gateway.home / "skills" / "tea").exists()


def test_a_plugin_is_seen_before_it_is_turned_on_and_set_up(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/skills?tab=plugins")
    page.get_by_role("switch", name="Dice is on").click()
    page.get_by_text("roll_dice").wait_for()
    assert window.violations() == []
    page.get_by_role("button", name="Turn it on").click()
    page.get_by_text("Dice is on", exact=True).wait_for()
    page.get_by_role("button", name="Dice", exact=True).click()
    page.get_by_label("Sides").fill("12")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved", exact=True).wait_for()
    assert written(gateway)["plugins"]["entries"]["dice"] == {"enabled": True, "config": {"sides": 12}}
    assert window.violations() == []


def test_an_installed_plugin_is_removed(window: Window, gateway: Gateway, tmp_path: Path) -> None:
    source = write_plugin(tmp_path, "hello", {}, "def register(api): pass")
    gateway.run("plugins", "install", str(source), "--yes")
    page = window.sign_in("/skills?tab=plugins")
    page.get_by_role("button", name="Reload").click()
    page.get_by_role("button", name="hello", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog", name="Remove the plugin").get_by_role("button", name="Remove").click()
    page.get_by_text("hello was removed").wait_for()
    page.get_by_role("button", name="hello", exact=True).wait_for(state="detached")
    assert not (gateway.home / "plugins" / "hello").exists()


def test_an_mcp_server_is_added_switched_off_and_removed(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/skills?tab=mcp")
    page.get_by_text("No MCP servers").wait_for()
    page.get_by_role("button", name="Add an MCP server").click()
    page.get_by_role("textbox", name="Name").fill("notes")
    page.get_by_label("Where it is").select_option("stdio")
    page.get_by_role("textbox", name="Program").fill("notes-server")
    page.get_by_label("Arguments").fill("--folder\nmy notes")
    page.get_by_label("Variables").fill("NOTES_KEY=very-secret")
    assert window.violations() == []
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("notes was added").wait_for()
    page.get_by_text("Not needed yet").wait_for()
    server = written(gateway)["mcp"]["servers"]["notes"]
    assert (server["command"], server["args"], list(server["env"])) == (
        "notes-server",
        ["--folder", "my notes"],
        ["NOTES_KEY"],
    )
    assert "very-secret" not in page.content()
    page.get_by_role("switch", name="notes is on").click()
    page.get_by_text("Off", exact=True).wait_for()
    assert written(gateway)["mcp"]["servers"]["notes"]["enabled"] is False
    page.get_by_role("button", name="Remove notes").click()
    page.get_by_role("dialog", name="Remove notes?").get_by_role("button", name="Remove").click()
    page.get_by_text("No MCP servers").wait_for()
    assert not written(gateway).get("mcp", {}).get("servers")
