"""What tests of tools need: a turn to call them in, somebody who answers approvals, exec over the programs of this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.adapters.tools.programs import LocalAgentPrograms
from crawdad.core.approvals import ApprovalRequest, fingerprint
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.parts import TextPart
from crawdad.core.programs import FileMark
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext, ToolOutcome, ToolScope
from crawdad.services.tasks import Tasks
from crawdad.services.tools.execution.planning import Planner
from crawdad.services.tools.execution.process_tool import ProcessTool
from crawdad.services.tools.execution.processes import ProgramSessions
from crawdad.services.tools.execution.secrets import ProgramSecrets
from crawdad.services.tools.execution.tool import ExecTool
from crawdad.services.tools.toolbox import CheckedTool

OPERATOR = Principal("operator", "admin", "operator", EVERYTHING)
SEARCH = "/usr/bin:/bin"


def scope(**values: Any) -> ToolScope:
    """A turn of the main agent for the operator."""
    return ToolScope(**{"agent_id": "main", "session_key": "agent:main:main", "principal": OPERATOR, **values})


def context(workspace: Path, *, untrusted: bool = False, exposed: bool = False, **values: Any) -> ToolContext:
    """A call in such a turn."""
    return ToolContext(scope(**values), "run1", "call1", "session1", workspace, untrusted=untrusted, exposed=exposed)


def text_of(outcome: ToolOutcome) -> str:
    """What the model reads."""
    return "\n".join(part.text for part in outcome.content if isinstance(part, TextPart))


@dataclass
class AnsweringApprovals:
    """Answers every question at once: `allow`. Between question and use `meanwhile` happens."""

    allow: bool = False
    code: str = "denied"
    asked: list[ApprovalRequest] = field(default_factory=list)
    meanwhile: Any = None

    async def ask(self, request: ApprovalRequest, *, remembered: bool = True) -> str:
        self.asked.append(request)
        if not self.allow:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("approvals.denied"), {"code": self.code})
        if self.meanwhile is not None:
            self.meanwhile()
        return fingerprint(request.binding)

    async def use(self, allowed: str, request: ApprovalRequest) -> None:
        if allowed != fingerprint(request.binding):
            raise GatewayError(ErrorKind.FORBIDDEN, Text("approvals.changed"), {"code": "changed"})


class RememberedFiles:
    """`core.outside_files.OutsideFiles` in memory."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    async def note(self, files: Sequence[FileMark], run_id: str) -> None:
        self.files.update((file.sha256, file.path) for file in files)

    async def vouch(self, files: Sequence[FileMark]) -> None:
        for file in files:
            self.files.pop(file.sha256, None)

    async def among(self, digests: Collection[str]) -> frozenset[str]:
        return frozenset(self.files.keys() & set(digests))

    async def at(self, paths: Collection[str]) -> bool:
        return bool(set(self.files.values()) & set(paths))


@dataclass
class Execution:
    """exec and process, as a turn has them."""

    exec: CheckedTool
    process: CheckedTool
    sessions: ProgramSessions
    approvals: AnsweringApprovals
    workspace: Path
    secrets: ProgramSecrets
    outside: RememberedFiles
    programs: LocalAgentPrograms

    async def run(self, *, in_context: ToolContext | None = None, **arguments: Any) -> ToolOutcome:
        return await self.exec.run(arguments, in_context or context(self.workspace))

    async def look(self, *, in_context: ToolContext | None = None, **arguments: Any) -> ToolOutcome:
        return await self.process.run(arguments, in_context or context(self.workspace))


@asynccontextmanager
async def execution(
    workspace: Path,
    rules: Mapping[str, Any] | None = None,
    *,
    allow: bool = False,
    settings: Settings | None = None,
    environment: Mapping[str, str] | None = None,
    home: Path | None = None,
) -> AsyncIterator[Execution]:
    """exec over this machine. `rules` are `tools.exec`."""
    used = settings or Settings.model_validate({"tools": {"exec": rules or {}}})
    ours = {"PATH": SEARCH, **(environment or {})}
    clock, randomness = SystemClock(), SystemRandomness()
    approvals, outside = AnsweringApprovals(allow), RememberedFiles()
    async with Tasks() as tasks:
        sessions = ProgramSessions(clock, randomness, tasks)
        programs = LocalAgentPrograms(ours, home)
        planner = Planner(programs, lambda: used, ours, outside)
        given = ProgramSecrets()
        tool = ExecTool(planner, sessions, approvals, clock, randomness, given)
        process = ProcessTool(sessions)
        yield Execution(
            CheckedTool(tool, tool.definition, approvals, outside),
            CheckedTool(process, process.definition, approvals, outside),
            sessions,
            approvals,
            workspace,
            given,
            outside,
            programs,
        )
