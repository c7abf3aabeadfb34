"""The beginning of a turn: everything that it needs is looked up, and the message is written into the log."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crawdad.core.agents import OUTSIDE_EVENT, RunOrder, SystemEvents
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission
from crawdad.core.outside_files import OutsideFiles
from crawdad.core.parts import JsonObject, Part, TextPart, ToolCallPart, ToolResultPart
from crawdad.core.sessions import NewLogEvent, SessionEntry, Sessions, kind_of
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.core.tools import SkillCall, Skills, Toolbox, ToolScope
from crawdad.services.agents.asking import PROTOCOL, ModelCalls
from crawdad.services.agents.boundaries import harmless, marked_parts
from crawdad.services.agents.circles import CircleWatch
from crawdad.services.agents.models import candidates, window_of
from crawdad.services.agents.orders import order_of
from crawdad.services.agents.prompt import PromptInputs, system_prompt
from crawdad.services.agents.queueing import merged_parts
from crawdad.services.agents.recorder import Recorder
from crawdad.services.agents.roster import Agent, Roster
from crawdad.services.agents.standing import Find, principal_now
from crawdad.services.agents.taint import (
    EXPOSED,
    SAID,
    holds_outside,
    is_tainted,
    typed_commands,
    unanswered,
    with_mark,
)
from crawdad.services.agents.thinking import level_of
from crawdad.services.agents.transcript import command_line, result_line, text_of, user_line
from crawdad.services.agents.turn import AgentTurn, Limits, TurnLog
from crawdad.services.agents.workspace import ContextFile, WorkspaceFiles, as_outside, context_files
from crawdad.store.runs import StoredRun

_PEOPLE = ("client", "api", "channel")
"""Where people speak."""


class Interrupted(Exception):
    """The turn was cut off where it cannot safely be taken up again. `calls` are those that may have taken effect."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What turns are made of."""

    settings: Callable[[], Settings]
    roster: Callable[[], Roster]
    calls: ModelCalls
    sessions: Sessions
    toolbox: Toolbox
    skills: Skills
    system_events: SystemEvents
    files: WorkspaceFiles
    outside: OutsideFiles
    now: Callable[[], float]
    find: Find
    """Who lives of those that order turns."""
    secret: str
    """What marks of outside content are derived from: the same for all processes of an installation."""
    zone: str = "UTC"
    """The machine's time zone by name."""


async def open_turn(world: Surroundings, run: StoredRun, others: Sequence[StoredRun], recorder: Recorder) -> AgentTurn:
    """The turn of `run`, its message in the log, together with those of `others`.

    Raises `Interrupted` for a turn that cannot be taken up again, NOT_FOUND for an agent that is no more, FORBIDDEN for
    whoever may no longer order turns, BAD_REQUEST.
    """
    order = order_of(run.order)
    order = replace(order, principal=principal_now(order.principal, world.find))
    agent = world.roster().get(order.agent_id)
    resumed = run.starts > 1
    entry = await _session(world.sessions, order, run, resumed)
    recorder.change({"session_id": entry.session_id})
    log = TurnLog(world.sessions, entry, run.id)
    await log.read()
    earlier = list(log.events)
    turn = await _turn(world, order, agent, log, recorder)
    goes_on = bool(order.tool_results)
    orders = [order_of(one.order) for one in (run, *others)]
    turn.untrusted = any(is_tainted(one) for one in orders) or (goes_on and holds_outside(unanswered(earlier)))
    turn.exposed = turn.exposed or holds_outside(event for event in earlier if event.run_id != run.id)
    turn.typed = typed_commands(orders)
    if resumed and log.own:
        _need_safe(turn, world.toolbox)
        turn.recall()
        await _add_missing(world, turn, others)
    else:
        await _write_message(world, turn, [run, *others])
    return turn


async def _session(sessions: Sessions, order: RunOrder, run: StoredRun, resumed: bool) -> SessionEntry:
    if resumed and run.session_id:
        entry = await sessions.get(order.session_key)
        if entry is None or entry.session_id != run.session_id:
            raise Interrupted
        return entry
    owner = "" if Permission.AGENTS_MANAGE in order.principal.permissions else order.principal.id
    parent = order.extra.get("parentKey")
    values: dict[str, Any] = {
        name: value
        for name, value in (("channel", order.channel), ("route", order.route), ("parent_key", parent))
        if value
    }
    if (
        order.title and kind_of(order.session_key) != "main"
    ):  # one beat of it does not name what people say to each other
        values["label"] = order.title
    return await sessions.open(order.session_key, owner=owner, fresh=order.fresh, values=values)


async def _turn(world: Surroundings, order: RunOrder, agent: Agent, log: TurnLog, recorder: Recorder) -> AgentTurn:
    entry, settings, defaults = log.entry, world.settings(), agent.defaults
    catalogue = world.calls.front.catalogue()
    wanted = order.model or entry.settings.get("model") or None
    names = candidates(agent, wanted, catalogue, order.principal)
    thinking = order.thinking or entry.settings.get("thinkingLevel") or defaults.thinking_default
    provider, _, model = names[0].partition("/")
    narrowed: JsonObject = order.extra.get("tools") or {}
    scope = ToolScope(
        agent_id=agent.id,
        session_key=entry.key,
        principal=order.principal,
        sender=order.sender,
        provider=provider if model else "",
        model=names[0],
        channel=order.channel,
        account=order.route.account if order.route else "",
        depth=order.depth,
        origin=order.origin,
        allow=None if narrowed.get("allow") is None else tuple(narrowed["allow"]),
        deny=tuple(narrowed.get("deny") or ()),
    )
    tools = await world.toolbox.effective(scope)
    full = order.prompt_mode == "full"
    skills = await world.skills.snapshot(agent.id, agent.workspace, order.extra.get("skills")) if full else None
    light = order.light or order.depth > 0
    files: list[ContextFile] = []
    is_poisoned = False
    if order.prompt_mode != "none":
        private = kind_of(entry.key) not in ("group", "subagent", "cron") and order.depth == 0
        files = await context_files(world.files, agent, order.language, light=light, with_memory=private)
        known = await world.outside.among({file.sha256 for file in files if file.sha256})
        files = [as_outside(file, world.secret) if file.sha256 in known else file for file in files]
        is_poisoned = bool(known)
    window = window_of(names[0], catalogue, order.principal, PROTOCOL)
    mode = "minimal" if full and order.depth > 0 else order.prompt_mode
    inputs = PromptInputs(
        agent=agent,
        tools=[tool.definition for tool in tools.values()],
        skills=skills.prompt if skills else "",
        files=files,
        mode=mode,
        zone=defaults.user_timezone or world.zone,
        model=names[0],
        thinking=str(thinking or ""),
        channel=order.channel,
        host=platform.node(),
        system=f"{platform.system()} {platform.machine()}".strip(),
        depth=order.depth,
        aliases=[(entry.alias, name) for name, entry in defaults.models.items() if entry.alias],
    )
    return AgentTurn(
        run_id=recorder.run_id,
        order=order,
        agent=agent,
        log=log,
        recorder=recorder,
        tools=tools,
        scope=scope,
        watch=CircleWatch(settings.tools.loop_detection),
        names=names,
        system=system_prompt(inputs),
        limits=Limits(
            order.steps or defaults.max_steps,
            defaults.max_turn_tokens,
            defaults.max_turn_cost if order.money is None else order.money,
        ),
        window=min(window, defaults.context_tokens or window),
        secret=world.secret,
        now=world.now,
        thinking=level_of(str(thinking)) if thinking else None,
        untrusted=is_tainted(order),
        exposed=bool(order.extra.get(EXPOSED)) or is_poisoned,
    )


def _need_safe(turn: AgentTurn, toolbox: Toolbox) -> None:
    """Raise `Interrupted` when a tool that changes something had begun and nobody knows what came of it."""
    finished = turn.log.answered
    independent = {definition.name for definition in toolbox.known() if definition.independent}
    for event in turn.log.own:
        if event.kind != "tool_started" or event.data.get("callId") in finished:
            continue
        if event.data.get("name") not in independent:
            raise Interrupted


async def _add_missing(world: Surroundings, turn: AgentTurn, others: Sequence[StoredRun]) -> None:
    """Messages that the turn had taken along without writing them down yet."""
    written = {run_id for event in turn.log.own for run_id in event.data.get("runs") or ()}
    for other in others:
        if other.id not in written:
            await turn.log.append(message_line(turn, other, await called_skill(world, turn, order_of(other.order))))


def message_line(turn: AgentTurn, run: StoredRun, called: SkillCall | None = None) -> NewLogEvent:
    """The line of a message that a running turn takes along, with the instructions of the skill that it calls for."""
    order = order_of(run.order)
    parts = _safe(turn, order, merged_parts([order]))
    if called is not None:
        parts = [*parts, TextPart(f"\n\n{called.instructions}")]
    turn.untrusted = turn.untrusted or is_tainted(order)
    turn.exposed = turn.exposed or bool(order.extra.get(EXPOSED))
    data = with_mark({**user_line(parts), "runs": [run.id]}, is_tainted(order))
    return NewLogEvent("message", data, turn.run_id, text_of(order.parts))


async def _write_message(world: Surroundings, turn: AgentTurn, runs: Sequence[StoredRun]) -> None:
    order, log = turn.order, turn.log
    lines: list[NewLogEvent] = []
    if order.tool_results:
        lines += _results(turn)
    told = await world.system_events.take(order.session_key, turn.run_id)
    orders = [order, *(order_of(run.order) for run in runs[1:])]
    parts = _safe(turn, order, merged_parts(orders)) if any(one.parts for one in orders) else []
    called = [found for one in orders if (found := await called_skill(world, turn, one)) is not None]
    command = called[0] if len(orders) == 1 and called and called[0].tool and not order.tool_results else None
    parts += [TextPart(f"\n\n{each.instructions}") for each in called if command is None]
    if told:
        turn.untrusted = turn.untrusted or any(OUTSIDE_EVENT in line for line in told)
        parts = [TextPart(harmless("\n".join(told)) + "\n\n"), *parts]
    if parts:
        said = {**user_line(parts), "runs": [run.id for run in runs]}
        if order.origin == "heartbeat":  # it stands among what people say, and nobody said it
            said["origin"] = order.origin
        data = with_mark(said, turn.untrusted)
        lines.append(NewLogEvent("message", data, turn.run_id, "\n".join(text_of(one.parts) for one in orders)))
    if not lines and not order.extra.get("compact"):
        raise bad_request("agents.nothing_said", "message")
    if command is not None:
        lines.append(_command(turn, command))
    await log.append(*lines)


def _command(turn: AgentTurn, called: SkillCall) -> NewLogEvent:
    """The call that a person's command is, as if a model had made it: what follows is the way of every tool's call."""
    arguments: JsonObject = {"command": called.words, "commandName": called.command, "skillName": called.skill}
    tool = turn.tools.get(called.tool)
    if tool is not None and tool.definition.parameters.get("additionalProperties") is False:
        known = tool.definition.parameters.get("properties") or {}
        arguments = {name: value for name, value in arguments.items() if name == "command" or name in known}
    call = ToolCallPart(f"call_{turn.run_id[-12:]}_0", called.tool, json.dumps(arguments, ensure_ascii=False))
    return turn.log.line(command_line(call))


async def called_skill(world: Surroundings, turn: AgentTurn, order: RunOrder) -> SkillCall | None:
    """The skill that a message calls for. A stranger's command is plain text."""
    if order.origin not in _PEOPLE or (order.untrusted and not order.sender.owner) or order.prompt_mode != "full":
        return None
    said = str(order.extra.get(SAID) or text_of(order.parts))
    return await world.skills.called(turn.agent.id, turn.agent.workspace, said, order.extra.get("skills"))


def _safe(turn: AgentTurn, order: RunOrder, parts: list[Part]) -> list[Part]:
    if not order.untrusted:
        return parts
    turn.untrusted = True
    if order.marked or order.origin == "heartbeat":
        return parts  # a heartbeat's words are ours; what came from outside says so in its own line
    source = ":".join(word for word in (order.channel or order.origin, order.sender.name or order.sender.id) if word)
    return marked_parts(parts, source, turn.secret)


def _results(turn: AgentTurn) -> list[NewLogEvent]:
    """The client's answers to the calls that the turn before paused for."""
    waiting = {call.id: call for call in turn.log.open_calls}
    lines: list[NewLogEvent] = []
    for result in turn.order.tool_results:
        call = waiting.pop(result.call_id, None)
        if call is None:
            words = Text("agents.no_calls_wait", {"id": result.call_id[:80]})
            raise GatewayError(ErrorKind.BAD_REQUEST, words, {"code": "unknown_call", "param": "call_id"})
        part = ToolResultPart(call.id, result.content, call.name, result.is_error, call.custom)
        lines.append(turn.log.line(result_line(part), text_of(result.content)[:20_000]))
    return lines
