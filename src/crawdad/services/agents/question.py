"""What the model is asked in a step of a turn: the conversation as it is shown, the tools, the knobs. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.core.parts import CacheMarker, Message, Part, TextPart
from crawdad.core.request import ModelRequest, Sampling, Tool
from crawdad.services.agents.pruning import pruned
from crawdad.services.agents.thinking import reasoning_of
from crawdad.services.agents.turn import AgentTurn
from crawdad.services.agents.view import messages_of, with_cache_marks


def tools_of(turn: AgentTurn) -> list[Tool]:
    """The tools that the model may call: the agent's, and the client's, which come first where two have one name."""
    clients = {tool.name for tool in turn.order.client_tools}
    own = [
        Tool(name, tool.definition.description, tool.definition.parameters)
        for name, tool in turn.tools.items()
        if name not in clients
    ]
    return [*own, *turn.order.client_tools]


def question(turn: AgentTurn, tools: Sequence[Tool], nudge: str, quiet: bool) -> ModelRequest:
    """What is asked next. `nudge` stands last and is not kept; in a `quiet` step the agent may write down what it wants to
    keep, and answers nobody."""
    order = turn.order
    messages = shown(turn)
    if nudge:
        messages.append(Message("user", [TextPart(nudge)]))
    system: list[Part] = [TextPart(turn.system, cache=CacheMarker())]
    if order.extra_system.strip():
        system.append(TextPart("\n\n" + order.extra_system.strip()))
    if quiet and turn.agent.defaults.compaction.memory_flush.system_prompt:
        system.append(TextPart("\n\n" + turn.agent.defaults.compaction.memory_flush.system_prompt))
    choice = None if quiet else order.tool_choice
    if choice is not None and turn.spent.steps and (choice.mode in ("required", "named") or choice.required):
        choice = None  # what was demanded has been called; demanded again it would never end
    return ModelRequest(
        model=turn.names[0],
        messages=[Message("system", system, extra={"top_level": True}), *with_cache_marks(messages)],
        tools=list(tools),
        tool_choice=choice if tools else None,
        sampling=order.sampling or Sampling(),
        reasoning=reasoning_of(turn.thinking),
        response_format=None if quiet else order.response_format,
        stream=True,
        cache_key=turn.entry.session_id,
    )


def shown(turn: AgentTurn) -> list[Message]:
    """The conversation as the model sees it."""
    events, pruning = turn.log.events, turn.agent.defaults.context_pruning
    messages = messages_of(events) if pruning.mode == "off" else pruned(events, pruning, turn.window)
    most = turn.order.context_messages
    if most is None:
        return messages
    begun = next((index for index, event in enumerate(events) if event.run_id == turn.run_id), len(events))
    return latest(messages, len(messages_of(events[:begun])), most)


def latest(messages: Sequence[Message], earlier: int, most: int) -> list[Message]:
    """The messages of this turn, behind so many of the `earlier` ones that it began with `most` in all. A talk is never
    entered in the middle of an answer."""
    start = max(0, earlier - (most - 1))
    while start < earlier and messages[start].role != "user":
        start += 1
    return list(messages[start:])
