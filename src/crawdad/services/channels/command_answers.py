"""Carrying out the commands of chats, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.core.channels import InboundMessage
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.text import Language, Text
from crawdad.services.agents.thinking import level_of
from crawdad.services.channels.commands import OWNER_ONLY, Command
from crawdad.services.channels.world import OpenAccount

_DECISIONS = {
    "allow": "allow-once",
    "once": "allow-once",
    "allow-once": "allow-once",
    "yes": "allow-once",
    "always": "allow-always",
    "allow-always": "allow-always",
    "deny": "deny",
    "no": "deny",
}
_SENDING = {"on": "allow", "off": "deny", "inherit": None}
_MOST_LISTED = 30


@dataclass(frozen=True, slots=True)
class Given:
    """A command with what it is about."""

    command: Command
    message: InboundMessage
    agent_id: str
    session_key: str
    owner: bool
    language: Language


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command: words to answer, or a message for the agent to go on with. `compact`: the conversation is to be
    summarised, with these instructions."""

    reply: str = ""
    rest: str = ""
    compact: bool = False


class CommandAnswers:
    """The commands of one account's chats."""

    def __init__(self, account: OpenAccount) -> None:
        self._desk = account
        self._world = account.world

    async def carry_out(self, given: Given) -> Outcome:
        """Do it. What cannot be done is said in the reply."""
        try:
            return await self._carry_out(given)
        except GatewayError as error:
            if error.kind in (ErrorKind.UNAVAILABLE, ErrorKind.INTERNAL):
                raise
            return Outcome(error.message(given.language))

    async def _carry_out(self, given: Given) -> Outcome:  # noqa: C901 - one way out for each command
        command, key = given.command, given.session_key
        say = _Words(given.language)
        match command.name:
            case "new":
                if await self._world.sessions.get(key) is not None:
                    await self._world.runs.cancel_session(key)
                    await self._world.sessions.reset(key)
                return Outcome(rest=command.argument) if command.argument else Outcome(say("channels.new"))
            case "stop":
                stopped = await self._world.runs.cancel_session(key)
                return Outcome(say("channels.stopped" if stopped else "channels.nothing_to_stop"))
            case "status":
                return Outcome(await self._status(given, say))
            case "whoami":
                sender, chat = given.message.sender, given.message.chat
                ids = {"channel": self._desk.account.channel, "sender": sender.id, "chat": f"{chat.kind}:{chat.id}"}
                return Outcome(say("channels.whoami_owner" if given.owner else "channels.whoami", **ids))
            case "compact":
                return Outcome(rest=command.argument, compact=True)
            case "think":
                return Outcome(await self._set(given, "thinkingLevel", say, check=True))
            case "model":
                return Outcome(await self._set(given, "model", say))
            case "queue":
                return Outcome(await self._set(given, "queueMode", say))
            case "activation":
                return Outcome(await self._set(given, "groupActivation", say))
            case "send":
                return Outcome(await self._send(given, say))
            case "approve":
                return Outcome(await self._approve(given, say))
            case "help":
                names = "\n".join(
                    f"/{name} – {say(f'channels.help.{name}')}"
                    for name in ("new", "stop", "status", "whoami", "compact", "think", "model", "queue", "activation")
                    if given.owner or name not in OWNER_ONLY
                )
                return Outcome(f"{say('channels.help')}\n{names}")

    async def _status(self, given: Given, say: _Words) -> str:
        entry = await self._world.sessions.get(given.session_key)
        active = await self._world.runs.active(given.session_key)
        model = (entry.settings.get("model") or entry.model) if entry is not None else ""
        lines = [
            say("channels.status.agent", agent=given.agent_id),
            say("channels.status.model", model=model or "-"),
            say("channels.status.context", tokens=entry.context_tokens if entry is not None else 0),
            say("channels.status.work", count=len(active)),
        ]
        return "\n".join(lines)

    async def _set(self, given: Given, name: str, say: _Words, *, check: bool = False) -> str:
        entry = await self._world.sessions.open(given.session_key)
        wanted = given.command.argument.split()[0] if given.command.argument.strip() else ""
        if not wanted:
            return say("channels.setting", name=name, value=entry.settings.get(name) or "-")
        value: str | None = None if wanted.lower() in ("default", "inherit", "-") else wanted
        if check and value is not None:
            level_of(value)
        await self._world.sessions.patch(given.session_key, {name: value})
        return say("channels.setting", name=name, value=value or "-")

    async def _send(self, given: Given, say: _Words) -> str:
        word = given.command.argument.strip().lower()
        if word not in _SENDING:
            return say("channels.choose", choices="on, off, inherit")
        await self._world.sessions.open(given.session_key)
        await self._world.sessions.patch(given.session_key, {"sendPolicy": _SENDING[word]})
        return say("channels.setting", name="sendPolicy", value=_SENDING[word] or "-")

    async def _approve(self, given: Given, say: _Words) -> str:
        """`/approve <id or its beginning> <decision>`, or the decision alone where one question waits."""
        words = given.command.argument.split()
        decision = _DECISIONS.get(words[-1].lower()) if words else None
        if decision is None or not given.owner:
            return say("channels.choose", choices="allow-once, allow-always, deny")
        pending = [
            one for one in await self._world.approvals.list(("pending",)) if self._concerns(one.session_key, given)
        ]
        if len(words) > 1:
            pending = [one for one in pending if one.id.startswith(words[0].lower())]
        if len(pending) != 1:
            listed = "\n".join(f"{one.id}: {one.summary[:200]}" for one in pending[:_MOST_LISTED])
            return f"{say('channels.which_approval')}\n{listed}".strip()
        by = owner_principal(self._desk, given.message)
        await self._world.approvals.resolve(pending[0].id, decision, by)  # type: ignore[arg-type]
        return say("channels.approval_given", decision=decision)

    def _concerns(self, session_key: str, given: Given) -> bool:
        """In groups only what is asked there: what others are told of other sessions is none of theirs."""
        return given.message.chat.kind == "direct" or session_key == given.session_key


class _Words:
    def __init__(self, language: Language) -> None:
        self._language = language

    def __call__(self, key: str, **values: object) -> str:
        return Text(key, values).render(self._language)


def owner_principal(account: OpenAccount, message: InboundMessage) -> Principal:
    """The operator, as they are known in a channel."""
    name = f"{account.account.channel}:{message.sender.id}"
    return Principal(f"channel-owner:{name}"[:200], "system", name, EVERYTHING)
