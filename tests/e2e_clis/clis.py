"""How each command-line tool is set up and run, the way `docs/clients.md` tells people to, and how its answer is read.

The tools get an empty home, no proxy that leads anywhere, and their own switches against telemetry and updates.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 60.0
_NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Place:
    """Where a tool runs: the gateway it is pointed at, its home and the folder it works in."""

    url: str
    token: str
    home: Path
    folder: Path


@dataclass(frozen=True)
class Answer:
    """What a tool reported at its end; `input_tokens` includes what came from or went to a cache."""

    text: str
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Cli:
    """One tool. `set_up` writes its settings and returns its environment; `tool` reads the file at a path."""

    name: str
    entry: str
    set_up: Callable[[Place, str], dict[str, str]]
    arguments: Callable[[str, str], list[str]]
    read: Callable[[str], Answer]
    tool: Callable[[Path], tuple[str, dict[str, Any]]]
    protocol: str

    def run(self, packages: Path, place: Place, model: str, prompt: str) -> Answer:
        """Ask `model` one thing without a terminal. Raises `AssertionError` with what the tool printed if it fails."""
        environment = {**_environment(place), **self.set_up(place, model)}
        done = self._run(packages, place, environment, self.arguments(model, prompt))
        assert done.returncode == 0, f"{self.name} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return self.read(done.stdout)

    def version(self, packages: Path, place: Place) -> str:
        """The tool's own word for it. Raises `OSError` or `subprocess.SubprocessError` where it does not start at all."""
        done = self._run(packages, place, _environment(place), ["--version"])
        done.check_returncode()
        return done.stdout.strip()

    def _run(
        self, packages: Path, place: Place, environment: dict[str, str], arguments: list[str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["node", str(packages / "node_modules" / self.entry), *arguments],
            cwd=place.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


def _environment(place: Place) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(place.home),
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), _NOWHERE),
        **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1"),
    }


def _set_up_claude(place: Place, model: str) -> dict[str, str]:
    return {
        "ANTHROPIC_BASE_URL": place.url,
        "ANTHROPIC_AUTH_TOKEN": place.token,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }


def _read_claude(printed: str) -> Answer:
    told = json.loads(printed)
    usage = told["usage"]
    cached = usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    return Answer(told["result"], usage["input_tokens"] + cached, usage["output_tokens"])


_CODEX_SETTINGS = """
model = "{model}"
model_provider = "crawdad"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.crawdad]
name = "Crawdad"
base_url = "{url}/v1"
env_key = "CRAWDAD_TOKEN"
wire_api = "responses"
supports_websockets = {socket}
"""


def _set_up_codex(place: Place, model: str, socket: bool = False) -> dict[str, str]:
    folder = place.home / ".codex"
    folder.mkdir(exist_ok=True)
    settings = _CODEX_SETTINGS.format(model=model, url=place.url, socket=str(socket).lower())
    (folder / "config.toml").write_text(settings)
    return {"CRAWDAD_TOKEN": place.token}


def _read_codex(printed: str) -> Answer:
    told = [json.loads(line) for line in printed.splitlines()]
    said = [each["item"]["text"] for each in told if each.get("item", {}).get("type") == "agent_message"]
    usage = told[-1]["usage"]
    return Answer(said[-1], usage["input_tokens"], usage["output_tokens"])


def _set_up_gemini(place: Place, model: str) -> dict[str, str]:
    folder = place.home / ".gemini"
    folder.mkdir(exist_ok=True)
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    return {
        "GOOGLE_GEMINI_BASE_URL": place.url,
        "GEMINI_API_KEY": place.token,
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
        "GEMINI_CLI_NO_RELAUNCH": "true",
    }


def _read_gemini(printed: str) -> Answer:
    told = json.loads(printed[printed.index("{") :])
    tokens = [model["tokens"] for model in told["stats"]["models"].values()]
    spent = sum(each["candidates"] + each["thoughts"] for each in tokens)
    return Answer(told["response"], sum(each["prompt"] for each in tokens), spent)


CLAUDE = Cli(
    "claude",
    "@anthropic-ai/claude-code/cli-wrapper.cjs",
    _set_up_claude,
    lambda model, prompt: ["-p", prompt, "--model", model, "--output-format", "json"],
    _read_claude,
    lambda path: ("Read", {"file_path": str(path)}),
    "anthropic",
)
CODEX = Cli(
    "codex",
    "@openai/codex/bin/codex.js",
    _set_up_codex,
    lambda model, prompt: ["exec", "--skip-git-repo-check", "--sandbox", "danger-full-access", "--json", prompt],
    _read_codex,
    lambda path: ("exec_command", {"cmd": f"cat {path}"}),
    "responses",
)
CODEX_SOCKET = Cli(
    "codex-socket",
    CODEX.entry,
    lambda place, model: _set_up_codex(place, model, socket=True),
    CODEX.arguments,
    CODEX.read,
    CODEX.tool,
    CODEX.protocol,
)
GEMINI = Cli(
    "gemini",
    "@google/gemini-cli/bundle/gemini.js",
    _set_up_gemini,
    lambda model, prompt: ["-m", model, "-p", prompt, "-o", "json"],
    _read_gemini,
    lambda path: ("read_file", {"file_path": str(path)}),
    "gemini",
)
CLIS = (CLAUDE, CODEX, CODEX_SOCKET, GEMINI)
