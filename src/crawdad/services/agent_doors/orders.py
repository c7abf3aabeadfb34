"""A client's request as an order for an agent. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from crawdad.core.agents import QUEUE_MODES, QueueMode, RunOrder
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject, Part, TextPart
from crawdad.core.request import ModelRequest, Reasoning, Tool
from crawdad.core.text import Language, Text
from crawdad.core.tools import Sender
from crawdad.services.agent_doors.conversation import Conversation, prompt_of
from crawdad.services.agent_doors.session_keys import client_session, named_session
from crawdad.services.agents.taint import SAID, TAINTED

SESSION_HEADER = "x-openclaw-session-key"
MODEL_HEADER = "x-openclaw-model"
CHANNEL_HEADER = "x-openclaw-message-channel"
QUEUE_HEADER = "x-openclaw-queue-mode"
_RANGES = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "frequency_penalty": (-2.0, 2.0),
    "presence_penalty": (-2.0, 2.0),
}
_MUST = "You must call one of the client's tools in this turn."
_MUST_NAMED = "You must call the tool {name} in this turn."


@dataclass(frozen=True, slots=True)
class Link:
    """What an earlier answer belongs to: the session that a paused turn, or an earlier response, is part of."""

    agent_id: str
    session_key: str


@dataclass(slots=True)
class Asked:
    """All that a client's request says. `fresh` names the session of a request that names none; `files` are the texts of the
    files that came with it, `pictures` what the agent is shown; `paused` is the turn that its tool results belong to and
    `earlier` the response that it goes on from."""

    request: ModelRequest
    conversation: Conversation
    agent_id: str
    principal: Principal
    fresh: str
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[str] = ()
    pictures: Sequence[Part] = ()
    paused: Link | None = None
    earlier: Link | None = None
    address: str = ""
    language: Language = "en"
    idempotency_key: str | None = None


def order_of(asked: Asked) -> RunOrder:
    """The order. Raises BAD_REQUEST for what no agent can do."""
    request, conversation, headers = asked.request, asked.conversation, asked.headers
    if not conversation.entries:
        field_name = "input" if request.protocol == "openai-responses" else "messages"
        raise bad_request("doors.no_message", None, field=field_name)
    _check_sampling(request)
    tools, must = client_tools(request)
    goes_on = asked.paused is not None
    words = "\n\n".join(entry.text for entry in conversation.after if entry.text) if goes_on else ""
    text = words if goes_on else prompt_of(conversation.entries)
    parts: list[Part] = [TextPart(text)] if text else []
    return RunOrder(
        agent_id=asked.agent_id,
        session_key=session_of(asked),
        principal=asked.principal,
        origin="client",
        parts=[*parts, *asked.pictures],
        tool_results=conversation.results if goes_on else [],
        extra_system="\n\n".join([*conversation.system, *must, *asked.files]),
        client_tools=tools,
        tool_choice=request.tool_choice if tools else None,
        model=headers.get(MODEL_HEADER) or None,
        thinking=_thinking(request.reasoning),
        # Of one answer, the words are told: more would be paid for and heard by nobody.
        sampling=replace(request.sampling, n=None, logprobs=None, top_logprobs=None),
        response_format=request.response_format,
        idempotency_key=asked.idempotency_key,
        sender=Sender(
            request.user or asked.principal.id, request.user or asked.principal.name, is_owner(asked.principal)
        ),
        channel=headers.get(CHANNEL_HEADER, "")[:64],
        queue_mode=_queue_mode(headers.get(QUEUE_HEADER, "")),
        client_address=asked.address,
        language=asked.language,
        extra=_extra(asked, text),
    )


def _extra(asked: Asked, text: str) -> JsonObject:
    """What the newest message says by itself, where the text holds more; and whether files came with it: what stands in
    those was written by others."""
    extra: JsonObject = {}
    current = asked.conversation.entries[-1]
    if text and (current.sender != "User" or text != current.text):
        extra[SAID] = current.text if current.sender == "User" else "\0"
    if asked.files:
        extra[TAINTED] = True
    return extra


def is_owner(principal: Principal) -> bool:
    """Whether somebody is the operator, for whom nothing is kept back."""
    return Permission.AGENTS_MANAGE in principal.permissions


def session_of(asked: Asked) -> str:
    """The session of the turn: the one that is named, else that of what it goes on from, else the user's or a new one."""
    named = asked.headers.get(SESSION_HEADER, "").strip()
    if named:
        return named_session(named, asked.agent_id)
    link = asked.paused or asked.earlier
    if link is not None:
        return link.session_key
    return client_session(asked.request.protocol, asked.agent_id, asked.request.user, asked.fresh)


def client_tools(request: ModelRequest) -> tuple[list[Tool], list[str]]:
    """The tools that run on the client's side, and what the agent is told of having to use them."""
    choice = request.tool_choice
    tools = [tool for tool in request.tools if tool.kind != "builtin"]
    names = [tool.name for tool in tools]
    for name in names:
        if names.count(name) > 1:
            raise _bad_tools(Text("doors.tool_twice", {"name": name}))
    if choice is None or choice.mode == "auto":
        return tools, []
    if choice.mode == "none":
        return [], []
    if choice.mode in ("named", "allowed"):
        for name in choice.names:
            if name not in names:
                raise _bad_tools(Text("doors.tool_not_listed", {"name": name}))
        tools = [tool for tool in tools if tool.name in choice.names]
        if choice.mode == "allowed" and not choice.required:
            return tools, []
    if not tools:
        raise _bad_tools(Text("doors.no_tools"))
    return tools, [_MUST_NAMED.format(name=tools[0].name) if choice.mode == "named" else _MUST]


def must_call(request: ModelRequest) -> bool:
    """Whether the client wants a tool to be called, come what may."""
    choice = request.tool_choice
    return choice is not None and (
        choice.mode in ("required", "named") or (choice.mode == "allowed" and choice.required)
    )


def _bad_tools(reason: Text) -> GatewayError:
    return GatewayError(ErrorKind.BAD_REQUEST, Text("doors.tools", {"reason": reason}), {"param": "tools"})


def _thinking(asked: Reasoning | None) -> str | None:
    if asked is None:
        return None
    return "off" if asked.off else asked.effort


def _queue_mode(named: str) -> QueueMode | None:
    """What becomes of the message where its session is busy. Raises BAD_REQUEST."""
    if not named:
        return None
    for mode in QUEUE_MODES:
        if named.lower() == mode:
            return mode
    raise bad_request("doors.queue_mode", None, modes=", ".join(QUEUE_MODES))


def _check_sampling(request: ModelRequest) -> None:
    sampling = request.sampling
    for name, (least, most) in _RANGES.items():
        value = getattr(sampling, name)
        if value is not None and not least <= value <= most:
            raise bad_request("wire.value", name, value=str(value))
    if sampling.max_tokens is not None and sampling.max_tokens < 1:
        name = "max_output_tokens" if request.protocol == "openai-responses" else "max_tokens"
        raise bad_request("wire.value", name, value=str(sampling.max_tokens))
