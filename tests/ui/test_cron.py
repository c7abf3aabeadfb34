"""Jobs in a browser: made with the next times in sight, run, found in the calendar and the history, switched off, changed, deleted."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.support.browser import Window
from tests.support.control import connected
from tests.support.waiting import eventually
from tests.ui.hostile import NAME, TRAP

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocketRoute

DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_a_job_from_its_beginning_to_its_end(window: Window) -> None:
    window.page.add_init_script(TRAP)
    page = window.sign_in("/cron")
    page.get_by_role("button", name="New job").first.click()
    form = page.get_by_role("dialog", name="New job")
    form.get_by_role("textbox", name="Name").fill(NAME)
    form.get_by_label("What the agent is told to do").fill("What came in over night?")
    form.get_by_label("Time *").fill("08:45")
    form.get_by_role("button", name="Sat").click()
    form.get_by_role("button", name="Sun").click()
    times = form.get_by_role("region", name="Next times")
    times.get_by_text(re.compile("8:45")).nth(4).wait_for()
    form.get_by_label("How it repeats").select_option("cron")
    form.get_by_label("Cron expression").fill("99 8 * * *")
    times.get_by_text(re.compile("99")).wait_for()
    form.get_by_label("How it repeats").select_option("days")
    times.get_by_text(re.compile("8:45")).nth(4).wait_for()
    form.get_by_label("If its time is missed").select_option("run-if-within")
    form.get_by_label("At most so many minutes late").fill("30")
    assert window.violations() == []
    form.get_by_role("button", name="Make the job").click()
    drawer = page.get_by_role("dialog", name=NAME)
    drawer.get_by_text("Mon, Tue, Wed, Thu, Fri at 08:45").wait_for()
    with connected(window.gateway) as client:
        job = client.call("cron.list", {"includeDisabled": True})["jobs"][0]
        assert client.call("cron.get", {"id": job["id"]})["misfire"] == {"mode": "run-if-within", "seconds": 1800}
    assert (job["name"], job["schedule"]["expr"], job["delivery"]["mode"]) == (NAME, "45 8 * * 1,2,3,4,5", "none")
    drawer.get_by_role("button", name="Run now").click()
    drawer.get_by_role("listitem").filter(has_text="Succeeded").wait_for()
    drawer.get_by_role("tab", name="Edit").click()
    assert drawer.get_by_label("At most so many minutes late").input_value() == "30"
    drawer.get_by_label("If its time is missed").select_option("skip")
    drawer.get_by_role("button", name="Fri").click()
    drawer.get_by_role("button", name="Save", exact=True).click()
    drawer.get_by_text("Mon, Tue, Wed, Thu at 08:45").wait_for()
    assert window.violations() == []
    drawer.get_by_role("button", name="Close").click()
    page.get_by_role("tab", name="Calendar").click()
    page.get_by_role("link", name=re.compile("8:45")).nth(2).wait_for()
    assert window.violations() == []
    page.get_by_role("tab", name="History").click()
    page.get_by_role("listitem").filter(has_text="Succeeded").get_by_role("link", name=NAME).click()
    drawer.get_by_role("button", name="Turn off").click()
    drawer.get_by_role("button", name="Turn on").wait_for()
    drawer.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete the job").click()
    drawer.wait_for(state="detached")
    page.get_by_role("tab", name="Jobs").click()
    page.get_by_text("No jobs yet").wait_for()
    assert page.evaluate("window.__ran") == []


def test_a_job_made_elsewhere_shows_itself(window: Window) -> None:
    page = window.sign_in("/cron")
    job = {"name": "tea", "schedule": {"kind": "every", "everyMs": 900_000}, "sessionTarget": "main"}
    with connected(window.gateway) as client:
        made = client.call("cron.add", {**job, "payload": {"kind": "systemEvent", "text": "Time for tea."}})
        page.get_by_text("Every 15 minutes").wait_for()
        page.get_by_role("switch", name="tea runs at its times").click()
        page.get_by_text("Off", exact=True).wait_for()
        eventually(lambda: client.call("cron.get", {"id": made["id"]})["enabled"] is False)  # the page shows it at once
        page.goto(f"{window.gateway.base_url}/console/cron?tab=calendar")
        page.get_by_text("No job is turned on").wait_for()
        client.call("cron.update", {"id": made["id"], "patch": {"enabled": True}})
        page.get_by_role("region", name="Too often to be drawn").get_by_text("Every 15 minutes").wait_for()
        client.call("cron.remove", {"id": made["id"]})


class Between:
    """What stands between a page and the control channel: answers to a method are held or made up as the test says."""

    def __init__(self, page: Page) -> None:
        self.refused: set[str] = set()
        self.held: set[str] = set()
        self.waiting: list[tuple[str, str | bytes]] = []
        self._methods: dict[str, str] = {}
        self._page = page
        self._route: WebSocketRoute | None = None
        page.route_web_socket(re.compile(r":\d+/$"), self._opened)

    def _opened(self, route: WebSocketRoute) -> None:
        self._route, server = route, route.connect_to_server()

        def said(text: str | bytes) -> None:
            frame = json.loads(text)
            method = self._methods[frame["id"]] = frame["method"]
            if method in self.refused:
                error = {"code": "UNAVAILABLE", "message": "Not at this moment."}
                route.send(json.dumps({"type": "res", "id": frame["id"], "ok": False, "error": error}))
            else:
                server.send(text)

        def answered(text: str | bytes) -> None:
            method = self._methods.get(json.loads(text).get("id", ""), "")
            if method in self.held:
                self.waiting.append((method, text))
            else:
                route.send(text)

        route.on_message(said)
        server.on_message(answered)

    def holds(self, method: str) -> bool:
        """Whether an answer to a method waits."""
        self._page.evaluate("0")  # Playwright hears of frames while it is asked something
        return any(name == method for name, _ in self.waiting)

    def release(self, method: str) -> None:
        """Let the answers to a method through: those that wait, and all that come."""
        assert self._route is not None
        self.held.discard(method)
        for _, text in [each for each in self.waiting if each[0] == method]:
            self._route.send(text)
        self.waiting = [each for each in self.waiting if each[0] != method]


def test_a_switch_shows_what_was_chosen_until_the_gateway_has_said_what_holds(window: Window) -> None:
    job = {"name": "tea", "schedule": {"kind": "every", "everyMs": 900_000}, "sessionTarget": "main"}
    payload = {"kind": "systemEvent", "text": "Time for tea."}
    between = Between(window.page)
    with connected(window.gateway) as client:
        made = client.call("cron.add", {**job, "payload": payload})
        page = window.sign_in("/cron")
        switch = page.get_by_role("switch", name="tea runs at its times")
        assert switch.is_checked()

        between.held |= {"cron.list", "cron.update"}
        other = client.call("cron.add", {**job, "name": "coffee", "payload": payload})
        eventually(lambda: between.holds("cron.list"), "the list to be asked for")
        switch.click()
        eventually(lambda: between.holds("cron.update") and not switch.is_checked(), "the switch to be turned")
        between.release("cron.list")
        page.evaluate(DRAWN)
        assert not switch.is_checked(), "a list that was read before says nothing of it"
        between.release("cron.update")
        page.get_by_text("coffee").first.wait_for()
        assert not switch.is_checked()

        between.held.add("cron.list")  # what is shown now is what the page itself goes back to
        between.refused.add("cron.update")
        switch.click()
        page.get_by_text("Not at this moment.").wait_for()
        page.evaluate(DRAWN)
        assert not switch.is_checked()
        between.release("cron.list")
        for each in (made, other):
            client.call("cron.remove", {"id": each["id"]})


def test_a_stray_press_does_not_lose_what_was_entered(window: Window) -> None:
    page = window.sign_in("/cron")
    page.get_by_role("button", name="New job").first.click()
    form = page.get_by_role("dialog")
    page.mouse.click(5, 400)
    form.wait_for(state="detached")
    page.get_by_role("button", name="New job").first.click()
    page.get_by_label("Name").fill("每日简报")
    page.mouse.click(5, 400)
    form.get_by_text("What you have entered is not saved.").wait_for()
    assert window.violations() == []
    form.get_by_role("button", name="Go on").click()
    form.get_by_role("alert").wait_for(state="detached")
    page.keyboard.press("Escape")
    form.get_by_text("What you have entered is not saved.").wait_for()
    assert page.get_by_label("Name").input_value() == "每日简报"
    form.get_by_role("button", name="Discard it").click()
    form.wait_for(state="detached")


def test_a_run_that_failed_is_not_said_to_be_done(window: Window) -> None:
    payload = {"kind": "agentTurn", "message": "Tell everybody"}
    schedule = {"kind": "cron", "expr": "0 8 * * *"}
    with connected(window.gateway) as client:
        job = {"name": "Nowhere to tell", "schedule": schedule, "sessionTarget": "isolated", "payload": payload}
        made = client.call("cron.add", {**job, "wakeMode": "now", "delivery": {"mode": "announce", "channel": "last"}})
    page = window.sign_in(f"/cron?job={made['id']}")
    page.get_by_role("dialog", name="Nowhere to tell").get_by_role("button", name="Run now").click()
    page.get_by_text("Nowhere to tell failed; its history says why").wait_for()
    drawer = page.get_by_role("dialog", name="Nowhere to tell")
    drawer.get_by_role("listitem").filter(has_text="Failed").filter(
        has_text="It is not known where to deliver"
    ).wait_for()
    page.evaluate("localStorage.setItem('crawdad.language', 'zh-CN')")
    page.reload()
    drawer.get_by_role("listitem").filter(has_text="不知道发送到哪里").wait_for()
    with connected(window.gateway) as client:
        client.call("cron.remove", {"id": made["id"]})
