"""A gateway whose agents ask a scripted model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.scripted_model import NAME, ScriptedModel
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

HOOK_TOKEN = "hook-token-0123456789abcdef"


class Scene:
    """The gateway and its model. `client` holds every right."""

    def __init__(self, gateway: Gateway, model: ScriptedModel) -> None:
        self.gateway = gateway
        self.model = model
        self.client = httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE)

    @property
    def workspace(self) -> Path:
        """Where the agent works."""
        return Path(self.gateway.home) / "workspace"

    def chat(self, text: str, **more: Any) -> Any:
        """One turn by OpenAI's chat protocol."""
        body = {"model": "openclaw", "messages": [{"role": "user", "content": text}], **more}
        answer = self.client.post("/v1/chat/completions", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def data(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """What `/api/v1` answers."""
        answer = self.client.request(method, f"/api/v1{path}", **more)
        assert answer.status_code == status, answer.text
        return answer.json()["data"]

    def history(self, key: str) -> list[Any]:
        """What was said in a session, oldest first."""
        found: list[Any] = self.data("GET", f"/sessions/{key}/messages")["messages"]
        return found


OpenScene = Callable[..., Scene]


@pytest.fixture
def open_scene() -> Iterator[OpenScene]:
    """Opens a scene with the script of its model and more settings."""
    with ExitStack() as stack:

        def opened(*script: Any, more_providers: Mapping[str, Any] | None = None, **more: Any) -> Scene:
            model = stack.enter_context(ScriptedModel(*script))
            agents = {"defaults": {"model": f"{NAME}/model"}}
            wanted = settings({NAME: model.provider(), **(more_providers or {})}) | {"agents": agents, **more}
            gateway = stack.enter_context(running_gateway(wanted))
            scene = Scene(gateway, model)
            stack.callback(scene.client.close)
            return scene

        yield opened
