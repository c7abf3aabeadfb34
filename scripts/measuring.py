"""What the benchmark scripts share: a Crawdad of their own, other programs, and the table."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

TOKEN = f"sk-{secrets.token_hex(24)}"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def program(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`command` running in a process group of its own, its output in `log`; gone when the block ends."""
    with open(log, "wb") as output:
        process = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until_answering(process: subprocess.Popen[bytes], port: int, path: str, seconds: float = 120.0) -> float:
    """Seconds until `GET path` is answered with 200. Raises when the program ends or takes too long."""
    began = time.perf_counter()
    while process.poll() is None and time.perf_counter() - began < seconds:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError, http.client.HTTPException), closing(connection):
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return time.perf_counter() - began
        time.sleep(0.005)
    raise RuntimeError(f"no answer on port {port}; exit code {process.poll()}")


def tree(pid: int) -> list[psutil.Process]:
    """A process and its descendants."""
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def resident(pid: int) -> float:
    """Resident memory of a process tree, in MiB."""
    return float(sum(each.memory_info().rss for each in tree(pid))) / 1024**2


def processor_seconds(pid: int) -> float:
    """User and system time of a process tree."""
    return float(sum(each.cpu_times().user + each.cpu_times().system for each in tree(pid)))


@contextmanager
def crawdad(home: Path, port: int, configuration: Mapping[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """A Crawdad of our own."""
    home.mkdir(exist_ok=True, mode=0o700)
    (home / "openclaw.json").write_text(json.dumps(configuration), encoding="utf-8")
    chosen = {"CRAWDAD_HOME": str(home), "CRAWDAD_PORT": str(port), "CRAWDAD_TOKEN": TOKEN}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CRAWDAD_")} | chosen
    command = [sys.executable, "-P", "-m", "crawdad.app", "up"]
    with program(command, home / "output.log", environment) as process:
        yield process


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns on standard output."""
    texts = [
        list(columns),
        *([f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows),
    ]
    widths = [max(len(row[column]) for row in texts) for column in range(len(columns))]
    for row in texts:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
