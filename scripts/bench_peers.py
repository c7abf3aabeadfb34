"""`make bench-peers`: Crawdad beside other gateways, on this machine, against the same static upstream.

The peers are installed into `.peers` (an environment and a `node_modules` of their own); they are no dependencies.
Use the ratios within one run. A peer that cannot be installed or started is named and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import measure
from measuring import TOKEN, crawdad, free_port, print_table, program, wait_until_answering

from crawdad.app.load import Load

PEERS = Path(__file__).parents[1] / ".peers"
_COLUMNS = ("gateway", "clients", "requests/s", "median ms", "99% ms", "first byte ms", "CPU µs/request", "failed")


class Peer(NamedTuple):
    """Another gateway: how to install it, how to start it on a port before an upstream, how to speak to it."""

    name: str
    install: Callable[[], None]
    command: Callable[[int, str, Path], Sequence[str]]
    health: str
    model: str = "static"
    headers: Callable[[str], dict[str, str]] = lambda upstream: {}


def _pip(*packages: str) -> Callable[[], None]:
    def install() -> None:
        python = PEERS / "python" / "bin" / "python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(PEERS / "python")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=True)

    return install


def _npm(package: str) -> Callable[[], None]:
    def install() -> None:
        PEERS.mkdir(exist_ok=True)
        command = ["npm", "install", "--prefix", str(PEERS), "--no-audit", "--no-fund", "--ignore-scripts", package]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    return install


def _sglang(port: int, upstream: str, home: Path) -> Sequence[str]:
    python = str(PEERS / "python" / "bin" / "python")
    where = ["--host", "127.0.0.1", "--port", str(port), "--prometheus-port", str(free_port())]
    return [python, "-m", "sglang_router.launch_router", "--backend", "openai", "--worker-urls", upstream, *where]


def _litellm(port: int, upstream: str, home: Path) -> Sequence[str]:
    parameters = {"model": "openai/static", "api_base": f"{upstream}/v1", "api_key": "any"}
    configuration = home / "litellm.json"  # JSON is YAML
    models = [{"model_name": "static", "litellm_params": parameters}]
    configuration.write_text(json.dumps({"model_list": models}), encoding="utf-8")
    program = str(PEERS / "python" / "bin" / "litellm")
    return [program, "--config", str(configuration), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]


def _portkey(port: int, upstream: str, home: Path) -> Sequence[str]:
    script = PEERS / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    return ["node", str(script), f"--port={port}", "--headless"]


def _portkey_headers(upstream: str) -> dict[str, str]:
    return {"x-portkey-provider": "openai", "x-portkey-custom-host": f"{upstream}/v1"}


ALL = (
    Peer("SGLang Model Gateway", _pip("sglang-router==0.3.2"), _sglang, "/health"),
    Peer("Portkey", _npm("@portkey-ai/gateway@1.15.2"), _portkey, "/", headers=_portkey_headers),
    Peer("LiteLLM, one worker", _pip("litellm[proxy]==1.106.2"), _litellm, "/health/liveliness"),
)


def _rows(name: str, load_of: Callable[[bool], Load], requests: int, pid: int) -> list[tuple[object, ...]]:
    rows = []
    for stream in (False, True):
        label = f"{name}, streamed" if stream else name
        for clients in (1, 32):
            rows.append(measure(label, load_of(stream), clients, requests, pid))
    return rows


def measure_peer(peer: Peer, upstream: str, home: Path, requests: int) -> list[tuple[object, ...]]:
    """Install, start and measure one peer."""
    peer.install()
    port = free_port()
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": TOKEN}
    environment.pop("PYTHONPATH", None)
    with program(peer.command(port, upstream, home), home / "peer.log", environment) as process:
        try:
            wait_until_answering(process, port, peer.health)
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{(home / 'peer.log').read_text(errors='replace')[-2000:]}") from error
        url, headers = f"http://127.0.0.1:{port}", peer.headers(upstream)
        load_of = lambda stream: Load(url, TOKEN, peer.model, stream=stream, headers=headers)  # noqa: E731
        return _rows(peer.name, load_of, requests, process.pid)


def main() -> int:
    """Measure everybody and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--only", help="a part of a peer's name")
    options = parser.parse_args()
    upstream_port, port = free_port(), free_port()
    upstream, url = f"http://127.0.0.1:{upstream_port}", f"http://127.0.0.1:{port}"
    provider = {"baseUrl": f"{upstream}/v1", "apiKey": "any", "models": [{"id": "static", "name": "static"}]}
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        command = [sys.executable, str(Path(__file__).with_name("static_upstream.py")), str(upstream_port)]
        with program(command, home / "upstream.log", os.environ) as process:
            wait_until_answering(process, upstream_port, "/v1/models")
            rows += _rows(
                "direct", lambda stream: Load(upstream, "", "static", stream=stream), options.requests, process.pid
            )
            with crawdad(home / "crawdad", port, {"models": {"providers": {"bench": provider}}}) as ours:
                wait_until_answering(ours, port, "/readyz")
                load_of = lambda stream: Load(url, TOKEN, "bench/static", stream=stream)  # noqa: E731
                rows += _rows("Crawdad", load_of, options.requests, ours.pid)
            for peer in ALL:
                if options.only and options.only.lower() not in peer.name.lower():
                    continue
                try:
                    rows += measure_peer(peer, upstream, home, options.requests)
                except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                    print(f"{peer.name} is left out: {error}", file=sys.stderr)
    print_table(_COLUMNS, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
