"""The tools put together: files, programs, who may use them, approvals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from crawdad.adapters.tools.access import FileAccess
from crawdad.adapters.tools.files import EditTool, LsTool, ReadTool, WriteTool
from crawdad.adapters.tools.patch import ApplyPatchTool
from crawdad.adapters.tools.programs import LocalAgentPrograms
from crawdad.adapters.tools.searching import FindTool, GrepTool
from crawdad.app.accounts import World
from crawdad.core.outside_files import OutsideFiles
from crawdad.core.patterns import matches
from crawdad.core.tools import Tool, ToolScope
from crawdad.services.tasks import Tasks
from crawdad.services.tools.approvals import ApprovalService
from crawdad.services.tools.execution.planning import Planner, exec_settings
from crawdad.services.tools.execution.process_tool import ProcessTool
from crawdad.services.tools.execution.processes import ProgramSessions
from crawdad.services.tools.execution.secrets import ProgramSecrets
from crawdad.services.tools.execution.tool import ExecTool
from crawdad.services.tools.sandbox import fs_settings, keep_pruned
from crawdad.services.tools.toolbox import FixedTools, PolicyToolbox
from crawdad.store.approvals import ApprovalStore
from crawdad.store.outside_files import OutsideFileStore

_MOST_PROGRAMS = 1000


@dataclass(frozen=True, slots=True)
class AgentTools:
    """What others build on: `toolbox.register` takes more tools, `programs.notify` whoever tells agents of ends, and
    `secrets.find` whoever knows what programs are given beside. `outside` knows the files that came from outside."""

    toolbox: PolicyToolbox
    approvals: ApprovalService
    programs: ProgramSessions
    secrets: ProgramSecrets
    outside: OutsideFiles


@asynccontextmanager
async def open_tools(world: World, tasks: Tasks, environment: Mapping[str, str]) -> AsyncIterator[AgentTools]:
    """The tools of an installation. On leaving, every program that an agent started is ended."""
    approvals = ApprovalService(
        ApprovalStore(world.database),
        world.cluster.bus,
        world.clock,
        world.randomness,
        lambda: world.settings().approvals,
    )

    def workspace_only(agent_id: str) -> bool:
        return fs_settings(world.settings(), agent_id).workspace_only

    def offered(tool: Tool, scope: ToolScope) -> bool:
        if tool.definition.name != "apply_patch":
            return True
        rules = exec_settings(world.settings(), scope.agent_id).apply_patch
        names = (scope.model, f"{scope.provider}/{scope.model}")
        allowed = rules.allow_models
        return rules.enabled and (not allowed or any(matches(each, name) for each in allowed for name in names))

    outside = OutsideFileStore(world.database, world.clock.now)
    access = FileAccess(workspace_only, approvals, (world.home,))
    async with Tasks(_MOST_PROGRAMS) as running:
        programs = ProgramSessions(world.clock, world.randomness, running)
        secrets = ProgramSecrets()
        local = LocalAgentPrograms(environment, Path(world.home), world.clock.now)
        planner = Planner(local, lambda: world.settings(), environment, outside)
        toolbox = PolicyToolbox(lambda: world.settings(), approvals, outside)
        files: list[Tool] = [ReadTool(access), WriteTool(access), EditTool(access), ApplyPatchTool(access)]
        files += [LsTool(access), FindTool(access), GrepTool(access)]
        execution = ExecTool(planner, programs, approvals, world.clock, world.randomness, secrets)
        toolbox.register(FixedTools([*files, execution, ProcessTool(programs)], offered))
        tasks.start(approvals.follow(), "answered approvals")
        tasks.start(approvals.keep_tidy(), "settled approvals")
        tasks.start(keep_pruned(local, world.clock, world.settings), "unused sandboxes")
        yield AgentTools(toolbox, approvals, programs, secrets, outside)
