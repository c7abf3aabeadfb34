"""Agents in a browser: made empty and after a template, their files written, a tool taken away, a chat bound, the agent deleted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import Window
from tests.support.control import connected
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import eventually
from tests.ui.hostile import NAME, TRAP

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocketRoute


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """A gateway with an agent of a hostile name and a channel."""
    agents = {"list": [{"id": "main", "default": True}, {"id": "hostile", "name": NAME}]}
    with running_gateway(settings({}, agents=agents, channels={"webchat": {}})) as running:
        yield running


def written(gateway: Gateway) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((gateway.home / "openclaw.json").read_text())
    return found


def test_an_agent_from_its_beginning_to_its_end(window: Window, gateway: Gateway) -> None:
    window.page.add_init_script(TRAP)
    page = window.sign_in("/agents")
    page.get_by_role("button", name="New agent").click()
    page.get_by_label("Name").fill("Ada")
    page.get_by_role("combobox", name="Model").fill("crawdad/demo")
    page.get_by_role("button", name="Make the agent").click()
    page.get_by_role("heading", name="Ada").wait_for()
    page.get_by_role("button", name="SOUL.md").click()
    editor = page.get_by_role("textbox", name="Text of SOUL.md")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("# Calm and exact")
    assert window.violations() == []
    page.get_by_role("button", name="USER.md").click()
    page.get_by_role("button", name="SOUL.md").click()
    editor.get_by_text("Calm and exact").wait_for()
    editor.click()
    page.keyboard.press("Control+s")
    page.get_by_text("Saved", exact=True).wait_for()
    assert (gateway.home / "workspace-ada" / "SOUL.md").read_text() == "# Calm and exact"
    page.get_by_role("tab", name="Tools and skills").click()
    page.get_by_role("switch", name="exec", exact=True).click()
    eventually(lambda: "tools" in next(each for each in written(gateway)["agents"]["list"] if each["id"] == "ada"))
    page.get_by_label("Never these").fill("exec\ngroup:web, nonsense")
    page.get_by_text("No tool of this gateway is called so: nonsense").wait_for()
    page.get_by_label("Never these").fill("exec\ngroup:web")
    page.get_by_label("These as well").fill("browser*")
    assert window.violations() == []
    saved = page.get_by_role("button", name="Save the lists").and_(page.locator(":disabled:not([aria-busy])"))
    page.get_by_role("button", name="Save the lists").click()
    saved.wait_for()
    page.get_by_label("These as well").fill("")
    page.get_by_role("button", name="Save the lists").click()
    saved.wait_for()
    page.get_by_role("tab", name="Bindings").click()
    page.get_by_label("Which chats").select_option("direct")
    page.get_by_label("Its ID").fill("ann")
    page.get_by_role("button", name="Bind", exact=True).click()
    page.get_by_role("button", name="Remove the binding webchat ann").wait_for()
    assert written(gateway)["bindings"][0]["match"]["peer"] == {"kind": "direct", "id": "ann"}
    ada = next(each for each in written(gateway)["agents"]["list"] if each["id"] == "ada")
    assert (ada["model"], ada["tools"]) == ("crawdad/demo", {"deny": ["exec", "group:web"]})
    assert written(gateway)["agents"]["list"][0] == {"id": "main", "default": True}
    page.get_by_role("tab", name="Settings").click()
    page.get_by_role("button", name="Make it the default").click()
    page.get_by_text("Ada is the default agent now").wait_for()
    page.get_by_text("This is the default agent").wait_for()
    with connected(gateway) as client:
        assert client.call("agents.list")["defaultId"] == "ada"
    page.get_by_role("link", name="To the agents").click()
    page.get_by_role("button", name="Make main the default agent").click()
    page.get_by_text("main is the default agent now").wait_for()
    assert [each.get("default") for each in written(gateway)["agents"]["list"] if each["id"] in ("main", "ada")] == [
        True,
        None,
    ]
    page.get_by_role("link", name="Ada", exact=True).click()
    page.get_by_role("tab", name="Settings").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_label("to confirm").fill("ada")
    page.get_by_role("button", name="Delete the agent").click()
    page.get_by_text("Ada was deleted").wait_for()
    assert written(gateway)["bindings"] == []
    page.get_by_role("link", name=NAME, exact=True).wait_for()
    assert page.evaluate("window.__ran") == []


class Held:
    """The answers of the control channel on their way to the page, which wait for as long as it is said."""

    def __init__(self, page: Page) -> None:
        self.holding = False
        self._waiting: list[str | bytes] = []
        self._route: WebSocketRoute | None = None
        page.route_web_socket(re.compile(r":\d+/$"), self._opened)

    def _opened(self, route: WebSocketRoute) -> None:
        self._route = route
        server = route.connect_to_server()
        route.on_message(server.send)
        server.on_message(lambda text: self._waiting.append(text) if self.holding else route.send(text))

    def release(self) -> None:
        """Let through what waits, and everything after it."""
        assert self._route is not None
        self.holding = False
        while self._waiting:
            self._route.send(self._waiting.pop(0))


def test_what_is_typed_while_a_save_is_under_way_is_kept(window: Window, gateway: Gateway) -> None:
    held = Held(window.page)
    page = window.sign_in("/agents/main?tab=tools")
    page.get_by_text("Lists of tools").click()
    field = page.get_by_label("These as well")
    save = page.get_by_role("button", name="Save the lists")
    field.fill("browser*")
    held.holding = True
    save.click()
    page.locator("button[aria-busy=true]", has_text="Save the lists").wait_for()
    field.fill("browser*\ngroup:web")
    held.release()
    page.get_by_text("Saved", exact=True).wait_for()
    page.locator("button:enabled", has_text="Save the lists").wait_for()
    assert field.input_value() == "browser*\ngroup:web"
    assert written(gateway)["agents"]["list"][0]["tools"] == {"alsoAllow": ["browser*"]}
    save.click()
    save.and_(page.locator(":disabled:not([aria-busy])")).wait_for()
    assert written(gateway)["agents"]["list"][0]["tools"] == {"alsoAllow": ["browser*", "group:web"]}


def test_what_is_typed_of_an_agent_outlives_a_save_and_a_change_from_elsewhere(
    window: Window, gateway: Gateway
) -> None:
    held = Held(window.page)
    page = window.sign_in("/agents/hostile?tab=settings")
    name, model = page.get_by_label("Name"), page.get_by_role("combobox", name="Model")
    save = page.get_by_role("button", name="Save", exact=True)
    with connected(gateway) as elsewhere:
        elsewhere.call("agents.update", {"agentId": "hostile", "model": "crawdad/demo"})
    name.fill("Grace")
    held.holding = True
    save.click()
    page.locator("button[aria-busy=true]", has_text="Save").wait_for()
    name.fill("Grace Hopper")
    held.release()
    page.get_by_role("heading", level=2, name="Grace", exact=True).wait_for()
    eventually(lambda: model.input_value() == "crawdad/demo", "the model that was chosen elsewhere")
    assert name.input_value() == "Grace Hopper"
    save.click()
    page.get_by_role("heading", level=2, name="Grace Hopper", exact=True).wait_for()
    entry = next(each for each in written(gateway)["agents"]["list"] if each["id"] == "hostile")
    assert (entry["name"], entry["model"]) == ("Grace Hopper", "crawdad/demo")


def test_an_agent_after_a_template(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/agents?new=template")
    page.get_by_role("button", name="Translator").click()
    page.get_by_label("Identifier").fill("lingua")
    assert window.violations() == []
    page.get_by_role("button", name="Make the agent").click()
    page.get_by_role("heading", name="Translator").wait_for()
    assert (gateway.home / "workspace-lingua" / "SOUL.md").exists()
