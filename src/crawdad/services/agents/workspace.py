"""The files of an agent's workspace that stand in its system prompt: which ones, and how much of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from crawdad.core.outside_files import FileText
from crawdad.core.text import Language
from crawdad.services.agents.boundaries import marked
from crawdad.services.agents.roster import Agent
from crawdad.services.agents.templates import BOOTSTRAP, LIGHT, MEMORY, STANDARD, templates

_HEAD_SHARE = 0.7
_TAIL_SHARE = 0.2


class WorkspaceFiles(Protocol):
    """The directory of an agent (`adapters.workspaces`). Raises `GatewayError` where it cannot be used."""

    async def prepare(self, workspace: Path, templates: Mapping[str, str]) -> None:
        """Make the directory where there is none; a new one gets `templates`."""

    async def read(self, workspace: Path, names: Sequence[str], limit: int) -> Mapping[str, FileText]:
        """The files that are there, each up to `limit` characters from its beginning and as many from its end; what lies
        outside the workspace is not there."""


@dataclass(frozen=True, slots=True)
class ContextFile:
    """A file as the prompt shows it."""

    path: str
    text: str
    sha256: str = ""


def as_outside(file: ContextFile, secret: str) -> ContextFile:
    """A file that a turn with outside content wrote without asking: it is shown, and gives no orders."""
    return replace(file, text=marked(file.text, file.path, secret))


async def context_files(
    files: WorkspaceFiles, agent: Agent, language: Language, *, light: bool, with_memory: bool
) -> list[ContextFile]:
    """What the agent is given to read at the beginning of a turn; a new workspace gets its files, in `language`. A missing file
    is told, once made it is seen."""
    defaults = agent.defaults
    await files.prepare(agent.workspace, {} if defaults.skip_bootstrap else templates(language))
    names = LIGHT if light else (*STANDARD, BOOTSTRAP, *(MEMORY if with_memory else ()))
    found = await files.read(agent.workspace, names, defaults.bootstrap_max_chars)
    left = defaults.bootstrap_total_max_chars
    shown: list[ContextFile] = []
    memory_seen = False
    for name in names:
        if name in MEMORY and memory_seen:
            continue
        read = found.get(name)
        path = str(agent.workspace / name)
        if read is None:
            if name in STANDARD:
                shown.append(ContextFile(path, f"[missing: this file would be at {path}]"))
            continue
        memory_seen = memory_seen or name in MEMORY
        cut = shortened(read.text.rstrip(), min(defaults.bootstrap_max_chars, max(0, left)), name)
        left -= len(cut)
        shown.append(ContextFile(path, cut, read.sha256))
    return shown


def shortened(text: str, limit: int, name: str) -> str:
    """`text`, or its beginning and end with a word between them about what is left out."""
    if len(text) <= limit:
        return text
    head, tail = int(limit * _HEAD_SHARE), int(limit * _TAIL_SHARE)
    end = text[len(text) - tail :] if tail else ""
    return f"{text[:head]}\n[… {name} is longer: its middle is left out here; read the file for it …]\n{end}"
