"""The talk itself: entries are sent, turns are shown as they come, questions are answered, Ctrl-C stops a turn."""

from __future__ import annotations

import re
import sys
import uuid
from typing import TYPE_CHECKING, Any

from crawdad.app.chat.screen import Screen
from crawdad.app.chat.turn import Shown, TurnView, message_text
from crawdad.app.chat.typed import Typed, read_entry, understood
from crawdad.app.output import clean
from crawdad.app.words import words
from crawdad.core.sessions import session_key
from crawdad.wire.control.client import Event

if TYPE_CHECKING:
    from crawdad.adapters.control_client import Connection

_STAMP = re.compile(r"\[\w{3} \d{4}-\d\d-\d\d \d\d:\d\d UTC\] ")
_DECISIONS = {"y": "allow-once", "a": "allow-always", "n": "deny"}
_SHOWN_AT_START = 6
_LONGEST_MS = 600_000


class Talk:
    """A talk in one session after the other. `session` is the key as it was written."""

    def __init__(self, session: str, screen: Screen) -> None:
        self.session = session
        self.screen = screen
        self.pending: TurnView | None = None
        self._connection: Connection | None = None
        self._begun = False

    def go_on(self, connection: Connection) -> None:
        """Talk until the end of what is typed. Raises what the connection raises; may be called again with another one."""
        self._connection = connection
        if not self._begun:
            self._begun = True
            self.screen.line(words("cli.chat.welcome", session=self.key), "dim")
            self._history(_SHOWN_AT_START)
        elif self.pending is not None:
            self._catch_up(self.pending)
        while (entry := self._entry()) is not None:
            typed = understood(entry)
            if typed.unknown:
                self.screen.line(words("cli.chat.unknown", command=typed.command), "bad")
            elif typed.command in ("quit", "exit"):
                return
            elif typed.command:
                self._command(typed)
            elif typed.text:
                self._turn(typed.text)

    def once(self, connection: Connection, message: str, shows: bool = True) -> TurnView:
        """Say one thing, and see the turn to its end. A question that comes up is told on standard error."""
        self._connection = connection
        view = TurnView(uuid.uuid4().hex, self.key, message)
        if not self._send(view, shows):
            view.status = "final"
            return view
        try:
            self._follow(view, shows, asks=False)
        except KeyboardInterrupt:
            self._abort(view)
            raise
        return view

    @property
    def connection(self) -> Connection:
        """The present connection."""
        assert self._connection is not None
        return self._connection

    @property
    def key(self) -> str:
        """The session's canonical key."""
        defaults = self.connection.hello.get("snapshot", {}).get("sessionDefaults", {})
        agent, scope = defaults.get("defaultAgentId", "main"), defaults.get("scope", "per-sender")
        return session_key(self.session, str(agent), str(scope))

    def _entry(self) -> str | None:
        """What is typed next; None at the end of it. Ctrl-C forgets the line."""
        while True:
            try:
                return read_entry(self.screen.ask("> "), lambda: self.screen.ask("… "))
            except KeyboardInterrupt:
                self.screen.line()
                self.screen.line(words("cli.chat.how_to_leave"), "dim")
            except EOFError:
                self.screen.line()
                return None

    def _turn(self, text: str) -> None:
        view = self.pending = TurnView(uuid.uuid4().hex, self.key, text)
        try:
            outcome = self._send(view)
        except self._refused as refused:
            self.screen.line(words("cli.channel.refused", reason=str(refused)), "bad")
            outcome = ""
        if outcome:
            self._see_through(view)
        self.pending = None

    def _see_through(self, view: TurnView) -> None:
        try:
            self._follow(view, shows=True, asks=True)
        except KeyboardInterrupt:
            self._abort(view)
            self.screen.line()
        if view.status == "aborted":
            self.screen.line(words("cli.chat.stopped"), "dim")
        elif view.status == "error":
            self.screen.line(words("cli.agents.failed", reason=view.error), "bad")

    def _send(self, view: TurnView, shows: bool = True) -> str:
        """Say what the turn is about: what the gateway makes of it. Saying it twice makes one turn. Empty: it was a word that
        stops what runs, and begins no turn."""
        params = {"sessionKey": self.session, "message": view.asked, "idempotencyKey": view.run_id}
        told = self.connection.call("chat.send", params)
        if shows and "aborted" in told:
            self.screen.line(words("cli.chat.stopped" if told["aborted"] else "cli.chat.nothing_runs"), "dim")
        return str(told.get("status") or "")

    def _follow(self, view: TurnView, shows: bool, asks: bool) -> None:
        while not view.status:
            found = self.connection.next(None)
            if not isinstance(found, Event):
                continue
            for shown in view.take(found):
                if shown.kind == "question":
                    self._question(shown, asks)
                elif shows:
                    self._show(shown)

    def _show(self, shown: Shown) -> None:
        if shown.kind == "words":
            self.screen.show(shown.text)
        elif shown.kind == "break":
            self.screen.line()
        elif shown.kind == "tool":
            self.screen.line(f"⚙ {shown.text}", "dim")
        elif shown.kind == "failure":
            self.screen.line(words("cli.chat.tool_failed", name=shown.text), "bad")

    def _question(self, shown: Shown, asks: bool) -> None:
        approval = str(shown.data.get("id", ""))
        if not asks:
            print(clean(words("cli.chat.waits", what=shown.text, id=approval)), file=sys.stderr, flush=True)
            return
        folder = (shown.data.get("request") or {}).get("cwd")
        self.screen.line(words("cli.chat.wants", what=shown.text), "accent")
        if folder:
            self.screen.line(words("cli.chat.in_folder", folder=folder), "dim")
        try:
            self.connection.call("exec.approval.resolve", {"id": approval, "decision": self._decision()})
        except self._refused as refused:  # somebody else was faster, or it took too long
            self.screen.line(words("cli.channel.refused", reason=str(refused)), "bad")

    def _decision(self) -> str:
        while True:
            try:
                typed = self.screen.ask(words("cli.chat.allow")).strip().lower()
            except (EOFError, KeyboardInterrupt):
                self.screen.line()
                return "deny"
            if decision := _DECISIONS.get(typed[:1]):
                return decision

    def _abort(self, view: TurnView) -> None:
        """Stop a turn, and wait a moment for its end to be told."""
        self.connection.call("chat.abort", {"sessionKey": self.session, "runId": view.run_id})
        while not view.status:
            found = self.connection.next(3.0)
            if found is None:
                return
            for shown in view.take(found) if isinstance(found, Event) else ():
                if shown.kind in ("words", "break"):
                    self._show(shown)

    def _catch_up(self, view: TurnView) -> None:
        """After the connection was lost in the middle of a turn: nobody knows whether it was begun, so say it once more. Where
        it was, wait for its end and show what was said."""
        self.screen.line(words("cli.chat.connected_again"), "dim")
        outcome = self._send(view)
        if outcome == "started":
            self._see_through(view)
        elif outcome:
            params = {"runId": view.run_id, "timeoutMs": _LONGEST_MS}
            self.connection.call("agent.wait", params, _LONGEST_MS / 1000 + 20)
            self._history(2)
        self.pending = None

    def _history(self, limit: int) -> None:
        told = self.connection.call("chat.history", {"sessionKey": self.session, "limit": limit})
        for message in told["messages"]:
            text = message_text(message).strip()
            if message["role"] == "user" and text:
                self.screen.line(f"> {_STAMP.sub('', text, count=1)}", "accent")
            elif message["role"] == "assistant" and text:
                self.screen.line(text)

    @property
    def _refused(self) -> type[Exception]:
        from crawdad.adapters.control_client import Refused

        return Refused

    def _command(self, typed: Typed) -> None:
        try:
            getattr(self, f"_do_{typed.command}")(typed.text)
        except self._refused as refused:
            self.screen.line(words("cli.channel.refused", reason=str(refused)), "bad")

    def _do_help(self, _: str) -> None:
        self.screen.line(words("cli.chat.help"))

    def _do_stop(self, _: str) -> None:
        told = self.connection.call("chat.abort", {"sessionKey": self.session})
        self.screen.line(words("cli.chat.stopped" if told["aborted"] else "cli.chat.nothing_runs"), "dim")

    def _do_agents(self, _: str) -> None:
        for agent in self.connection.call("agents.list")["agents"]:
            self.screen.line(f"{agent['id']}  {agent.get('name', '')}".rstrip())

    def _do_agent(self, agent: str) -> None:
        known = {each["id"] for each in self.connection.call("agents.list")["agents"]}
        if agent not in known:
            self.screen.line(words("cli.chat.no_agent", agent=agent, known=", ".join(sorted(known))), "bad")
            return
        self._enter(f"agent:{agent}:main")

    def _do_sessions(self, _: str) -> None:
        params = {"limit": 20, "includeLastMessage": True}
        for each in self.connection.call("sessions.list", params)["sessions"]:
            said = " ".join(str(each.get("lastMessagePreview") or each.get("displayName") or "").split())
            self.screen.line(f"{each['key']}  {said[:60]}".rstrip())

    def _do_session(self, key: str) -> None:
        if key:
            self._enter(key)
        else:
            self.screen.line(self.key)

    def _enter(self, key: str) -> None:
        before, self.session = self.session, key
        try:
            self.screen.line(words("cli.chat.session", session=self.key), "dim")
            self._history(_SHOWN_AT_START)
        except Exception:
            self.session = before
            raise

    def _do_model(self, model: str) -> None:
        if not model:
            for each in self.connection.call("models.list")["models"]:
                self.screen.line(f"{each['provider']}/{each['id']}")
            return
        self._patch({"model": model}, words("cli.chat.model", model=model))

    def _do_think(self, level: str) -> None:
        self._patch({"thinkingLevel": level or None}, words("cli.chat.thinking", level=level or "-"))

    def _patch(self, values: dict[str, Any], told: str) -> None:
        self.connection.call("sessions.patch", {"key": self.session, **values})
        self.screen.line(told, "dim")

    def _do_history(self, count: str) -> None:
        self._history(min(int(count), 200) if count.isdigit() and int(count) else 20)
