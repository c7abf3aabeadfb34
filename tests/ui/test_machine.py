"""Logs, health, configuration and the system in a browser: what an operator does with them, and what the gateway then knows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Window
from tests.support.control import connected
from tests.support.server import Gateway, running_gateway, settings
from tests.ui.hostile import NAME, TRAP
from tests.ui.rest import call

PROGRAMS = {
    "claude": "#!/bin/sh\necho '2.1.0 (Claude Code)'\n",
    "cloudflared": "#!/bin/sh\n"
    'case "$*" in *version*) echo "cloudflared version 2026.1.0"; exit;; esac\n'
    "echo 'INF |  https://a-b-c.trycloudflare.com  |'\nexec tail -f /dev/null\n",
}
STEERING = "\x1b]0;owned\x07\x1b[31mred\x1b[0m \u202etxt.exe"


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "crawdad.log"


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of whoever runs the gateway, with Claude Code and Cloudflare's program in `bin`."""
    home = tmp_path_factory.mktemp("person")
    (home / "bin").mkdir()
    for name, text in PROGRAMS.items():
        program = home / "bin" / name
        program.write_text(text)
        program.chmod(0o755)
    return home


@pytest.fixture(scope="module")
def gateway(log_file: Path, person: Path) -> Iterator[Gateway]:
    """A gateway that writes its log into a file, into which a test may write as well."""
    agents = {"defaults": {"models": {"crawdad/demo": {"params": {"temperature": 0.5}}}}}
    env = {"HOME": str(person), "PATH": f"{person / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    with running_gateway(settings({}, logging={"file": str(log_file)}, agents=agents), env) as running:
        yield running


def write(log_file: Path, *lines: dict[str, Any]) -> None:
    with log_file.open("a") as file:
        file.writelines(json.dumps({"timestamp": "2026-11-29T10:00:00Z", **line}) + "\n" for line in lines)


def test_the_log_is_followed_searched_and_harmless(window: Window, log_file: Path) -> None:
    window.page.add_init_script(TRAP)
    page = window.sign_in("/logs")
    page.get_by_role("button", name="Pause").wait_for()
    write(log_file, {"event": f"hostile {NAME} {STEERING}", "level": "error", "exception": "Traceback\n  it broke"})
    page.get_by_text("red \\u202etxt.exe").click()
    page.get_by_role("dialog").get_by_text("it broke", exact=False).first.wait_for()
    assert window.violations() == []
    page.keyboard.press("Escape")
    write(log_file, *({"event": f"line {number}", "level": "info"} for number in range(9_990)))
    page.get_by_text("line 9989", exact=True).wait_for()
    assert page.locator("tbody tr").count() < 120
    page.get_by_label("Level").select_option("error")
    page.get_by_text("red \\u202etxt.exe").wait_for()
    page.get_by_label("Level").select_option("debug")
    page.get_by_role("button", name="Pause").click()
    write(log_file, {"event": "the newest", "level": "warning"})
    page.get_by_role("button", name="new line").click()
    page.get_by_text("the newest").wait_for()
    page.get_by_label("Search", exact=True).last.fill("LINE 9321")
    page.get_by_text("One line", exact=True).wait_for()
    page.get_by_label("Search", exact=True).last.fill("")
    page.get_by_label("Level").select_option("error")
    with log_file.open("ab", buffering=0) as file:  # at once, and more than one look takes
        file.write(b'{"event": "burst", "level": "info"}\n' * 12_000)
    page.get_by_text("left out here").last.wait_for()
    assert page.evaluate("window.__ran") == []


def test_healing_is_switched_and_health_is_told(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/health")
    page.get_by_text("Heartbeat").wait_for()
    page.get_by_role("tab", name="Healing").click()
    page.get_by_role("switch", name="Self-healing").click()
    page.get_by_text("Self-healing is off").wait_for()
    assert call(gateway, "GET", "/v1/settings/self-healing")["data"] == {"enabled": False}
    page.get_by_role("switch", name="Self-healing").click()
    page.get_by_text("Self-healing is on").wait_for()


def test_a_setting_is_found_looked_through_and_saved(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/configuration")
    page.get_by_placeholder("Find a setting…").fill("assumedOutputTokens")
    page.get_by_role("button", name="budgets.assumedOutputTokens").click()
    page.locator("main input[inputmode=decimal]").fill("1234")
    page.get_by_role("button", name="Look through and save…").click()
    page.get_by_role("dialog").get_by_text('+    "assumedOutputTokens": 1234').wait_for()
    assert window.violations() == []
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved, and in effect").wait_for()
    with connected(gateway) as client:
        assert client.call("config.get", {})["parsed"]["budgets"] == {"assumedOutputTokens": 1234}


def test_what_is_written_outlives_the_page_and_settings_are_in_both_languages(window: Window) -> None:
    page = window.sign_in("/configuration?at=budgets")
    page.locator("main input[inputmode=decimal]").first.fill("77")
    page.get_by_role("button", name="Look through and save…").wait_for()
    page.get_by_role("link", name="Logs", exact=True).click()
    page.get_by_text("They are kept until this tab is closed.").wait_for()
    asks = "() => !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert page.evaluate(asks) is True
    page.get_by_role("link", name="Configuration", exact=True).click()
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Budgets").click()
    assert page.locator("main input[inputmode=decimal]").first.input_value() == "77"
    page.get_by_role("button", name="Language").click()
    page.get_by_role("menuitemcheckbox", name="简体中文").click()
    page.locator("nav").get_by_role("link", name="预算", exact=False).first.wait_for()
    page.get_by_text("假定输出Token数").wait_for()
    assert window.violations() == []
    window.screenshot("configuration-zh")
    page.get_by_role("button", name="放弃修改").click()
    assert page.evaluate(asks) is False


def test_the_libraries_and_their_licences_are_listed(window: Window) -> None:
    page = window.sign_in("/system")
    page.get_by_role("button", name="Libraries and their licences").click()
    page.get_by_label("Name or licence…").fill("httptools")
    page.get_by_role("dialog").get_by_role("row").filter(has_text="httptools").first.wait_for()
    page.get_by_label("Name or licence…").fill("react-dom")
    page.get_by_role("dialog").get_by_role("row").filter(has_text="MIT").first.wait_for()
    assert window.violations() == []


def test_the_file_is_edited_beside_somebody_else(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/configuration?tab=text")
    editor = page.get_by_role("textbox", name="File")
    editor.click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Look through and save…").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("The gateway did not take it").wait_for()
    page.get_by_role("button", name="Go on editing").click()
    page.get_by_role("button", name="Discard").click()
    with connected(gateway) as client:
        digest = client.call("config.get", {})["hash"]
        client.call("config.patch", {"raw": '{"language": "en"}', "baseHash": digest})
    editor.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("// mine\n")
    page.get_by_role("button", name="Look through and save…").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("The gateway did not take it").wait_for()
    page.get_by_role("button", name="Go on editing").click()
    page.get_by_role("button", name="Keep what I wrote").click()
    page.get_by_role("button", name="Look through and save…").click()
    page.get_by_role("dialog").get_by_text('-  "language": "en"', exact=False).wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved, and in effect").wait_for()
    with connected(gateway) as client:
        found = client.call("config.get", {})
    assert found["raw"].startswith("// mine\n") and "language" not in found["parsed"]


def test_the_gateway_is_stopped_and_started(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/system")
    page.get_by_text("Debian", exact=False).or_(page.get_by_text("Load", exact=True)).first.wait_for()
    page.get_by_role("button", name="Show the token").click()
    page.get_by_role("button", name="Copy the token").wait_for()
    page.get_by_role("button", name="Hide").click()
    page.get_by_role("button", name="Show the token").wait_for()
    assert gateway.token not in page.content()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    page.locator("main").get_by_text("Stopped", exact=True).wait_for()
    assert call(gateway, "GET", "/api/system/restart-gateway-status")["gateway"] == "stopped"
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("main").get_by_text("Running", exact=True).wait_for()
    assert call(gateway, "GET", "/api/system/restart-gateway-status")["gateway"] == "running"


_OVER = """() => {
  const [box, rows] = ['section > div', '.xterm-rows'].map(each => document.querySelector(each).getBoundingClientRect());
  const padding = 9;
  return [rows.bottom - box.bottom + padding, document.querySelector('.xterm-screen').getBoundingClientRect().right - box.right + padding];
}"""


def test_terminals_are_typed_into(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/terminal")
    page.get_by_text("The command prompt is off").wait_for()
    with connected(gateway) as client:
        digest = client.call("config.get", {})["hash"]
        wanted = {"gateway": {"shell": {"enabled": True, "commands": ["crawdad version"]}}}
        client.call("config.patch", {"raw": json.dumps(wanted), "baseHash": digest})
    page.reload()
    page.get_by_role("button", name="Commands").click()
    page.get_by_label("Commands", exact=True).get_by_text("Connected").wait_for()
    over = page.evaluate(_OVER)
    assert max(over) <= 0 < min(over) + 30, "every row and column is in sight, and no more is left than one would take"
    page.keyboard.type("help\r")
    page.get_by_label("Commands", exact=True).get_by_text("crawdad version").first.wait_for()
    assert window.violations() == []
    page.get_by_role("button", name="Chat").click()
    page.get_by_label("Chat", exact=True).get_by_text("Connected").wait_for()
    page.get_by_role("button", name="Close Chat").click()
    page.get_by_label("Commands", exact=True).get_by_text("Connected").wait_for()
    assert page.evaluate("document.querySelectorAll('style:not([nonce])').length") == 0
    window.screenshot("terminal-open")


def test_text_that_is_no_json_is_marked_and_not_saved_over(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/configuration?at=agents.defaults.models")
    field = page.locator("main textarea").first
    field.fill('{ "temperature": 1')
    page.get_by_text("This is not valid JSON.").wait_for()
    page.get_by_text("Not saved: agents.defaults.models.crawdad/demo.params is not valid JSON yet").wait_for()
    review = page.get_by_role("button", name="Look through and save")
    assert review.is_disabled()
    assert window.violations() == []
    field.fill('{ "temperature": 1 }')
    review.click()
    page.get_by_role("dialog", name="What changes").get_by_role("button", name="Save").click()
    page.get_by_text("Saved, and in effect").wait_for()
    with connected(gateway) as client:
        found = client.call("config.get")["parsed"]["agents"]["defaults"]["models"]
    assert found == {"crawdad/demo": {"params": {"temperature": 1}}}


def test_a_tool_of_this_machine_is_pointed_here_and_back(window: Window, gateway: Gateway, person: Path) -> None:
    page = window.sign_in("/welcome")
    page.get_by_text("Claude Code 2.1.0 is on the gateway's own machine.").wait_for()
    page.get_by_role("button", name="Point it here").click()
    asked = page.get_by_role("dialog", name="Point Claude Code here?")
    assert window.violations() == []
    asked.get_by_role("button", name="Point it here").click()
    page.get_by_text("on the gateway's machine comes here already").wait_for()
    assert f":{gateway.port}" in (person / ".claude" / "settings.json").read_text()
    page.get_by_role("button", name="Put back its own settings").click()
    page.get_by_role("dialog", name="Put back").get_by_role("button", name="Put back").click()
    page.get_by_text("is on the gateway's own machine").wait_for()
    kept = person / ".claude" / "settings.json"
    assert not kept.exists() or f":{gateway.port}" not in kept.read_text()


def test_a_tunnel_is_opened_and_closed(window: Window) -> None:
    page = window.sign_in("/system")
    page.get_by_role("button", name="Open the tunnel").click()
    asked = page.get_by_role("dialog", name="Open a tunnel?")
    asked.get_by_role("button", name="Open the tunnel").click()
    page.get_by_text("https://a-b-c.trycloudflare.com").wait_for()
    page.get_by_text("The tunnel is open").wait_for()
    assert window.violations() == []
    page.get_by_role("button", name="Close the tunnel").click()
    page.get_by_role("button", name="Open the tunnel").wait_for()
