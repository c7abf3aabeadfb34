"""What the tests of agents do beside taking turns: wait for what happens meanwhile, look at runs, answer questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.e2e.agents.conftest import Scene
from tests.support.scripted_model import Answer, says
from tests.support.upstreams.protocols import Ask
from tests.support.waiting import PATIENCE, eventually

Found = TypeVar("Found")


def until_asked(scene: Scene, look: Callable[[], Found | None], what: str) -> Found:
    """What `look` finds in what the model was asked, once it finds something."""
    found = scene.model.wait_for(look, PATIENCE)
    assert found, f"waited in vain for {what}"
    return found


@contextmanager
def meanwhile(act: Callable[[], Any]) -> Iterator[Future[Any]]:
    """`act` goes on beside the body of the `with`."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(act)


def approvals(scene: Scene, *statuses: str) -> list[Any]:
    """The questions in these states, newest first."""
    answer = scene.client.get("/api/approvals", params={"status": list(statuses)})
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["approvals"]
    return found


def question(scene: Scene) -> Any:
    """The question that waits, once one does."""
    return eventually(lambda: approvals(scene, "pending"), "a question")[0]


def decide(scene: Scene, asked: Any, decision: str) -> Any:
    """Answer a question."""
    answer = scene.client.post(f"/api/approvals/{asked['id']}", json={"decision": decision})
    assert answer.status_code == 200, answer.text
    return answer.json()


def results(body: Any) -> list[str]:
    """What tools answered, as the model is told in a request."""
    found = []
    for message in body["messages"]:
        if message["role"] == "tool":
            content = message["content"]
            found.append(content if isinstance(content, str) else "".join(part.get("text", "") for part in content))
    return found


def tool_names(body: Any) -> set[str]:
    """The tools that a request offers to the model."""
    return {tool["function"]["name"] for tool in body.get("tools") or ()}


def story(word: str, *answers: Answer, otherwise: Answer | None = None) -> Callable[[Ask], Answer]:
    """A script for the turn whose messages hold `word`: the next answer after every result of a tool. Turns that go on beside
    it (a heartbeat, another agent's) hear `otherwise`."""

    def next_answer(ask: Ask) -> Answer:
        if word not in str([message for message in ask.body["messages"] if message["role"] == "user"]):
            return otherwise or says("NO_REPLY")
        return answers[min(len(results(ask.body)), len(answers) - 1)]

    return next_answer


def told_to(scene: Scene, word: str) -> Any:
    """The last request of the turn whose messages hold `word`."""
    return [body for body in scene.model.asked if word in str(body["messages"])][-1]
