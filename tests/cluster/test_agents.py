"""Agents of two gateways on one PostgreSQL and one Redis: turns of a session one at a time, wherever they come in."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.cluster.pair import Pair
from tests.support.scripted_model import NAME, Hold, ScriptedModel, calls, last_text, says
from tests.support.server import running_gateway, settings
from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.stories import Turn
from tests.support.waiting import PATIENCE, eventually

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    """The model of both gateways' agents."""
    with ScriptedModel(says("Hello.")) as scripted:
        yield scripted


@pytest.fixture(scope="module")
def agents(postgres_url: str, shared_redis: dict[str, str], model: ScriptedModel) -> Iterator[Pair]:
    """Two gateways with agents."""
    config = settings({NAME: model.provider()}) | {"agents": {"defaults": {"model": f"{NAME}/model"}}}
    config["gateway"] = {"restApi": {"requestsPerMinute": 10_000}}
    shared = {"CRAWDAD_DATABASE_URL": postgres_url, **shared_redis}
    with running_gateway(config, shared) as first, running_gateway(config, shared) as second:
        clients = [
            httpx.Client(base_url=one.base_url, headers=one.headers, timeout=PATIENCE) for one in (first, second)
        ]
        with clients[0], clients[1]:
            yield Pair(first, second, clients[0], clients[1], shared)


def say(client: httpx.Client, text: str, user: str) -> Any:
    body = {"model": "openclaw", "user": user, "messages": [{"role": "user", "content": text}]}
    answer = client.post("/v1/chat/completions", json=body, timeout=4 * PATIENCE)  # others have their turn before
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]["message"]["content"]


def history(client: httpx.Client, key: str) -> list[Any]:
    answer = client.get(f"/api/v1/sessions/{key}/messages")
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["data"]["messages"]
    return found


def test_one_session_takes_one_turn_at_a_time(agents: Pair, model: ScriptedModel) -> None:
    """Turns that are sent to both at once never overlap, and each sees what the one before has said."""
    lock, now, most = threading.Lock(), [0], [0]

    def answer(ask: Ask) -> Turn:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        words = f"To {last_text(ask.body)}."
        with lock:
            now[0] -= 1
        return says(words)

    model.then(answer)
    model.asked.clear()
    user = f"u{secrets.token_hex(4)}"
    with ThreadPoolExecutor(8) as pool:
        sent = [
            pool.submit(say, client, f"message {number} at {place}", user)
            for number in range(4)
            for place, client in enumerate((agents.at_first, agents.at_second))
        ]
        said = [one.result() for one in sent]
    assert len(set(said)) == 8
    lengths = [len([one for one in body["messages"] if one["role"] != "system"]) for body in model.asked]
    assert lengths == [1, 3, 5, 7, 9, 11, 13, 15], "each turn began when the one before had ended"
    key = f"agent:main:openai-user:{user}"
    both = [history(client, key) for client in (agents.at_first, agents.at_second)]
    assert both[0] == both[1]
    assert [line["role"] for line in both[0]] == ["user", "assistant"] * 8


def test_a_run_is_followed_and_cancelled_at_the_other(agents: Pair, model: ScriptedModel) -> None:
    hold = Hold(says("One two three four five six."), after=3)
    model.then(hold)
    user = f"u{secrets.token_hex(4)}"
    key = f"agent:main:openai-user:{user}"
    with ThreadPoolExecutor(1) as pool:
        turn = pool.submit(
            lambda: agents.at_first.post(
                "/v1/chat/completions",
                json={"model": "openclaw", "user": user, "messages": [{"role": "user", "content": "Count"}]},
            )
        )
        assert hold.reached.wait(PATIENCE)
        answer = agents.at_second.post(f"/api/v1/sessions/{key}/abort")
        assert answer.status_code == 200, answer.text
        aborted = answer.json()["data"]
        assert aborted["aborted"] is True
        (run_id,) = aborted["runIds"]
        turn.result()
    hold.gate.set()
    state = eventually_state(agents.at_second, key, run_id)
    assert state["runStatus"] in ("cancelled", "aborted"), state


def eventually_state(client: httpx.Client, key: str, run_id: str) -> Any:
    """What a run came to, as this gateway tells it."""
    found: dict[str, Any] = {}

    def ended() -> bool:
        answer = client.get(f"/api/v1/sessions/{key}/runs/{run_id}")
        assert answer.status_code == 200, answer.text
        found.update(answer.json()["data"])
        return found["runStatus"] not in ("queued", "running")

    eventually(ended, "the end of a run")
    return found


def test_a_run_is_heard_at_the_other(agents: Pair, model: ScriptedModel) -> None:
    """While it goes on, from its first event to its last."""
    model.then(says("Hello."))
    user = f"u{secrets.token_hex(4)}"
    key = f"agent:main:openai-user:{user}"
    say(agents.at_first, "Hi", user)
    hold = Hold(says("One two three."), after=3)
    model.then(hold, says("Hello."))
    body = {"message": {"role": "user", "content": "Count"}, "stream": True}
    with agents.at_first.stream("POST", f"/api/v1/sessions/{key}/messages", json=body) as stream:
        assert stream.status_code == 200, stream.read()
        lines = stream.iter_lines()
        run_id = next(line for line in lines if '"runId"' in line).partition('"runId":"')[2].partition('"')[0]
        assert hold.reached.wait(PATIENCE)
        path = f"/api/v1/sessions/{key}/runs/{run_id}"
        assert agents.at_second.get(path).json()["data"]["runStatus"] == "running"
        with agents.at_second.stream("GET", path, headers={"accept": "text/event-stream"}) as followed:
            assert followed.status_code == 200, followed.read()
            hold.gate.set()
            heard = "\n".join(followed.iter_lines())
        first = "\n".join(lines)
    assert "One two three." in heard and "One two three." in first


def test_a_job_fires_once(agents: Pair, model: ScriptedModel) -> None:
    """Both schedulers see the same job; one of them runs it."""
    model.then(says("The report."))
    model.asked.clear()
    body: dict[str, Any]
    word = f"report {secrets.token_hex(4)}"
    body = {"name": word, "schedule": {"kind": "every", "everyMs": 1000}, "delivery": {"mode": "none"}}
    body["payload"] = {"kind": "agentTurn", "message": word}
    made = agents.at_first.post("/api/v1/cron/jobs", json=body)
    assert made.status_code == 201, made.text
    job_id = made.json()["data"]["id"]

    def runs() -> list[Any]:
        found: list[Any] = agents.at_second.get(f"/api/v1/cron/jobs/{job_id}/runs").json()["data"]["entries"]
        return found

    def one_turn_each() -> list[Any] | None:
        found = runs()
        asked = [body for body in model.asked if word in str(body["messages"][-1])]
        return found if all(run["status"] == "ok" for run in found) and len(asked) == len(found) else None

    eventually(lambda: len([run for run in runs() if run["status"] == "ok"]) >= 3, "three runs")
    assert agents.at_second.post(f"/api/v1/cron/jobs/{job_id}/disable").status_code == 200
    found = eventually(one_turn_each, "the last of them to end, after one turn for each")
    slots = [run.get("dueAtMs") or run["runAtMs"] for run in found]
    assert len(slots) == len(set(slots)), found
    agents.at_second.delete(f"/api/v1/cron/jobs/{job_id}")


def test_a_response_is_read_gone_on_from_and_deleted_at_the_other(agents: Pair, model: ScriptedModel) -> None:
    model.then(says("Hello."))
    body: dict[str, Any] = {"model": "openclaw", "input": f"Hi {secrets.token_hex(4)}"}
    whole = agents.at_first.post("/v1/responses", json=body).json()
    with agents.at_first.stream("POST", "/v1/responses", json={**body, "stream": True}) as stream:
        events = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: {")]
    streamed = events[-1]["response"]
    for made in (whole, streamed):
        told = agents.at_second.get(f"/v1/responses/{made['id']}")
        assert told.status_code == 200, told.text
        assert told.json()["output"] == made["output"] and told.json()["status"] == "completed"
        further = {"model": "openclaw", "input": "And now?", "previous_response_id": made["id"]}
        assert agents.at_second.post("/v1/responses", json=further).status_code == 200
        assert body["input"] in str(model.asked[-1]["messages"]), "it goes on in the session of the response"
        assert agents.at_second.delete(f"/v1/responses/{made['id']}").json()["deleted"] is True
        assert agents.at_first.get(f"/v1/responses/{made['id']}").status_code == 404


def test_a_response_in_the_background_is_followed_and_stopped_at_the_other(agents: Pair, model: ScriptedModel) -> None:
    hold = Hold(says("One two three."), after=2)
    model.then(hold, says("Hello."))
    made = agents.at_first.post(
        "/v1/responses", json={"model": "openclaw", "input": "Count", "background": True}
    ).json()
    assert hold.reached.wait(PATIENCE)
    path = f"/v1/responses/{made['id']}"
    eventually(
        lambda: agents.at_second.get(path).json()["status"] == "in_progress", "its beginning at the other gateway"
    )
    with agents.at_second.stream("GET", f"{path}?stream=true&starting_after=0") as followed:
        hold.gate.set()
        heard = [json.loads(line[6:]) for line in followed.iter_lines() if line.startswith("data: {")]
    assert heard[-1]["type"] == "response.completed" and heard[0]["sequence_number"] == 1
    hold = Hold(says("Never said."), after=1)
    model.then(hold)
    made = agents.at_first.post("/v1/responses", json={"model": "openclaw", "input": "Wait", "background": True}).json()
    assert hold.reached.wait(PATIENCE)
    assert agents.at_second.post(f"/v1/responses/{made['id']}/cancel").json()["status"] == "cancelled"
    hold.gate.set()
    eventually(lambda: agents.at_first.get(f"/v1/responses/{made['id']}").json()["status"] == "cancelled", "its end")


def test_limits_by_the_hour_hold_for_all_gateways_together(agents: Pair, model: ScriptedModel) -> None:
    """So many jobs an hour may an agent make (20), wherever its turns run."""
    user = f"u{secrets.token_hex(4)}"
    job = {"schedule": {"kind": "every", "everyMs": 3_600_000}, "payload": {"kind": "systemEvent", "text": "tick"}}

    def answer(ask: Ask) -> Turn:
        told = [one for one in ask.body["messages"] if one["role"] == "tool"]
        name = f"{user}-{len(told)}"
        return calls(("cron", {"action": "add", "job": {"name": name, **job}})) if len(told) < 11 else says("Done.")

    model.then(answer)
    say(agents.at_first, "make jobs", f"{user}a")
    say(agents.at_second, "make jobs", f"{user}b")
    told = [one["content"] for one in model.asked[-1]["messages"] if one["role"] == "tool"]
    assert len(told) == 11 and ["Error" in each for each in told] == [False] * 9 + [True] * 2, told


def test_a_stream_that_broke_off_is_taken_up_at_the_other(agents: Pair, model: ScriptedModel) -> None:
    hold = Hold(says("One two three."), after=2)
    model.then(hold, says("Hello."))
    body = {"model": "openclaw", "input": "Count", "stream": True}
    heard: list[Any] = []
    with agents.at_first.stream("POST", "/v1/responses", json=body) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: {"):
                heard.append(json.loads(line[6:]))
            if heard and heard[-1]["type"] == "response.output_text.delta":
                break
    assert hold.reached.wait(PATIENCE)
    mark = f"{heard[0]['response']['id']}:{heard[-1]['sequence_number']}"
    with agents.at_second.stream("POST", "/v1/responses", json=body, headers={"last-event-id": mark}) as stream:
        hold.gate.set()
        rest = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: {")]
    told = [*heard, *rest]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert "".join(event.get("delta", "") for event in told) == "One two three."
    path = f"/v1/responses/{heard[0]['response']['id']}"
    for client in (agents.at_first, agents.at_second):
        assert client.get(path).json()["output"] == rest[-1]["response"]["output"]
