"""What a real gateway answered, beside what this one answers to the same requests: statuses, fixed words and shapes.

Where this one does better on purpose (`BETTER`), the difference is named.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.api.gateway.conftest import HOOK_TOKEN
from tests.support.server import TOKEN, Gateway
from tests.support.waiting import PATIENCE

SHARED = Path(os.environ.get("CRAWDAD_SHARED", Path(__file__).resolve().parents[4] / "shared"))
FOLDER = SHARED / "contracts/traces/openclaw-2026.2.26/http"
RECORDED = sorted(FOLDER.glob("*.json")) if FOLDER.is_dir() else []

_OF_OTHERS = ("get_", "get-auth_", "emb")
"""Health, models and panels have tests of their own."""
BETTER = {
    "cc-agent-unknown": "an unknown agent is a 404 and gets no state",
    "cc-model-unknown": "an unknown model is a 404 that names near ones",
    "cc-tools": "the client's tools are offered",
    "cc-err-upstream429": "a failure has its own status",
    "cc-err-upstream500": "a failure has its own status",
    "resp-err-upstream500": "a failure has its own status",
    "resp-tools": "the flat form of tools is taken as well",
    "resp-get": "stored responses can be read",
    "resp-get-id": "stored responses can be read",
    "tools-sessions_list": "the tool is another part's",
    "tools-action": "the tool is another part's",
    "tools-session_status": "the tool is another part's",
    "tools-agents_list": "the tool is another part's",
    "tools-badargs": "the tool is another part's",
}


def name_of(path: Path) -> str:
    return path.stem.partition("-")[2]


def compared() -> list[Path]:
    named = [(path, name_of(path)) for path in RECORDED]
    return [path for path, name in named if not name.startswith(_OF_OTHERS) and name not in BETTER]


def replay(gateway: Gateway, request: dict[str, Any]) -> httpx.Response:
    known = {"harness-token": TOKEN, "hook-token": HOOK_TOKEN}
    headers = {}
    for name, value in request["headers"].items():
        for old, new in known.items():
            value = new if value == old else value.replace(f"Bearer {old}", f"Bearer {new}")
        headers[name] = value
    body = request["body"]
    content = None if body is None else body.encode() if isinstance(body, str) else orjson.dumps(body)
    path = request["path"].replace("hook-token", HOOK_TOKEN)
    return httpx.request(request["method"], gateway.base_url + path, headers=headers, content=content, timeout=PATIENCE)


def missing(recorded: Any, told: Any, path: str = "") -> list[str]:
    """What the recording has and the answer has not. Texts may differ; types may not."""
    if isinstance(recorded, dict):
        if not isinstance(told, dict):
            return [path]
        return [gap for key in recorded for gap in missing(recorded[key], told.get(key), f"{path}.{key}")]
    if isinstance(recorded, list):
        if not isinstance(told, list) or len(told) < len(recorded):
            return [path]
        return [gap for number, each in enumerate(recorded) for gap in missing(each, told[number], f"{path}[{number}]")]
    return [] if recorded is None or type(recorded) is type(told) else [path]


def frames(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        data = lines["data"]
        found.append((lines.get("event", ""), None if data == "[DONE]" else orjson.loads(data)))
    return found


@pytest.mark.skipif(not RECORDED, reason="the recordings are not here (../shared/contracts/traces)")
@pytest.mark.parametrize("path", compared(), ids=name_of)
def test_the_answer_has_the_recorded_shape(gateway: Gateway, path: Path) -> None:
    recording = orjson.loads(path.read_bytes())
    wanted = recording["response"]
    told = replay(gateway, recording["request"])
    assert told.status_code == wanted["status"], told.text
    recorded_headers = dict(wanted["headers"])
    assert told.headers["content-type"].split(";")[0] == recorded_headers["content-type"].split(";")[0]
    assert told.headers.get("allow") == recorded_headers.get("allow")
    if "text" in wanted:
        assert told.text == wanted["text"]
    elif "sse" in wanted:
        recorded, given = frames(wanted["sse"]), frames(told.text)
        names = [name for name, _ in recorded if "delta" not in name]
        assert [name for name, _ in given if "delta" not in name][: len(names)] == names or not any(names)
        assert missing(recorded[0][1], given[0][1] | {"response": given[0][1].get("response")}) in (
            [],
            [".response.usage"],
        )
        assert given[-1][1] is None and recorded[-1][1] is None
    else:
        assert missing(wanted["json"], told.json()) == []
        error = wanted["json"].get("error")
        if isinstance(error, dict):
            assert told.json()["error"]["type"] == error["type"]


@pytest.mark.skipif(not RECORDED, reason="the recordings are not here (../shared/contracts/traces)")
def test_every_difference_is_named_for_a_recording() -> None:
    assert set(BETTER) <= {name_of(path) for path in RECORDED}
