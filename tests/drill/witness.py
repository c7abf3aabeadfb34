"""What the gateway acknowledged before a fault, and whether it is there after it, once."""

from __future__ import annotations

import itertools
import time
from contextlib import suppress
from typing import Any

import httpx

from tests.drill.scenario import Kept
from tests.simulators.telegram import TelegramSimulator
from tests.support.waiting import PATIENCE, eventually

_EXCHANGES = 3
_ANCHORED = 15 * 86_400.0
"""Since when a job repeats: no clock of a scenario's is set to before that, and none of its times comes near."""
_NUMBERS = itertools.count(1)
_ENDED = ("ok", "error", "interrupted", "skipped")


class Witness:
    """Acknowledged: an answer that was heard to its end, a message whose update was confirmed to the platform or whose turn was
    answered, a run of a job that was ordered."""

    def __init__(self, client: httpx.Client, telegram: TelegramSimulator) -> None:
        self._client = client
        self._telegram = telegram
        self._exchanges: list[str] = []
        self._turns: list[str] = []
        self._said: list[str] = []
        self._jobs: list[str] = []

    def acknowledge(self) -> None:
        """Some exchanges, a turn of the agent, a message by Telegram and a run of a job, each to its end."""
        for _ in range(_EXCHANGES):
            self.exchange()
        word = f"turn-{next(_NUMBERS)}"
        body = {"model": "openclaw", "user": word, "messages": [{"role": "user", "content": word}]}
        self._post("/v1/chat/completions", body)
        self._turns.append(word)
        self.say()
        self._answered()
        self.order_run()
        self._ran()

    def exchange(self) -> None:
        """A model is asked directly."""
        body = {"model": "scripted/model", "messages": [{"role": "user", "content": "Hello"}]}
        self._exchanges.append(self._post("/v1/chat/completions", body).headers["request-id"])

    def say(self, more: str = "", *, taken: bool = True) -> int:
        """Somebody writes by Telegram, which hears that it was `taken`, or keeps it. Its answer need not have come. Returns the
        number that Telegram gave it."""
        word = f"telegram-{next(_NUMBERS)}"
        number = int(self._telegram.update(message=self._telegram.message(f"{word} {more}".strip()))["update_id"])
        if taken:
            eventually(lambda: self._telegram.confirmed >= number, "Telegram's message to be taken", PATIENCE)
        self._said.append(word)
        return number

    def order_run(self, message: str = "Make the report") -> None:
        """A run of a job is ordered."""
        made = self.new_job(message)
        self._post(f"/api/v1/cron/jobs/{made}/run", None)
        eventually(lambda: self.runs_of(made), "the run to begin", PATIENCE)
        self._jobs.append(made)

    def new_job(self, message: str = "Make the report", *, every_ms: int = 30 * 86_400_000) -> str:
        """A job that is not due before that time; its id."""
        job = {
            "name": f"drill-{next(_NUMBERS)}",
            "schedule": {"kind": "every", "everyMs": every_ms, "anchorMs": int((time.time() - _ANCHORED) * 1000)},
            "delivery": {"mode": "none"},
            "payload": {"kind": "agentTurn", "message": message},
        }
        return str(self._post("/api/v1/cron/jobs", job).json()["data"]["id"])

    def runs_of(self, job: str) -> list[Any]:
        """The runs of a job, as far as it is known now."""
        answer = self._client.get(f"/api/v1/cron/jobs/{job}/runs")
        found: list[Any] = answer.json()["data"]["entries"] if answer.status_code == 200 else []
        return found

    def all_answered(self) -> bool:
        """Whether every message has its answer by now."""
        return not self._missing()

    def kept(self) -> Kept:
        """What is there now of all that was acknowledged. Answers and runs that are still under way are waited for."""
        found = Kept(len(self._exchanges), len(self._turns) + len(self._said), len(self._jobs))
        for exchange in self._exchanges:
            if self._client.get(f"/api/logs/{exchange}").status_code != 200:
                found.lost.append(f"exchange {exchange}")
        for word in self._turns:
            roles = [line["role"] for line in self._history(word)]
            if roles != ["user", "assistant"]:
                found.lost.append(f"turn {word}: {roles}")
        found.lost += self._unanswered()
        found.lost += self._lost_runs()
        return found

    def _answered(self) -> None:
        eventually(self.all_answered, "Telegram's answers", PATIENCE)

    def _ran(self) -> None:
        eventually(lambda: all(run["status"] in _ENDED for run in self._found_runs()), "the ends of runs", PATIENCE)

    def _missing(self) -> list[str]:
        told = self._telegram.texts()
        return [word for word in self._said if not any(answers(word, text) for text in told)]

    def _unanswered(self) -> list[str]:
        try:
            self._answered()
        except AssertionError:
            return [f"message {word}: no answer" for word in self._missing()]
        told = self._telegram.texts()
        counts = {word: sum(answers(word, text) for text in told) for word in self._said}
        return [f"message {word}: {count} answers" for word, count in counts.items() if count != 1]

    def _lost_runs(self) -> list[str]:
        with suppress(AssertionError):
            self._ran()
        found = {job: [run["status"] for run in self.runs_of(job)] for job in self._jobs}
        return [
            f"job {job}: {statuses}"
            for job, statuses in found.items()
            if len(statuses) != 1 or statuses[0] not in ("ok", "interrupted")
        ]

    def _found_runs(self) -> list[Any]:
        return [run for job in self._jobs for run in self.runs_of(job)]

    def _history(self, word: str) -> list[Any]:
        answer = self._client.get(f"/api/v1/sessions/agent:main:openai-user:{word}/messages")
        found: list[Any] = answer.json()["data"]["messages"] if answer.status_code == 200 else []
        return found

    def _post(self, path: str, body: Any) -> httpx.Response:
        answer = self._client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer


def answer_to(text: str) -> str:
    """What the model says to a text that holds a word of the witness: it names the last one."""
    words = [word for word in text.split() if word.startswith(("telegram-", "turn-"))]
    return f"Heard: {words[-1]}" if words else "Noted."


def answers(word: str, text: str) -> bool:
    """Whether a text is the answer to that word."""
    return word in text.split()
