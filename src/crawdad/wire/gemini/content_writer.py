"""Messages -> Google's contents.

Google's own requests are written back turn by turn. Requests of other protocols are arranged as Google wants them: one
`model` content a step, and directly after a step with function calls one `user` content with exactly one function response
for each of them, in the order of the calls. A result that never came is told as an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    Message,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.core.request import ModelRequest
from crawdad.core.text import Text
from crawdad.wire.gemini.part_writer import (
    SKIP_SIGNATURE,
    call_part,
    inner_fields,
    is_media,
    media_data,
    result_value,
    text_part,
)
from crawdad.wire.gemini.spelling import NAME, google_name
from crawdad.wire.profile import Profile

_FILLER = "."
_NO_RESULT = {"error": "No result was returned for this call."}


@dataclass(slots=True)
class _Turn:
    """One Content: its parts, and for a step with calls which of them were answered."""

    role: str
    parts: list[JsonObject] = field(default_factory=list)
    extra: JsonObject = field(default_factory=dict)
    calls: dict[str, JsonObject] = field(default_factory=dict)
    """For each call id the bare function response that tells that no result came."""
    answers: dict[str, list[JsonObject]] = field(default_factory=dict)

    def body(self) -> JsonObject:
        return {"role": self.role, "parts": self.parts, **self.extra}


class ContentWriter:
    """Writes the turns of one request."""

    def __init__(self, request: ModelRequest, profile: Profile) -> None:
        self._native = request.protocol == NAME
        self._profile = profile
        self._messages = request.messages
        self._turns: list[_Turn] = []
        self._homes: dict[str, _Turn] = {}

    def write(self) -> tuple[JsonObject | None, list[JsonObject]]:
        """`(systemInstruction, contents)`."""
        system: _Turn | None = None
        for message in self._messages:
            if message.role in ("system", "developer") and not self._turns:
                system = system or _Turn("user")
                self._system(system, message)
            elif self._native:
                self._native_message(message)
            elif message.role == "tool":
                self._results(message)
            else:
                self._message(message)
        contents = [body for turn in self._turns if turn.parts for body in self._spoken(turn)]
        if contents and contents[0]["role"] == "model" and not self._native:  # Google wants the user to begin
            contents.insert(0, {"role": "user", "parts": [{"text": _FILLER}]})
        if system is None or not system.parts:
            return None, contents
        if not contents and not self._native:  # Google answers nothing but a user
            return None, [{"role": "user", "parts": system.parts}]
        return {"parts": system.parts, **system.extra}, contents

    def _system(self, system: _Turn, message: Message) -> None:
        if self._native:
            system.extra |= {key: value for key, value in message.extra.items() if key != "top_level"}
        for part in message.parts:
            self._part(system, part)

    def _native_message(self, message: Message) -> None:
        role = "model" if message.role == "assistant" else "user"
        if message.extra.get("continues") and self._turns:
            turn = self._turns[-1]
        else:
            extra = dict(message.extra)
            spoken = extra.pop("role", role)
            turn = _Turn(role if spoken == "system" else spoken, extra=extra)
            self._turns.append(turn)
        for part in message.parts:
            self._part(turn, part)
        self._skip_signature(turn)

    def _message(self, message: Message) -> None:
        role = "model" if message.role == "assistant" else "user"
        last = self._turns[-1] if self._turns else None
        joins = last is not None and last.role == role == "model" and not last.answers
        turn = last if last is not None and joins else _Turn(role)
        for part in message.parts:
            if isinstance(part, ToolResultPart):
                self._results(Message("tool", [part]))
            else:
                self._part(turn, part)
        if turn.parts and not joins:
            self._turns.append(turn)
        self._skip_signature(turn)

    def _results(self, message: Message) -> None:
        for part in message.parts:
            if not isinstance(part, ToolResultPart):
                continue
            home = self._homes.get(part.call_id)
            if home is not None and part.call_id not in home.answers:
                home.answers[part.call_id] = self._result(part)
            else:  # it answers no call (the client forgot it), so Google would not take it as a response
                turn = _Turn("user", [{"text": f"Result of tool call {part.call_id}:"}])
                for inner in part.content:
                    self._part(turn, inner)
                self._turns.append(turn)

    def _spoken(self, turn: _Turn) -> list[JsonObject]:
        if self._native or not turn.calls or (not turn.answers and turn is self._turns[-1]):
            return [turn.body()]
        answers = [turn.answers.get(call_id) or [missing] for call_id, missing in turn.calls.items()]
        # Function responses first; media that could not travel inside them follows.
        parts = [answer[0] for answer in answers] + [part for answer in answers for part in answer[1:]]
        return [turn.body(), {"role": "user", "parts": parts}]

    def _skip_signature(self, turn: _Turn) -> None:
        if self._profile.thinking_levels and turn.role == "model":
            first = next((part for part in turn.parts if "functionCall" in part), None)
            if first is not None and "thoughtSignature" not in first:
                first["thoughtSignature"] = SKIP_SIGNATURE

    def _part(self, turn: _Turn, part: Part) -> None:
        native = self._native
        if isinstance(part, TextPart):
            if native or part.text:
                signature, extra = (part.signature, part.extra) if native else (None, {})
                turn.parts.append(text_part(part.text, signature, extra))
        elif isinstance(part, ThinkingPart):
            if part.origin == NAME and (native or part.signature):
                turn.parts.append(text_part(part.text, part.signature, part.extra if native else {}, thought=True))
        elif isinstance(part, MediaPart):
            turn.parts.append(self._media(part))
        elif isinstance(part, ToolCallPart):
            self._call(turn, part)
        elif isinstance(part, ToolResultPart):
            turn.parts += self._result(part)
        elif isinstance(part, OpaquePart):
            if part.protocol == NAME:
                turn.parts.append(part.raw)
            elif part.text:
                turn.parts.append({"text": part.text})
        elif isinstance(part, RefusalPart) and part.text:
            turn.parts.append({"text": part.text})

    def _media(self, part: MediaPart) -> JsonObject:
        if part.file_id and not self._native:
            raise GatewayError(
                ErrorKind.BAD_REQUEST,
                Text("wire.cannot_say", {"protocol": NAME, "feature": f"{part.kind} files by id"}),
                {"code": "unsupported_content"},
            )
        body = media_data(part, self._native, self._native or self._profile.vertex)
        return {**part.extra.get("part", {}), **body} if self._native else body

    def _call(self, turn: _Turn, part: ToolCallPart) -> None:
        body = call_part(part, self._wire_name(part), self._native)
        turn.parts.append(body)
        missing: JsonObject = {"name": body["functionCall"]["name"], "response": dict(_NO_RESULT)}
        if part.id:
            missing = {"id": part.id, **missing}
        turn.calls[part.id] = {"functionResponse": missing}
        self._homes[part.id] = turn

    def _result(self, part: ToolResultPart) -> list[JsonObject]:
        native = self._native
        response: JsonObject = {}
        call_id = part.extra.get("id", part.call_id) if native else part.call_id
        if call_id:
            response["id"] = call_id
        response["name"] = self._result_name(part)
        response["response"] = result_value(part, native)
        media = [self._media(item) for item in part.content if isinstance(item, MediaPart) and is_media(item)]
        if native:
            media += [item.raw for item in part.content if isinstance(item, OpaquePart) and item.protocol == NAME]
            response |= inner_fields(part.extra)
        # Gemini 3 takes media inside the response; earlier models take it beside.
        if media and (native or self._profile.thinking_levels):
            response["parts"] = media
            media = []
        outer = part.extra.get("part", {}) if native else {}
        return [{"functionResponse": response, **outer}, *media]

    def _result_name(self, part: ToolResultPart) -> str:
        if self._native and part.name:
            return google_name(part.name)
        home = self._homes.get(part.call_id)
        if home is not None:
            name: str = home.calls[part.call_id]["functionResponse"]["name"]
            return name
        return google_name(part.name or "unknown_tool")

    @staticmethod
    def _wire_name(part: ToolCallPart) -> str:
        return google_name(f"{part.namespace}__{part.name}" if part.namespace else part.name)
