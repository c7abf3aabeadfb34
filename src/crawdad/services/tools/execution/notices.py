"""Telling an agent that a program of its in the background has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawdad.core.agents import SystemEvents
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.tools.execution.output import plain, shortened
from crawdad.services.tools.execution.planning import exec_settings
from crawdad.services.tools.execution.processes import ProgramSession

_TAIL_CHARACTERS = 400
_TAIL_LINES = 20


@dataclass(frozen=True, slots=True)
class ExitNotices:
    """For `ProgramSessions.notify`."""

    events: SystemEvents
    settings: Callable[[], Settings]

    async def tell(self, session: ProgramSession) -> None:
        """Leave a word in the session, where the settings want one."""
        rules = exec_settings(self.settings(), session.owner.agent_id)
        tail = shortened(plain(session.output.text), _TAIL_CHARACTERS, _TAIL_LINES).strip()
        is_quiet = session.status == "completed" and not tail
        if not rules.notify_on_exit or (is_quiet and not rules.notify_on_exit_empty_success):
            return
        status = f"{session.status}, {session.exit_code}"
        words = Text("exec.event", {"label": session.label[:200], "status": status, "tail": tail})
        key, outside = f"exec:{session.id}", session.outside
        await self.events.add(session.owner.session_key, words.render(), key=key, untrusted=outside)
