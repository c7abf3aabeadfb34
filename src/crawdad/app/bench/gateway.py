"""The gateway under test: Crawdad as users start it, with the static upstream as its only provider and everything on."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import orjson

from crawdad.app.bench.processes import BenchError, Cores, Server, ask, free_port, module_environment

TOKEN = "cd-bench-token-0123456789abcdef"
UP = (sys.executable, "-m", "crawdad.app", "up")
_READY_SECONDS = 60.0


@dataclass(frozen=True)
class Target:
    """Where the load generator sends requests: the gateway, a peer, or the upstream itself."""

    name: str
    port: int
    headers: dict[str, str]
    model_prefix: str = ""
    chat_path: str = "/v1/chat/completions"
    messages_path: str | None = "/v1/messages"

    def chat(self, model: str, content: str = "Say hello.", stream: bool = False) -> dict[str, Any]:
        """The body of a small chat request."""
        body: dict[str, Any] = {"model": self.model_prefix + model, "stream": stream}
        body["messages"] = [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": content},
        ]
        if stream:
            body["stream_options"] = {"include_usage": True}
        return body

    def messages(self, model: str, stream: bool = False) -> dict[str, Any]:
        """The body of a small messages request."""
        return {
            "model": self.model_prefix + model,
            "max_tokens": 1024,
            "stream": stream,
            "system": "You are a helpful assistant.",
            "messages": [{"role": "user", "content": "Say hello."}],
        }


def write_configuration(home: Path, upstream_port: int, models: Sequence[str]) -> None:
    """The configuration of a gateway whose one provider is the static upstream, reached through an alias."""
    provider = {
        "baseUrl": f"http://127.0.0.1:{upstream_port}/v1",
        "apiKey": "sk-bench-upstream",
        "api": "openai-completions",
        "discover": False,
        "models": [{"id": model, "name": model} for model in models],
    }
    aliases = {f"bench-{model}": f"static/{model}" for model in models}
    config = {"models": {"providers": {"static": provider}, "aliases": aliases, "discoverLocal": False}}
    home.mkdir(parents=True, exist_ok=True)
    (home / "openclaw.json").write_bytes(orjson.dumps(config, option=orjson.OPT_INDENT_2))


@dataclass
class RunningGateway:
    """A started gateway, and how long it took until the first request was answered."""

    server: Server
    target: Target
    start_seconds: float


@contextlib.contextmanager
def gateway(home: Path, cores: Cores, model: str, command: Sequence[str] = UP) -> Iterator[RunningGateway]:
    """Start the gateway in a prepared home and ask it until it answers. Raises `BenchError`."""
    port = free_port()
    env = module_environment(CRAWDAD_PORT=str(port), CRAWDAD_TOKEN=TOKEN)
    target = Target("Crawdad", port, {"Authorization": f"Bearer {TOKEN}"}, "bench-")
    with Server([*command, "--home", str(home)], env, home.parent / f"{home.name}.log", cores.tested) as server:
        _first_answer(server, target, model)
        yield RunningGateway(server, target, time.monotonic() - server.started_at)


def _first_answer(server: Server, target: Target, model: str) -> None:
    last = ""
    while time.monotonic() < server.started_at + _READY_SECONDS:
        if server.process.poll() is not None:
            raise BenchError(f"it ended with {server.process.returncode}: {server.tail()}")
        with contextlib.suppress(OSError, HTTPException):
            answer = ask(target.port, target.chat_path, target.chat(model), target.headers)
            if answer.status == 200:
                return
            last = f"{answer.status} {answer.body[:300].decode(errors='replace')}"
        time.sleep(0.005)
    raise BenchError(f"no request was answered within {_READY_SECONDS:.0f} s: {last} {server.tail()}")
