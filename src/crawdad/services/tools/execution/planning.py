"""From a call's arguments to all that it would do: the file that would run, where, with what, how confined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.outside_files import MOST_BYTES, OutsideFiles
from crawdad.core.parts import JsonObject
from crawdad.core.programs import INSIDE, Confinement, Executable, FileMark, Programs
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.core.tool_settings import ExecSettings
from crawdad.core.tools import ToolContext
from crawdad.services.tools.execution.command import NeedsShell, words_of
from crawdad.services.tools.execution.decision import Plan, runs_other_programs
from crawdad.services.tools.execution.environment import asked_variables, environment_for, search_folders
from crawdad.services.tools.execution.provenance import FETCHING_CODE
from crawdad.services.tools.policy import agent_tools
from crawdad.services.tools.sandbox import confinement, fs_settings

SHELL = "/bin/sh"
_MOST_OPERANDS = 64


def exec_settings(settings: Settings, agent_id: str) -> ExecSettings:
    """What holds for an agent: its own words, and for the rest those of all agents."""
    own = agent_tools(settings, agent_id).exec
    common = settings.tools.exec
    if own is None:
        return common
    return common.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})


def is_elevated(settings: Settings, arguments: JsonObject, context: ToolContext) -> bool:
    """Whether a call may leave the sandbox. Raises FORBIDDEN when it asks for that and may not."""
    if not arguments.get("elevated"):
        return False
    scope = context.scope
    rules = settings.tools.elevated
    allowed = rules.allow_from.get(scope.channel or "client", ())
    if rules.enabled and scope.sender.id and (scope.sender.id in allowed or "*" in allowed):
        return True
    raise GatewayError(ErrorKind.FORBIDDEN, Text("exec.not_elevated"), {"param": "elevated"})


@dataclass(frozen=True, slots=True)
class Planner:
    """Looks at the machine, decides nothing. `ours` is this process's own environment."""

    programs: Programs
    settings: Callable[[], Settings]
    ours: Mapping[str, str]
    outside: OutsideFiles

    async def plan(self, arguments: JsonObject, context: ToolContext) -> Plan:
        """What a call would do. Raises BAD_REQUEST, NOT_FOUND or FORBIDDEN."""
        settings, scope = self.settings(), context.scope
        rules = exec_settings(settings, scope.agent_id)
        if arguments.get("host") == "node":
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("exec.no_nodes"), {"param": "host"})
        elevated = is_elevated(settings, arguments, context)
        kept = await confinement(settings, scope.agent_id, scope.session_key, self.programs, elevated=elevated)
        words, shell_text = _words(arguments, rules)
        workspace = str(context.workspace)
        inside = kept.level != "none" and fs_settings(settings, scope.agent_id).workspace_only
        cwd = await self.programs.directory(
            str(arguments.get("workdir") or "."), workspace, inside or kept.level != "none"
        )
        asked = asked_variables(arguments.get("env") or {})
        search = search_folders(self.ours, rules.path_prepend, workspace)
        if kept.level == "container":
            # What a name means is up to the image; the image stands for what is in it.
            executable = Executable(words[0], FileMark(words[0], f"image:{kept.container.image}"))
        else:
            executable = await self.programs.find(words[0], cwd, search)
        operands: list[FileMark] = []
        if runs_other_programs(executable):  # what it is given may be what it runs
            operands = await self.programs.mark([word for word in words[1:][:_MOST_OPERANDS] if word], cwd)
        known = await self._from_outside(executable, operands, words, cwd, kept)
        reaching = await self._reaching(executable, words, cwd, kept)
        return Plan(
            executable=executable,
            arguments=tuple(words[1:]),
            cwd=cwd,
            asked=asked,
            operands=tuple(operands),
            confinement=kept,
            stdin=str(arguments.get("input") or ""),
            shell_text=shell_text,
            elevated=elevated,
            from_outside=known,
            reaching=reaching,
        )

    async def _from_outside(
        self, executable: Executable, operands: Sequence[FileMark], words: Sequence[str], cwd: str, kept: Confinement
    ) -> tuple[str, ...]:
        """Which files of a call hold content from outside: the program, and those that its words name."""
        given = _given(words, kept)
        marks = [executable.mark, *operands]
        seen = {mark.path for mark in marks}
        marks += [mark for mark in await self.programs.mark(given, cwd, MOST_BYTES) if mark.path not in seen]
        known = await self.outside.among({mark.sha256 for mark in marks})
        return tuple(mark.path for mark in marks if mark.sha256 in known)

    async def _reaching(
        self, executable: Executable, words: Sequence[str], cwd: str, kept: Confinement
    ) -> tuple[str, ...]:
        """Which files that would run look as if they fetched things. What belongs to the system goes by its name."""
        if kept.sealed:
            return ()
        own = [] if executable.trusted or kept.level == "container" else [executable.mark.path]
        given = _given(words, kept) if kept.level == "container" or runs_other_programs(executable) else []
        return tuple(await self.programs.holding([*own, *given], cwd, FETCHING_CODE))

    def variables(self, plan: Plan, workspace: str, agent_id: str) -> dict[str, str]:
        """The whole environment of what runs."""
        rules = exec_settings(self.settings(), agent_id)
        search = search_folders(self.ours, rules.path_prepend, workspace)
        return environment_for(self.ours, plan.asked, search, workspace)


def _given(words: Sequence[str], kept: Confinement) -> list[str]:
    """The words of a call that may name files here."""
    given = [word for word in words[1:][:_MOST_OPERANDS] if word]
    if kept.level == "container":
        prefix = f"{INSIDE}/"
        given = [word.removeprefix(prefix) for word in (words[0], *given)]
    return given


def _words(arguments: JsonObject, rules: ExecSettings) -> tuple[tuple[str, ...], str | None]:
    """The words to run; and, where a shell is wanted and policy has one at all, the text for it."""
    argv = arguments.get("argv")
    if argv:
        if any("\0" in word for word in argv) or not argv[0]:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("exec.bad_command"), {"param": "argv"})
        return tuple(argv), None
    command = str(arguments.get("command") or "")
    try:
        return words_of(command), None
    except NeedsShell as needed:
        if rules.security != "full" or arguments.get("security") in ("deny", "allowlist"):
            words = Text("exec.needs_shell", {"what": needed.what})
            raise GatewayError(ErrorKind.BAD_REQUEST, words, {"param": "command", "code": "needs_shell"}) from None
        return (SHELL, "-c", command), command
