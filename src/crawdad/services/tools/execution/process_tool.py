"""The tool `process`: looks after programs in the background."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, told
from crawdad.services.tools.execution.definitions import PROCESS
from crawdad.services.tools.execution.keys import bracketed, bytes_of_hex, bytes_of_keys
from crawdad.services.tools.execution.output import plain, shortened
from crawdad.services.tools.execution.processes import Owner, ProgramSession, ProgramSessions

_LINES = 200


@dataclass(frozen=True, slots=True)
class ProcessTool:
    """`core.tools.Tool`."""

    sessions: ProgramSessions
    definition: ToolDefinition = PROCESS

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        owner = Owner(context.scope.agent_id, context.scope.session_key)
        action = arguments["action"]
        if action == "list":
            return self._list(owner)
        if not arguments.get("sessionId"):
            words = Text("tools.argument_missing", {"param": "sessionId"})
            raise GatewayError(ErrorKind.BAD_REQUEST, words, {"param": "sessionId"})
        session = self.sessions.get(arguments["sessionId"], owner)
        if action == "poll":
            return await self._poll(session, (arguments.get("timeout") or 0) / 1000)
        if action == "log":
            return _log(session, arguments)
        if action in ("write", "send-keys", "submit", "paste"):
            return await _write(session, action, arguments)
        if action == "clear":
            session.output.clear()
        elif action == "kill":
            await self.sessions.kill(session)
        else:
            await self.sessions.kill(session)
            self.sessions.remove(session)
        return told(Text(f"exec.did.{action}", {"id": session.id}).render(), _state(session))

    def _list(self, owner: Owner) -> ToolOutcome:
        found = self.sessions.of(owner)
        lines = [f"{session.id} {session.status} {session.label[:200]}" for session in found]
        text = "\n".join(lines) or Text("exec.none_running").render()
        return told(text, {"sessions": [{**_state(session), "command": session.label} for session in found]})

    async def _poll(self, session: ProgramSession, seconds: float) -> ToolOutcome:
        if session.output.total == session.seen and session.exit_code is None and seconds:
            session.news.clear()
            try:
                async with asyncio.timeout(seconds):
                    await session.news.wait()
            except TimeoutError:
                pass
        text, _ = session.output.since(session.seen)
        session.seen = session.output.total
        shown = shortened(plain(text)).rstrip("\n")
        ending = session.status if session.exit_code is None else f"{session.status} ({session.exit_code})"
        document = {**_state(session), "output": shown}
        return told(f"{shown}\n\n[{ending}]".strip(), document, untrusted=session.outside)


def _log(session: ProgramSession, arguments: JsonObject) -> ToolOutcome:
    lines = plain(session.output.text).split("\n")
    limit = arguments.get("limit") or _LINES
    first = arguments.get("offset")
    chosen = lines[-limit:] if first is None else lines[first : first + limit]
    document = {**_state(session), "totalLines": len(lines)}
    return told(shortened("\n".join(chosen)), document, untrusted=session.outside)


async def _write(session: ProgramSession, action: str, arguments: JsonObject) -> ToolOutcome:
    if session.exit_code is not None:
        raise GatewayError(ErrorKind.CONFLICT, Text("exec.has_ended", {"id": session.id}), {"param": "sessionId"})
    data = _keystrokes(session, action, arguments)
    if data:
        await session.program.write(data)
    if arguments.get("eof"):
        await session.program.close_input()
    return told(Text("exec.did.write", {"id": session.id, "bytes": len(data)}).render(), _state(session))


def _keystrokes(session: ProgramSession, action: str, arguments: JsonObject) -> bytes:
    if action == "write":
        return str(arguments.get("data") or "").encode()
    if action == "submit":
        return b"\r" if session.terminal else b"\n"
    if action == "paste":
        return bracketed(str(arguments.get("text") or ""), bool(arguments.get("bracketed", session.terminal)))
    literal = str(arguments.get("literal") or "").encode()
    return literal + bytes_of_keys(arguments.get("keys") or []) + bytes_of_hex(arguments.get("hex") or [])


def _state(session: ProgramSession) -> JsonObject:
    state: JsonObject = {"sessionId": session.id, "status": session.status, "pid": session.program.pid}
    state |= {"cwd": session.cwd, "startedAt": int(session.started_at * 1000)}
    if session.exit_code is not None:
        state["exitCode"] = session.exit_code
    return state
