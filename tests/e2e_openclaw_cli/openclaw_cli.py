"""How OpenClaw's own command line is found and run: as its users run it, pointed at a gateway by port and token."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.server import Gateway

SECONDS = 300.0
"""Its first command on a machine reads some hundreds of files that nothing has cached yet."""
_NOWHERE = "http://127.0.0.1:9"
_MACHINES = {"x86_64": "x64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    printed: str
    complained: str

    @property
    def document(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.printed)

    @property
    def lines(self) -> list[Any]:
        """What it printed, a JSON document a line."""
        return [json.loads(line) for line in self.printed.splitlines()]


@dataclass(frozen=True)
class OpenClaw:
    """The program, its home and the gateway that it talks to."""

    packages: Path
    home: Path
    gateway: Gateway

    def run(self, *arguments: str, **more: str) -> Done:
        """Run one command without a terminal. `more` are variables of its environment."""
        done = subprocess.run(
            [str(node(self.packages)), str(self.packages / "node_modules/openclaw/openclaw.mjs"), *arguments],
            cwd=self.home,
            env={**self._environment(), **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def good(self, *arguments: str, **more: str) -> Done:
        """Run a command that succeeds."""
        done = self.run(*arguments, **more)
        assert done.code == 0, (
            f"openclaw {' '.join(arguments)} ended with {done.code}:\n{done.printed}\n{done.complained}"
        )
        return done

    def ask(self, *arguments: str) -> Any:
        """What a command that succeeds prints with `--json`."""
        return self.good(*arguments, "--json").document

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{node(self.packages).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "OPENCLAW_GATEWAY_PORT": str(self.gateway.port),
            "OPENCLAW_GATEWAY_TOKEN": self.gateway.token,
            **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), _NOWHERE),
            **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1"),
        }


def node(packages: Path) -> Path:
    """Node.js, of a version that OpenClaw takes: the one among the packages, else the machine's own."""
    machine = platform.machine()
    beside = packages / f"node_modules/node-linux-{_MACHINES.get(machine, machine)}/bin/node"
    return beside if beside.exists() else Path(shutil.which("node") or "node")
