"""`wizard.*`: the gateway set up by questions, one session at a time in a process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language, Text
from crawdad.services.onboarding.wizard import Step, Wizard
from crawdad.wire.control.schema import FILLED, STRING, Schema, closed, words
from crawdad.wire.control.scopes import ADMIN

_IDLE_SECONDS = 900.0
_START: Schema = closed(
    {
        "mode": words("local", "remote"),
        "workspace": STRING,
        "installDaemon": {"type": "boolean"},
        "flow": words("setup", "channels"),
        "channel": FILLED,
    }
)
_ANSWER: Schema = closed({"stepId": FILLED, "value": {}}, "stepId")
_NEXT: Schema = closed({"sessionId": FILLED, "answer": _ANSWER}, "sessionId")
_SESSION: Schema = closed({"sessionId": FILLED}, "sessionId")


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    wizard = _Wizards(control)
    step = "done, step?{id, type, title, message, options?, …}, status, error?"
    return [
        Method("wizard.start", ADMIN, wizard.start, _START, f"{{sessionId, {step}}}"),
        Method("wizard.next", ADMIN, wizard.next, _NEXT, f"{{{step}}}"),
        Method("wizard.cancel", ADMIN, wizard.cancel, _SESSION, "{status, error?}"),
        Method("wizard.status", ADMIN, wizard.status, _SESSION, "{status, error?}"),
    ]


@dataclass(slots=True)
class _Session:
    id: str
    owner: str
    wizard: Wizard
    touched: float
    status: str = "running"
    error: str = ""
    busy: bool = field(default=False)


class _Wizards:
    def __init__(self, control: Control) -> None:
        self._control = control
        self._session: _Session | None = None

    async def start(self, asked: Asked) -> Any:
        if asked.params.get("mode") == "remote" or asked.params.get("flow") == "channels":
            raise bad_request("wizard.only_local", "mode")
        now, running = self._control.clock.monotonic(), self._session
        if running is not None and running.status == "running" and now - running.touched < _IDLE_SECONDS:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("wizard.running"))
        wizard = Wizard(str(asked.params.get("workspace") or "").strip())
        owner = asked.connection.admitted.principal.id
        self._session = _Session(self._control.randomness.new_id(), owner, wizard, now)
        return {"sessionId": self._session.id, **_told(self._session, asked.language)}

    async def next(self, asked: Asked) -> Any:
        session = self._find(asked)
        answer = asked.params.get("answer")
        if session.status == "running" and answer is not None:
            if session.busy or session.wizard.step is None or answer["stepId"] != session.wizard.step.id:
                raise bad_request("wizard.other_step", "stepId")
            session.wizard.answer(answer.get("value"))
            if session.wizard.ended:
                await self._finish(session, asked.language)
        return _told(session, asked.language)

    async def cancel(self, asked: Asked) -> Any:
        session = self._find(asked)
        if session.status == "running" and not session.busy:
            session.status = "cancelled"
        return _standing(session)

    async def status(self, asked: Asked) -> Any:
        return _standing(self._find(asked))

    async def _finish(self, session: _Session, language: Language) -> None:
        """Write what was answered, if it was wanted."""
        patch = session.wizard.patch
        if patch is None:
            session.status = "cancelled"
            return
        session.busy = True
        try:
            shown = await self._control.configuration.show()
            base = shown.hash if shown.exists else None
            await self._control.configuration.patch(orjson.dumps(patch).decode(), base)
            session.status = "done"
        except GatewayError as error:
            session.status, session.error = "error", error.message(language)
        finally:
            session.busy = False

    def _find(self, asked: Asked) -> _Session:
        """The session, for whoever began it. Raises NOT_FOUND."""
        session = self._session
        if session is None or session.id != asked.params["sessionId"]:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("wizard.not_found"))
        if session.owner != asked.connection.admitted.principal.id:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("wizard.not_found"))
        session.touched = self._control.clock.monotonic()
        return session


def _told(session: _Session, language: Language) -> JsonObject:
    if session.status != "running" or session.wizard.step is None:
        return {"done": True, **_standing(session)}
    return {"done": False, "step": _shown(session.wizard.step, language), "status": "running"}


def _standing(session: _Session) -> JsonObject:
    told: JsonObject = {"status": session.status}
    return {**told, "error": session.error} if session.error else told


def _shown(step: Step, language: Language) -> JsonObject:
    told: JsonObject = {
        "id": step.id,
        "type": step.kind,
        "title": step.title.render(language),
        "message": step.message.render(language),
    }
    if step.options:
        told["options"] = [
            {"value": value, "label": label if isinstance(label, str) else label.render(language)}
            for value, label in step.options
        ]
    if step.initial is not None:
        told["initialValue"] = step.initial
    if step.placeholder:
        told["placeholder"] = step.placeholder
    return {**told, "sensitive": True} if step.sensitive else told
