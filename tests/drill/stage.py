"""The stage of a scenario: a `crawdad up` with an agent, a scripted model, a Telegram and jobs, on short patience."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from crawdad.app.record import read_state
from tests.drill.scenario import HEALTHY, NOT_STARTED, SAFE_MODE, Outcome, Scenario, Setting, Words
from tests.drill.witness import Witness, answer_to
from tests.simulators.telegram import TelegramSimulator
from tests.support.moved_clock import MovedClock
from tests.support.scripted_model import NAME, Answer, Hold, ScriptedModel, last_text, says
from tests.support.server import SOURCE, UP, Gateway, settings
from tests.support.upstreams.protocols import Ask
from tests.support.waiting import PATIENCE, eventually

SEAM = Path(__file__).parent / "seam"
LITTLE_PATIENCE = {"CRAWDAD_HANG_SECONDS": "3", "CRAWDAD_BACKOFF_SECONDS": "0.05"}
"""Shorter than a user's, longer than any pause of a busy machine."""
GATEWAY = {"drainSeconds": 3, "restApi": {"requestsPerMinute": None}}
_HURRY_SECONDS = 0.25
"""More at once would look like an event loop that was held."""


class Stage:
    """`strike` when the fault happens, then one of the endings. `client` holds every right; `clock` moves the application's."""

    def __init__(
        self, folder: Path, gateway: Gateway, model: ScriptedModel, telegram: TelegramSimulator, clock: MovedClock
    ) -> None:
        self.folder, self.gateway, self.model, self.telegram, self.clock = folder, gateway, model, telegram, clock
        self.client = httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE)
        self.witness = Witness(self.client, telegram)
        self.holds: dict[str, Hold] = {}
        self.around: Any = None
        """What the scenario's setting has put around it."""
        self.patience = 1.0
        """So many times as long as it should may everything take, on a machine that does much else."""
        self.ended: tuple[Words, float] | None = None
        self._struck = self._restarts = 0.0
        self._since = self._told = 0
        self._read: set[Path] = set()
        model.then(self._answer)

    @property
    def home(self) -> Path:
        """The home directory."""
        return self.gateway.home

    # What is seen of the supervisor

    def state(self) -> dict[str, Any]:
        """What the supervisor wrote last; empty while there is none."""
        return read_state(self.home) or {}

    @property
    def application(self) -> int:
        """The process that serves."""
        application = self.state().get("application") or {}
        return int(application.get("pid") or 0)

    def events(self, name: str = "") -> list[dict[str, Any]]:
        """The supervisor's events since the scenario began, of one name or all."""
        return [each for each in self._all_events()[self._since :] if name in ("", each["event"])]

    def event(self, name: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The first event of that name, once there is one."""
        return eventually(lambda: next(iter(self.events(name)), None), f"{name} of the supervisor", seconds) or {}

    def _all_events(self) -> list[dict[str, Any]]:
        try:
            lines = (self.home / "logs" / "supervisor.jsonl").read_text().splitlines()
        except OSError:  # not there yet, or its disk has gone
            return []
        whole = [line.lstrip("\0") for line in lines]  # a power cut leaves zeros where something was being written
        return [json.loads(line) for line in whole if line.startswith("{")]

    def report(self, cause: str, seconds: float = PATIENCE) -> str:
        """The page that healing wrote about that cause since the scenario began, once it is written."""

        def look() -> Path | None:
            return next(iter(self._reports(cause) - self._read), None)

        found = eventually(look, f"a report about {cause}", seconds)
        assert found is not None
        return found.read_text()

    def _reports(self, cause: str = "*") -> set[Path]:
        return set((self.home / "reports").glob(f"fault_report_*_{cause}_*.md"))

    # What is done

    def signal(self, number: int) -> None:
        """To the application."""
        os.kill(self.application, number)

    def reload(self) -> None:
        """Ask the supervisor for a replacement."""
        assert self.gateway.process is not None
        self.gateway.process.send_signal(signal.SIGHUP)

    def hold(self, word: str) -> Hold:
        """The model stops in the middle of its next answer to what holds the word."""
        self.holds[word] = Hold(says("Half. "), after=1)
        return self.holds[word]

    def ask(self) -> httpx.Response:
        """The built-in model is asked, which needs nobody."""
        body = {"model": "crawdad/demo", "messages": [{"role": "user", "content": "Hello"}]}
        return self.client.post("/v1/chat/completions", json=body)

    def turn(self, text: str = "Are you there?", **more: Any) -> httpx.Response:
        """A turn of the agent."""
        body = {"model": "openclaw", "messages": [{"role": "user", "content": text}], **more}
        return self.client.post("/v1/chat/completions", json=body)

    def tool(self, name: str, **arguments: Any) -> httpx.Response:
        """A tool is called."""
        return self.client.post("/tools/invoke", json={"tool": name, "args": arguments})

    def hurry(self) -> None:
        """Let the application's time go by faster, for as long as this is called again and again while something is waited for."""
        self.clock.advance(_HURRY_SECONDS)

    def call_and_leave(self, tool: str) -> None:
        """Call a tool that never answers; with the process the connection ends."""
        with suppress(httpx.HTTPError):
            self.tool(tool)

    def command(self, *arguments: str) -> str:
        """What a command of Crawdad says in this home."""
        return self.gateway.run(*arguments)

    def configure(self, change: Mapping[str, Any]) -> None:
        """Write the configuration with other sections, as an editor would."""
        path = self.home / "openclaw.json"
        self.gateway.write_config({**json.loads(path.read_bytes()), **change})

    # The course of a scenario

    def begin(self) -> None:
        """What was before is over, and no longer looked at."""
        eventually(self._is_not_down, "the health to be better")
        self.ended, self._since, self._told = None, len(self._all_events()), len(self._health_told())
        self._restarts = self.state().get("restarts", 0)
        self._read = self._reports()

    def strike(self) -> None:
        """The fault happens now."""
        self._struck = time.monotonic()

    def until_unwell(self, part: str, seconds: float = PATIENCE) -> None:
        """Wait until the gateway's own look at its health finds that part not well. Time goes by faster meanwhile."""

        def look() -> bool:
            self.hurry()
            return any(part in each["parts"] for each in self._health_told()[self._told :])

        eventually(look, f"{part} to be found unwell", seconds * self.patience)

    def _is_not_down(self) -> bool:
        if self.client.get("/healthz").json()["health"] != "down":
            return True
        self.hurry()
        return False

    def _health_told(self) -> list[dict[str, Any]]:
        lines = self.gateway.log().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and '"health_changed"' in line]

    def until_healthy(self, seconds: float, *, other_than: int = 0) -> None:
        """Wait until the agent answers again, of an application other than that process."""

        def look() -> bool:
            state = self.state()
            if state.get("state") != "ready" or state["safe_mode"] or self.application == other_than:
                return False
            try:
                return self.client.get("/readyz").status_code == 200 and self.turn().status_code == 200
            except httpx.HTTPError:
                return False

        eventually(look, f"health; {self.state()}", seconds * self.patience)
        self._end(HEALTHY)

    def until_safe_mode(self, seconds: float) -> None:
        """Wait until the panels answer in safe mode. The agent is not there then, and says so."""

        def look() -> bool:
            state = self.state()
            if state.get("state") != "ready" or not state["safe_mode"]:
                return False
            try:
                return httpx.get(f"{self._address(state)}/healthz", timeout=5).status_code == 200
            except httpx.HTTPError:
                return False

        eventually(look, f"safe mode; {self.state()}", seconds * self.patience)
        self._end(SAFE_MODE)

    def refused(self) -> None:
        """The supervisor has ended, as it must."""
        self._end(NOT_STARTED)

    def outcome(self, scenario: Scenario) -> Outcome:
        """What the play told, and a look at what was kept."""
        assert self.ended is not None, "a scenario ends healthy, in safe mode or not started"
        ending, seconds = self.ended
        assert ending == scenario.ending, f"it ended {ending.en}, not {scenario.ending.en}"
        restarts = self.state().get("restarts", 0) - self._restarts
        return Outcome(scenario, seconds, int(max(restarts, 0)), self.witness.kept())

    def _end(self, how: Words) -> None:
        if self.ended is None or self.ended[0] != SAFE_MODE:  # what comes after safe mode is the operator's doing
            self.ended = how, time.monotonic() - self._struck

    @staticmethod
    def _address(state: Mapping[str, Any]) -> str:
        host, port = next((host, port) for host, port in state["addresses"] if ":" not in host)
        return f"http://{host}:{port}"

    def _answer(self, ask: Ask) -> Answer:
        text = last_text(ask.body)
        held = next((hold for word, hold in self.holds.items() if word in text and not hold.gate.is_set()), None)
        answer = says(answer_to(text))
        return Hold(answer, held.after, held.gate, held.reached) if held else answer


def configuration(model: ScriptedModel, telegram: TelegramSimulator, more: Mapping[str, Any]) -> dict[str, Any]:
    """The usual settings, with more sections."""
    channel = {"botToken": telegram.token, "apiRoot": telegram.url, "pollSeconds": 2, "streaming": "off"}
    usual = {
        "agents": {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}}},
        "channels": {"telegram": {**channel, "dmPolicy": "open", "allowFrom": ["*"]}},
        "gateway": GATEWAY,
    }
    models = dict(more.get("models", {}))
    providers = {NAME: model.provider(), **models.pop("providers", {})}
    return settings(providers, **{**usual, **more, "models": models})


@contextmanager
def opened_stage(folder: Path, wanted: Setting) -> Iterator[Stage]:
    """A stage whose gateway serves."""
    with ExitStack() as stack:
        model = stack.enter_context(ScriptedModel(says("Noted.")))
        telegram = stack.enter_context(TelegramSimulator())
        clock = stack.enter_context(MovedClock(folder / "clock"))
        around = stack.enter_context(wanted.around(folder))
        home = stack.enter_context(wanted.home(folder / "home"))
        home.mkdir(exist_ok=True)
        path = os.pathsep.join(map(str, (SEAM, SOURCE, SOURCE.parent)))
        environment = {**LITTLE_PATIENCE, **clock.environment, "PYTHONPATH": path, "CRAWDAD_LANG": "en"}
        gateway = Gateway(
            configuration(model, telegram, wanted.config(folder, model)),
            {**environment, **wanted.environment(folder)},
            (*wanted.command(folder), *UP),
            home,
            folder / "process.log",
        )
        stage = stack.enter_context(_running(folder, gateway, model, telegram, clock))
        stage.around = around
        yield stage


@contextmanager
def _running(
    folder: Path, gateway: Gateway, model: ScriptedModel, telegram: TelegramSimulator, clock: MovedClock
) -> Iterator[Stage]:
    with gateway:
        stage = Stage(folder, gateway, model, telegram, clock)
        try:
            yield stage
        finally:
            stage.client.close()
            for hold in stage.holds.values():
                hold.gate.set()
            gateway.kill()  # the kernel ends the application with it
