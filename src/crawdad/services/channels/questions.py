"""Questions of agents, put to the operator in the very chat in which it is they who are talking with the agent, alone."""

from __future__ import annotations

from dataclasses import replace

from crawdad.core.channels import Button
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.services.channels.deliveries import notice
from crawdad.services.channels.sending import Sending
from crawdad.services.channels.world import OpenAccount, language_of
from crawdad.store.channel_rows import StoredEvent

_LONGEST_SHOWN = 4000


class Questions:
    """The questions of one account."""

    def __init__(self, account: OpenAccount, sending: Sending) -> None:
        self._desk = account
        self._sending = sending
        self._asked: dict[str, StoredEvent] = {}
        """What the operator has asked in a direct chat, by the session that answers it."""

    def begin(self, session_key: str, event: StoredEvent) -> None:
        """The operator talks with the agent of that session."""
        self._asked[session_key] = event

    def end(self, event: StoredEvent) -> None:
        """What they asked is answered."""
        asked = self._asked.get(event.session_key)
        if asked is not None and asked.id == event.id:
            del self._asked[event.session_key]

    async def ask(self, session_key: str, approval_id: str, summary: str, details: JsonObject) -> None:
        """Put a question, where there is somebody to put it to."""
        event = self._asked.get(session_key)
        if event is None or event.message is None:
            return
        language = language_of(self._desk.world.settings(), [event.message.text])
        shown = str(details.get("command") or summary)[:_LONGEST_SHOWN]
        words = Text("channels.approval", {"summary": shown, "id": approval_id}).render(language)
        draft, parts = notice(self._desk, event.message.chat, words, f"approval:{approval_id}", "approval")
        if parts:
            buttons = tuple(
                Button(Text(f"channels.approval.{word}").render(language), f"/approve {approval_id} {decision}")
                for word, decision in (("once", "once"), ("always", "always"), ("deny", "deny"))
            )
            parts[-1] = replace(parts[-1], buttons=buttons)
        await self._sending.say(draft, parts)
