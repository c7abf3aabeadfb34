"""Answers of agents whose client, or whose gateway, went away in the middle: real sockets, the real runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import openai
import orjson
import pytest

from tests.e2e.agents.conftest import OpenScene, Scene
from tests.support.scripted_model import Hold, calls, says
from tests.support.waiting import PATIENCE, eventually

SPEECH = "One two three four five six seven eight nine ten, and that is all there is to count."


def spoken(lines: list[str]) -> str:
    """The words in lines of a stream."""
    bodies: list[Any] = [orjson.loads(line[6:]) for line in lines if line.startswith("data: {")]
    return "".join(choice["delta"].get("content") or "" for body in bodies for choice in body["choices"])


def test_a_dropped_stream_goes_on_where_it_broke_off(open_scene: OpenScene) -> None:
    held = Hold(says(SPEECH), after=4)
    scene = open_scene(held)
    body = {"model": "openclaw", "messages": [{"role": "user", "content": "Count"}], "stream": True}
    key = {"idempotency-key": "count-1"}
    heard: list[str] = []
    mark = ""
    with scene.client.stream("POST", "/v1/chat/completions", json=body, headers=key) as answer:
        for line in answer.iter_lines():
            heard.append(line)
            if line.startswith("id: "):
                mark = line[4:]
            if not line and mark and spoken(heard):
                break  # the client is gone in the middle of a word
    assert held.reached.wait(PATIENCE) and spoken(heard) != SPEECH
    held.gate.set()
    told = scene.client.post("/v1/chat/completions", json=body, headers={**key, "last-event-id": mark})
    assert told.status_code == 200 and told.text.endswith("data: [DONE]\n\n")
    assert spoken(heard) + spoken(told.text.splitlines()) == SPEECH
    again = scene.client.post("/v1/chat/completions", json=body, headers=key)
    assert spoken(again.text.splitlines()) == SPEECH and len(scene.model.asked) == 1


def test_a_background_answer_is_known_after_a_kill(open_scene: OpenScene) -> None:
    held = Hold(says(SPEECH), after=4)
    scene = open_scene(says("At once."), held)
    done = scene.client.post("/v1/responses", json={"model": "openclaw", "input": "Hi", "background": True}).json()

    def look(name: str) -> Any:
        answer = scene.client.get(f"/v1/responses/{name}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    eventually(lambda: look(done["id"])["status"] == "completed", "the first to end")
    cut = scene.client.post("/v1/responses", json={"model": "openclaw", "input": "Count", "background": True}).json()
    assert held.reached.wait(PATIENCE)
    scene.gateway.kill()
    held.gate.set()
    scene.gateway.start()
    assert look(done["id"])["output"][-1]["content"][0]["text"] == "At once."
    eventually(lambda: look(cut["id"])["status"] not in ("queued", "in_progress"), "the second to be known as over")
    told = look(cut["id"])  # its turn had done nothing that cannot be done again: it was taken up
    assert told["status"] == "completed" and told["output"][-1]["content"][0]["text"].endswith(SPEECH), told
    assert told["output"][-1]["content"][0]["text"] == SPEECH and len(told["output"]) == 1, (
        "what broke off is no part of it"
    )


def sdk_of(scene: Scene) -> openai.OpenAI:
    key = scene.gateway.headers["authorization"].removeprefix("Bearer ")
    return openai.OpenAI(base_url=f"{scene.gateway.base_url}/v1", api_key=key, max_retries=0, timeout=PATIENCE)


def begun(scene: Scene, **more: Any) -> list[Any]:
    """The first events of a stream of `/v1/responses`, up to the first words; then the client is gone."""
    heard: list[Any] = []
    with sdk_of(scene) as sdk, sdk.responses.create(model="openclaw", input="Count", stream=True, **more) as stream:
        for event in stream:
            heard.append(event)
            if event.type == "response.output_text.delta":
                break
    return heard


def frames(text: str) -> list[tuple[str, Any]]:
    """The ids and bodies of the server-sent events in a text, which must end as streams of agents do."""
    blocks = text.split("\n\n")
    assert blocks[-2:] == ["data: [DONE]", ""], text[-200:]
    found = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks[:-2] if block[0] != ":"]
    return [(each["id"], orjson.loads(each["data"])) for each in found]


def test_a_streamed_response_goes_on_where_it_broke_off(open_scene: OpenScene) -> None:
    held = Hold(says(SPEECH), after=4)
    scene = open_scene(held)
    heard = begun(scene)
    response_id, last = heard[0].response.id, heard[-1].sequence_number
    assert held.reached.wait(PATIENCE)
    assert scene.client.get(f"/v1/responses/{response_id}").json()["status"] == "in_progress"
    held.gate.set()
    with sdk_of(scene) as sdk:
        rest = list(sdk.responses.retrieve(response_id, stream=True, starting_after=last))
        assert sdk.responses.retrieve(response_id).output_text == SPEECH
    told = [*heard, *rest]
    assert [event.sequence_number for event in told] == list(range(len(told)))
    assert "".join(event.delta for event in told if event.type == "response.output_text.delta") == SPEECH
    assert rest[-1].type == "response.completed" and rest[-1].response.output_text == SPEECH
    path, mark = f"/v1/responses/{response_id}?stream=true", f"{response_id}:{last}"
    body = {"model": "openclaw", "input": "Count", "stream": True}
    ways = [
        scene.client.get(f"{path}&starting_after={last}"),
        scene.client.get(path, headers={"last-event-id": mark}),
        scene.client.get(path, headers={"last-event-id": str(last)}),
        scene.client.post("/v1/responses", json=body, headers={"last-event-id": mark}),
    ]
    for way in ways:
        assert way.status_code == 200, way.text
        assert [name for name, _ in frames(way.text)] == [f"{response_id}:{event.sequence_number}" for event in rest]
        assert way.text == ways[0].text
    whole = [body for _, body in frames(scene.client.get(path).text)]
    assert [each["sequence_number"] for each in whole] == list(range(len(told)))
    assert whole[: len(heard)] == [event.to_dict() for event in heard]
    assert len(scene.model.asked) == 1


def test_a_stream_that_was_heard_to_its_end_can_be_told_again(open_scene: OpenScene) -> None:
    scene = open_scene(calls(("ls", {"path": "."}), text="Let me see."), says("Nothing."))
    body = {"model": "openclaw", "input": "What is there?", "stream": True}
    first = scene.client.post("/v1/responses", json=body).text
    response_id = frames(first)[0][1]["response"]["id"]
    assert scene.client.get(f"/v1/responses/{response_id}?stream=true").text == first
    background = scene.client.post("/v1/responses", json={**body, "background": True}).text
    named = frames(background)[0][1]["response"]["id"]
    assert scene.client.get(f"/v1/responses/{named}?stream=true").text == background
    told = scene.client.post("/v1/responses", json=body, headers={"last-event-id": f"{named}:2"}).text
    assert frames(told) == frames(background)[3:]


@pytest.mark.parametrize("mark", ["5", "resp_nobodys:1", "nonsense", "resp_x:-1"])
def test_a_stream_that_nobody_knows_is_not_begun_anew(open_scene: OpenScene, mark: str) -> None:
    scene = open_scene(says("Hi."))
    body = {"model": "openclaw", "input": "Hi", "stream": True}
    told = scene.client.post("/v1/responses", json=body, headers={"last-event-id": mark})
    assert told.status_code == 404 and scene.model.asked == [], told.text
    first = scene.client.post("/v1/responses", json={**body, "store": False}).text
    name = frames(first)[0][1]["response"]["id"]
    assert scene.client.get(f"/v1/responses/{name}?stream=true").status_code == 404
    assert scene.client.get("/v1/responses/resp_x?stream=true&starting_after=x").status_code == 400


def test_a_run_whose_client_does_not_come_back_is_stopped(open_scene: OpenScene) -> None:
    held = Hold(says(SPEECH), after=4)
    scene = open_scene(held, gateway={"http": {"endpoints": {"responses": {"resumeSeconds": 0}}}})
    name = begun(scene)[0].response.id
    eventually(lambda: scene.client.get(f"/v1/responses/{name}").json()["status"] == "failed", "the run to be stopped")
    held.gate.set()
    told = frames(scene.client.get(f"/v1/responses/{name}?stream=true").text)
    assert told[-1][1]["type"] == "response.failed"
    kept = begun(scene, extra_headers={"idempotency-key": "mine"})[0].response.id
    eventually(lambda: scene.client.get(f"/v1/responses/{kept}").json()["status"] == "completed", "the other to end")


def test_a_streamed_response_can_be_cancelled_and_deleted(open_scene: OpenScene) -> None:
    held = [Hold(says(SPEECH), after=4) for _ in range(2)]
    scene = open_scene(*held)
    name = begun(scene)[0].response.id
    assert scene.client.post(f"/v1/responses/{name}/cancel").json()["status"] == "cancelled"
    assert scene.client.post(f"/v1/responses/{name}/cancel").status_code == 400, (
        "it has ended, and was none of the background"
    )
    other = begun(scene)[0].response.id
    assert scene.client.delete(f"/v1/responses/{other}").json()["deleted"] is True
    assert scene.client.get(f"/v1/responses/{other}?stream=true").status_code == 404
    for each in held:
        each.gate.set()
    eventually(lambda: scene.data("GET", "/system/status")["resources"]["queueDepth"] == 0, "nothing to wait")


def output(bodies: Sequence[Any]) -> str:
    """The words of the answer that a stream ends with."""
    assert bodies[-1]["type"] == "response.completed", bodies[-1]
    return "".join(part["text"] for item in bodies[-1]["response"]["output"] for part in item["content"])


def test_after_a_kill_the_stream_goes_on_and_what_broke_off_is_no_part_of_the_answer(open_scene: OpenScene) -> None:
    held = Hold(says(SPEECH), after=4)
    scene = open_scene(held)
    heard = begun(scene)
    response_id, last = heard[0].response.id, heard[-1].sequence_number
    assert held.reached.wait(PATIENCE)
    scene.gateway.kill()
    held.gate.set()
    scene.gateway.start()
    path = f"/v1/responses/{response_id}?stream=true"
    rest = [body for _, body in frames(scene.client.get(f"{path}&starting_after={last}").text)]
    assert [body["sequence_number"] for body in rest] == list(range(last + 1, last + 1 + len(rest)))
    assert output(rest) == SPEECH
    items = [body["item"] for body in rest if body["type"] == "response.output_item.done"]
    assert [item["status"] for item in items] == ["incomplete", "completed"]
    assert SPEECH.startswith(items[0]["content"][0]["text"]) and items[1]["content"][0]["text"] == SPEECH
    whole = [body for _, body in frames(scene.client.get(path).text)]
    assert whole[: len(heard)] == [event.to_dict() for event in heard] and whole[last + 1 :] == rest
    kept = scene.client.get(f"/v1/responses/{response_id}").json()
    assert kept["status"] == "completed" and kept == whole[-1]["response"]


def test_after_a_kill_a_chat_is_told_the_answer_alone(open_scene: OpenScene) -> None:
    held = Hold(says(SPEECH), after=4)
    scene = open_scene(calls(("ls", {"path": "."}), text="Let me see."), held)
    body = {"model": "openclaw", "messages": [{"role": "user", "content": "Count"}], "stream": True}
    key = {"idempotency-key": "count-1"}
    heard, mark = [""], ""
    with scene.client.stream("POST", "/v1/chat/completions", json=body, headers=key) as answer:
        for line in answer.iter_lines():
            heard.append(line)
            mark = line[4:] if line.startswith("id: ") else mark
            if not line and "One" in spoken(heard):
                break
    assert held.reached.wait(PATIENCE)
    scene.gateway.kill()
    held.gate.set()
    scene.gateway.start()
    again = scene.client.post("/v1/chat/completions", json=body, headers=key)
    assert spoken(again.text.splitlines()) == f"Let me see.\n\n{SPEECH}"
    whole = scene.client.post("/v1/chat/completions", json={**body, "stream": False}, headers=key).json()
    assert whole["choices"][0]["message"]["content"] == f"Let me see.\n\n{SPEECH}"
    rest = scene.client.post("/v1/chat/completions", json=body, headers={**key, "last-event-id": mark})
    assert spoken(rest.text.splitlines()) == f"\n\n{SPEECH}", "who has heard some of it hears where it begins anew"
