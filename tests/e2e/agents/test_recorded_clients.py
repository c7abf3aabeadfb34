"""Requests as real clients send them, and those of recorded exchanges with a vendor, put to an agent: it answers each in words
that the vendor's own SDK understands, or says what of it an agent cannot do."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.e2e.agents.conftest import Scene
from tests.e2e.test_client_traces import REQUESTS, heard_by_sdk, post, speaks
from tests.support.goldens import SHARED, Golden, load
from tests.support.pdf import pdf_of
from tests.support.scripted_model import NAME, ScriptedModel, calls, says, system_text
from tests.support.sdk import JUDGES
from tests.support.server import running_gateway, settings
from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.stories import Turn
from tests.support.waiting import PATIENCE

recorded = pytest.mark.skipif(not (SHARED / "contracts").exists(), reason="../shared/contracts is not here")
DONE = "data: [DONE]\n\n"
RESPONSES = [golden for golden in load("openai-responses") if golden.ok and golden.path.endswith("/responses")]


def demanded(body: Any) -> bool:
    """Whether a request wants a tool called, come what may."""
    choice = body.get("tool_choice")
    return isinstance(choice, dict) or choice in ("required", "any")


def obedient(ask: Ask) -> Turn:
    """Calls a tool where that is demanded, the client's last one; else it answers in words."""
    if not demanded(ask.body):
        return says("PONG.")
    choice = ask.body["tool_choice"]
    name = choice["function"]["name"] if isinstance(choice, dict) else ask.body["tools"][-1]["function"]["name"]
    return calls((name, {}))


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """One for all: every request has a session of its own."""
    with ScriptedModel(says("PONG.")) as model:
        wanted = settings({NAME: model.provider()}) | {"agents": {"defaults": {"model": f"{NAME}/model"}}}
        with running_gateway(wanted) as gateway:
            found = Scene(gateway, model)
            with found.client:
                yield found


@recorded
@pytest.mark.parametrize("request_", REQUESTS)
def test_an_agent_answers_what_real_clients_send(scene: Scene, request_: dict[str, Any]) -> None:
    scene.model.then(obedient)
    with httpx.Client(timeout=PATIENCE) as client:
        answer = post(client, scene.gateway, request_, "openclaw")
    if speaks(request_) == "responses" and answer.text.endswith(DONE):  # the agents' contract ends these so as well
        answer = httpx.Response(200, headers=answer.headers, text=answer.text.removesuffix(DONE))
    told = str(heard_by_sdk(request_, answer))
    assert "PONG." in told or demanded(request_["body"])


@recorded
@pytest.mark.parametrize("golden", RESPONSES, ids=str)
def test_recorded_responses_traffic(scene: Scene, golden: Golden) -> None:
    scene.model.then(obedient)
    body = {**golden.request, "model": "openclaw"}
    answer = scene.client.post("/v1/responses", json=body)
    if answer.status_code == 400:
        assert answer.json()["error"]["type"] == "invalid_request_error" and answer.json()["error"]["message"]
        return
    assert answer.status_code == 200, answer.text
    judge = JUDGES["openai-responses"]
    stream = answer.content.removesuffix(DONE.encode())
    told = judge.streamed(stream) if body.get("stream") else judge.whole(answer.json())
    if body.get("background") and not body.get("stream"):
        assert told["status"] == "queued"
        return
    assert told["status"] == "completed", told
    if demanded(body):
        assert told["output"][-1]["type"] == "function_call"
    else:
        assert "PONG." in str(told["output"])


@recorded
def test_files_pictures_and_pdfs_by_openais_sdk(scene: Scene) -> None:
    scene.model.then(says("PONG."))
    scene.model.asked.clear()

    def data(media_type: str, content: bytes) -> str:
        return f"data:{media_type};base64,{base64.b64encode(content).decode()}"

    words = pdf_of(["The invoice is for 42 crowns. " * 12])
    picture = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
    content: Any = [
        {"type": "input_text", "text": "Look at these."},
        {"type": "input_file", "filename": "invoice.pdf", "file_data": data("application/pdf", words)},
        {"type": "input_file", "filename": "notes.csv", "file_data": data("text/csv", b"a,b\n1,2\n")},
        {"type": "input_image", "detail": "auto", "image_url": data("image/png", picture)},
    ]
    with openai.OpenAI(base_url=f"{scene.gateway.base_url}/v1", api_key=scene.gateway.token, max_retries=0) as client:
        told = client.responses.create(model="openclaw", input=[{"role": "user", "content": content}])
        assert told.output_text == "PONG."
        (asked,) = scene.model.asked
        system = system_text(asked)
        assert "42 crowns" in system and 'name="invoice.pdf"' in system and "a,b" in system and "untrusted" in system
        assert "image_url" in str(asked["messages"][-1]["content"]) and "Look at these." in str(asked["messages"][-1])
        broken: Any = [{**content[1], "file_data": data("application/pdf", b"%PDF-1.7 nothing")}]
        with pytest.raises(openai.BadRequestError, match="PDF"):
            client.responses.create(model="openclaw", input=[{"role": "user", "content": broken}])
        chat: Any = [
            {"type": "text", "text": "And this?"},
            {"type": "image_url", "image_url": {"url": data("image/png", picture)}},
            {"type": "file", "file": {"filename": "invoice.pdf", "file_data": data("application/pdf", words)}},
        ]
        said = client.chat.completions.create(model="openclaw", messages=[{"role": "user", "content": chat}])
        assert said.choices[0].message.content == "PONG." and "42 crowns" in system_text(scene.model.asked[-1])
