"""Other gateways to compare with: each a handful of data. They live in an environment of their own and are never needed.

`make bench-peers` installs them by name and exact version into `$CRAWDAD_BENCH_DIR` (`~/.cache/crawdad-bench`). Their
configurations leave out logging and limits where they have a switch for it: they are shown at their best.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from string import Template
from typing import Any

from crawdad.app.bench.gateway import Target
from crawdad.app.bench.plan import Bench, rate_of
from crawdad.app.bench.processes import BenchError, Server, ask, free_port
from crawdad.app.bench.table import Row

_INSTALL_SECONDS = 900.0
_START_SECONDS = 120.0
_CONNECTIONS = 32
_STREAMS = 64
_KEY = "sk-bench"
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Peer:
    """How to install, start and ask another gateway.

    In `install`, `start`, `files` and `environment`, `$folder` is where it is installed, `$work` a scratch folder, `$port`
    where it is to listen, `$metrics` another free port, `$upstream` the static upstream's port, `$stream` the name of the
    paced model. `proof` is a file below the folder that exists once it is installed; without `install` it is a program
    that must be on the PATH. `speaks` is the protocol it is asked in. `goal` is the ratio that Crawdad wants to reach.
    """

    name: str
    start: tuple[str, ...]
    proof: str
    install: tuple[tuple[str, ...], ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    speaks: str = "chat"
    model_prefix: str = ""
    goal: float | None = None


def _python(package: str) -> tuple[tuple[str, ...], ...]:
    return (sys.executable, "-m", "venv", "$folder"), ("$folder/bin/pip", "install", "--quiet", package)


def _node(package: str) -> tuple[tuple[str, ...], ...]:
    return (("npm", "install", "--prefix", "$folder", "--ignore-scripts", "--no-audit", "--no-fund", package),)


PEERS = (
    Peer(
        "nginx",
        start=("nginx", "-e", "stderr", "-c", "$work/nginx.conf"),
        proof="nginx",
        files={
            "nginx.conf": """daemon off; worker_processes 1; pid $work/nginx.pid; error_log stderr;
events { worker_connections 4096; }
http {
  access_log off; client_max_body_size 100m; client_body_temp_path $work; proxy_temp_path $work;
  fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
  upstream static { server 127.0.0.1:$upstream; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:$port; keepalive_requests 1000000;
    location / { proxy_pass http://static; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}
"""
        },
    ),
    Peer(
        "SGLang gateway 0.3.2",
        install=_python("sglang-router==0.3.2"),
        start=(
            *("$folder/bin/python", "-m", "sglang_router.launch_router", "--host", "127.0.0.1", "--port", "$port"),
            *("--worker-urls", "http://127.0.0.1:$upstream", "--policy", "round_robin", "--log-level", "error"),
            *("--prometheus-host", "127.0.0.1", "--prometheus-port", "$metrics", "--disable-health-check"),
        ),
        proof="bin/python",
        goal=0.4,
    ),
    Peer(
        "Portkey 1.15.2",
        install=_node("@portkey-ai/gateway@1.15.2"),
        start=("node", "$folder/node_modules/@portkey-ai/gateway/build/start-server.js", "--port=$port", "--headless"),
        proof="node_modules/@portkey-ai/gateway/build/start-server.js",
        headers={
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": "http://127.0.0.1:$upstream/v1",
            "Authorization": f"Bearer {_KEY}",
        },
        goal=2.0,
    ),
    Peer(
        "claude-code-router 2.0.0",
        install=_node("@musistudio/claude-code-router@2.0.0"),
        start=("node", "$folder/node_modules/@musistudio/claude-code-router/dist/cli.js", "start"),
        proof="node_modules/@musistudio/claude-code-router/dist/cli.js",
        files={
            ".claude-code-router/config.json": """{"PORT": $port, "HOST": "127.0.0.1", "APIKEY": "sk-bench", "LOG": false,
"NON_INTERACTIVE_MODE": true, "Router": {"default": "static,whole"}, "Providers": [{"name": "static",
"api_base_url": "http://127.0.0.1:$upstream/v1/chat/completions", "api_key": "sk-x", "models": ["whole", "$stream"]}]}
"""
        },
        environment={"HOME": "$work"},
        headers={"Authorization": f"Bearer {_KEY}"},
        speaks="messages",
        model_prefix="static,",
    ),
    Peer(
        "LiteLLM 1.106.0",
        install=_python("litellm[proxy]==1.106.0"),
        start=("$folder/bin/litellm", "--config", "$work/litellm.yaml", "--host", "127.0.0.1", "--port", "$port"),
        proof="bin/litellm",
        files={
            "litellm.yaml": """model_list:
  - model_name: whole
    litellm_params: {model: openai/whole, api_base: "http://127.0.0.1:$upstream/v1", api_key: sk-x}
  - model_name: $stream
    litellm_params: {model: openai/$stream, api_base: "http://127.0.0.1:$upstream/v1", api_key: sk-x}
general_settings: {master_key: sk-bench}
"""
        },
        environment={"LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        headers={"Authorization": f"Bearer {_KEY}"},
        goal=40.0,
    ),
)
"""Releases with known compromises are avoided: change a version only for one that has been looked at."""


def folder_of(peer: Peer) -> Path:
    """Where a peer is, or would be, installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crawdad-bench"
    return Path(os.environ.get("CRAWDAD_BENCH_DIR") or cache) / peer.name.replace(" ", "-").lower()


def installed(peer: Peer) -> bool:
    """Whether the peer can be started."""
    return (folder_of(peer) / peer.proof).exists() if peer.install else shutil.which(peer.proof) is not None


def install(say: Callable[[str], None]) -> bool:
    """Install the peers that are missing; whether all are there. One that fails does not stop the others."""
    complete = True
    for peer in PEERS:
        if not installed(peer):
            problem = _install(peer) if peer.install else f"install the program {peer.proof} with your system's means"
            complete = complete and not problem
            say(f"{peer.name}: {problem or 'installed'}")
        else:
            say(f"{peer.name}: is there")
    return complete


def _install(peer: Peer) -> str:
    """Install one peer; what went wrong."""
    folder = folder_of(peer)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for command in peer.install:
            argv = [Template(word).substitute(folder=folder) for word in command]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False)
            if done.returncode:
                shutil.rmtree(folder)
                return f"not installed: {done.stderr.strip()[-400:]}"
    except (OSError, subprocess.TimeoutExpired) as error:
        shutil.rmtree(folder)
        return f"not installed: {error}"
    return ""


@contextlib.contextmanager
def running(peer: Peer, bench: Bench) -> Iterator[tuple[Server, Target]]:
    """Start a peer and wait until it answers a request. Raises `BenchError`."""
    port, work = free_port(), bench.folder / f"peer-{peer.name.replace(' ', '-')}"
    values: dict[str, Any] = {
        "folder": folder_of(peer),
        "work": work,
        "port": port,
        "metrics": free_port(),
        "upstream": bench.upstream_port,
        "stream": bench.plan.models[1],
    }

    def filled(text: str) -> str:
        return Template(text).substitute(values)

    work.mkdir()
    for name, text in peer.files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(filled(text))
    headers = {name: filled(value) for name, value in peer.headers.items()}
    target = Target(peer.name, port, headers, peer.model_prefix)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {name: filled(value) for name, value in peer.environment.items()}
    with Server([filled(word) for word in peer.start], env, work / "output.log", bench.cores.tested) as server:
        _wait_until_answering(server, target, peer, bench.plan.models[0])
        yield server, target


def _asked(target: Target, speaks: str, model: str, stream: bool = False) -> tuple[str, dict[str, Any]]:
    """The path and body of a request in the protocol that the target speaks."""
    if speaks == "messages":
        return target.messages_path or "", target.messages(model, stream)
    return target.chat_path, target.chat(model, stream=stream)


def _wait_until_answering(server: Server, target: Target, peer: Peer, model: str) -> None:
    path, body = _asked(target, peer.speaks, model)
    while time.monotonic() < server.started_at + _START_SECONDS:
        if server.process.poll() is not None:
            raise BenchError(f"it ended with {server.process.returncode}: {server.tail()}")
        with contextlib.suppress(OSError, HTTPException):
            if ask(target.port, path, body, target.headers).status == 200:
                return
        time.sleep(0.05)
    raise BenchError(f"it answered no request within {_START_SECONDS:.0f} s: {server.tail()}")


@dataclass(frozen=True)
class Figures:
    """What is compared: requests a second, milliseconds, megabytes. What could not be measured is NaN, `trouble` says why."""

    requests: float
    added: float
    first_event: float
    relay_p99: float
    megabytes: float
    trouble: str = ""

    def __str__(self) -> str:
        streams = f"; {_STREAMS} streams: first event {self.first_event:.1f} ms, relay p99 {self.relay_p99:.1f} ms"
        return (
            f"{self.requests:,.0f} requests/s, {self.added:+.2f} ms at c=1{streams if self.first_event >= 0 else ''}; "
            f"{self.megabytes:.0f} MB{self.trouble}"
        )

    @property
    def data(self) -> dict[str, float]:
        """The numbers that are numbers."""
        return {name: value for name, value in vars(self).items() if isinstance(value, float) and value == value}


def _figures(bench: Bench, server: Server, target: Target, speaks: str) -> Figures:
    path, body = _asked(target, speaks, bench.plan.models[0])
    bench.requests(target, body, _CONNECTIONS, path, seconds=bench.plan.peer_warmup_seconds)
    many = bench.requests(target, body, _CONNECTIONS, path, server=server)
    one = bench.requests(target, body, 1, path).found["latency"]
    direct = bench.requests(bench.direct, bench.direct.chat(bench.plan.models[0]), 1).found["latency"]
    path, body = _asked(target, speaks, bench.plan.models[1], stream=True)
    try:
        found = bench.streams(target, body, _STREAMS, path, server).found
    except BenchError as error:
        found = {"lost": 0, "errors": 0, "trouble": f"; streams failed: {' '.join(str(error).split())[:160]}"}
    trouble = found.get("trouble", "")
    trouble += f"; {found['lost']} events lost" if found["lost"] else ""
    trouble += f"; {many.found['errors']} errors" if many.found["errors"] else ""
    return Figures(
        rate_of(many),
        one.get("p50", math.nan) - direct["p50"],
        found.get("first_relay", {}).get("p50", math.nan),
        found.get("relay", {}).get("p99", math.nan),
        sum(server.memory()) / _MEGABYTE,
        trouble,
    )


def compare(bench: Bench) -> Iterator[Row]:
    """Crawdad and every installed peer, one after the other on the same core against the same upstream."""
    ours: Figures | None = None
    if bench.shared is not None:
        ours = _figures(bench, bench.shared.server, bench.shared.target, "chat")
        yield Row(f"Crawdad, c={_CONNECTIONS}", str(ours), data=ours.data)
    for peer in PEERS:
        if not installed(peer):
            continue
        try:
            with running(peer, bench) as (server, target):
                theirs = _figures(bench, server, target, peer.speaks)
        except BenchError as error:
            yield Row(peer.name, f"not measured: {error}")
            continue
        yield _peer_row(peer, theirs, ours)


def _peer_row(peer: Peer, theirs: Figures, ours: Figures | None) -> Row:
    if ours is None:
        return Row(peer.name, str(theirs), data=theirs.data)
    ratio, sooner = ours.requests / theirs.requests, ours.first_event - theirs.first_event
    first_event = "" if math.isnan(sooner) else f" and {sooner:+.1f} ms to the first event"
    return Row(
        peer.name,
        str(theirs),
        f"Crawdad ≥ {peer.goal:g}× on requests" if peer.goal else "",
        ratio >= peer.goal if peer.goal else None,
        f"Crawdad has {ratio:.2f}× its requests/s{first_event}",
        {**theirs.data, "crawdad_ratio": ratio},
    )
