"""Items, written: the `input` array that tells a conversation of any protocol.

A request that was read in this protocol goes out item by item as it came in. One that comes from another protocol is
told in the plainest items, and what the vendor would reject is mended: calls without a result get one, ids are cut to
the permitted length.
"""

from __future__ import annotations

import hashlib
from collections import Counter

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
from crawdad.wire.openai_responses.content import (
    AS_LIST,
    AS_STRING,
    GENERATED,
    ITEM,
    plain,
    write_input_part,
    write_output_part,
)
from crawdad.wire.openai_responses.support import NAME
from crawdad.wire.openai_responses.tools import upstream_name

MAX_CALL_ID = 64
"""The vendor rejects longer call ids."""
NO_RESULT = "Error: the tool gave no result."


class ItemWriter:
    """Writes the items of one request. `notes` says what had to be left out beyond what the support table tells."""

    def __init__(self, request: ModelRequest, developer_role: bool) -> None:
        self.items: list[JsonObject] = []
        self.notes: list[str] = []
        self._own = request.protocol == NAME
        self._developer_role = developer_role
        self._custom_calls: set[str] = set()
        self._answered = {
            part.call_id for message in request.messages for part in message.parts if isinstance(part, ToolResultPart)
        }
        self._waiting: Counter[str] = Counter()  # calls whose results are still to come

    def write(self, message: Message) -> None:
        """Add the items that tell `message`."""
        if message.role == "assistant":
            self._write_assistant(message)
        elif message.role == "tool":
            self._write_parts(message, [])
        else:
            self._write_message(message)

    def _write_message(self, message: Message) -> None:
        """A message of a user, system or developer. Tool results among its parts become items of their own, first."""
        rest: list[Part] = []
        self._write_parts(message, rest)
        if not self._own:
            content = [written for part in rest if (written := write_input_part(part, False)) is not None]
            if content:
                self.items.append({"type": "message", "role": self._role(message), "content": content})
            return
        fields = message.extra.get(ITEM, {"type": "message"})
        parts = message.parts
        if AS_STRING in message.extra and len(parts) == 1 and isinstance(parts[0], TextPart):
            self.items.append({**fields, "role": self._role(message), "content": parts[0].text})
        elif rest or not parts:
            content = [written for part in rest if (written := write_input_part(part, True)) is not None]
            self.items.append({**fields, "role": self._role(message), "content": content})

    def _role(self, message: Message) -> str:
        return "system" if message.role == "developer" and not self._developer_role else message.role

    def _write_parts(self, message: Message, rest: list[Part]) -> None:
        """Tool results become items; every other part goes to `rest`."""
        for part in message.parts:
            if not isinstance(part, ToolResultPart):
                rest.append(part)
            elif self._own or self._waiting[part.call_id]:
                self._waiting[part.call_id] -= 1
                self.items.append(self._result(part))
            else:  # it answers no call (the client forgot it): told as plain content
                words = [TextPart(f"Result of tool call {part.call_id}:"), *part.content]
                content = [written for inner in words if (written := write_input_part(inner, False)) is not None]
                self.items.append({"type": "message", "role": "user", "content": content})

    def _write_assistant(self, message: Message) -> None:
        if not message.parts and self._own:
            self.items.append({**message.extra.get(ITEM, {"type": "message"}), "role": "assistant", "content": []})
        words: list[TextPart | RefusalPart] = []
        unanswered: list[ToolCallPart] = []
        for part in message.parts:
            if isinstance(part, OpaquePart) and part.protocol != NAME and part.text:
                part = TextPart(part.text)
            if isinstance(part, (TextPart, RefusalPart)):
                if self._own and ITEM in part.extra:
                    self._flush(words)
                words.append(part)
                continue
            self._flush(words)
            item = self._item(part)
            if item is not None:
                self.items.append(item)
            if isinstance(part, ToolCallPart) and part.id not in self._answered and not self._own:
                unanswered.append(part)
        self._flush(words)
        for call in unanswered:
            self.items.append(self._result(ToolResultPart(call.id, [TextPart(NO_RESULT)])))

    def _flush(self, words: list[TextPart | RefusalPart]) -> None:
        """Write the words gathered so far as one message item."""
        if not words:
            return
        first = words[0]
        fields: JsonObject = {"type": "message"}
        if self._own:
            fields = first.extra.get(ITEM, fields)
            as_string = AS_STRING in first.extra
        else:
            words[:] = [part for part in words if part.text]
            as_string = isinstance(first, TextPart) and not first.citations
        if as_string and len(words) == 1:
            self.items.append({**fields, "role": "assistant", "content": words[0].text})
        elif words:
            content = [write_output_part(part, self._own) for part in words]
            self.items.append({**fields, "role": "assistant", "content": content})
        words.clear()

    def _item(self, part: Part) -> JsonObject | None:
        if isinstance(part, ToolCallPart):
            return self._call(part)
        if isinstance(part, ThinkingPart):
            return self._reasoning(part)
        if isinstance(part, OpaquePart):
            return part.raw if part.protocol == NAME else None
        if isinstance(part, ToolResultPart):
            return self._result(part)
        return self._generated(part) if isinstance(part, MediaPart) else None

    def _call(self, part: ToolCallPart) -> JsonObject:
        name = part.name if self._own else upstream_name(part.name)
        self._waiting[part.id] += 1
        item: JsonObject = {"type": "function_call", "call_id": self._id(part.id), "name": name}
        if part.namespace is not None:
            item["namespace"] = part.namespace
        if part.custom:
            self._custom_calls.add(part.id)
            item["type"] = "custom_tool_call"
            item["input"] = part.arguments
        else:
            item["arguments"] = part.arguments if self._own else part.arguments or "{}"
        if self._own:
            item.update(part.extra)
        return item

    def _result(self, part: ToolResultPart) -> JsonObject:
        custom = part.custom or part.call_id in self._custom_calls
        item: JsonObject = {
            "type": "custom_tool_call_output" if custom else "function_call_output",
            "call_id": self._id(part.call_id),
            "output": self._output(part),
        }
        if self._own:
            item.update(plain(part.extra))
        return item

    def _output(self, part: ToolResultPart) -> str | list[JsonObject]:
        content = [written for inner in part.content if (written := write_input_part(inner, self._own)) is not None]
        if part.is_error and not self._own:
            _say_error(content)
        if not content and AS_LIST not in part.extra:
            return ""
        if len(content) == 1 and content[0]["type"] == "input_text" and not (self._own and AS_LIST in part.extra):
            return str(content[0]["text"])
        return content

    def _reasoning(self, part: ThinkingPart) -> JsonObject | None:
        """Reasoning means something only to the vendor who made it; elsewhere than at home only in its encrypted form."""
        if part.origin != NAME:
            return None
        if self._own and part.extra:
            return {"type": "reasoning", **part.extra}
        if part.encrypted is None:
            self._note("reasoning without its encrypted form: dropped")
            return None
        summary = [{"type": "summary_text", "text": part.text}] if part.text else []
        item: JsonObject = {"type": "reasoning", "summary": summary, "encrypted_content": part.encrypted}
        if part.id is not None:
            item["id"] = part.id
        return item

    def _generated(self, part: MediaPart) -> JsonObject | None:
        if self._own and GENERATED in part.extra:
            return {"type": "image_generation_call", **part.extra[GENERATED], "result": part.data}
        if part.kind == "image" and part.data is not None:
            item_id = f"ig_{hashlib.sha256(part.data.encode()).hexdigest()[:32]}"
            return {"type": "image_generation_call", "id": item_id, "status": "completed", "result": part.data}
        self._note(f"{part.kind} in an answer: dropped")
        return None

    def _id(self, call_id: str) -> str:
        if len(call_id) <= MAX_CALL_ID or self._own:
            return call_id
        return "call_" + hashlib.sha256(call_id.encode()).hexdigest()[:40]

    def _note(self, text: str) -> None:
        note = f"{text} ({NAME})"
        if note not in self.notes:
            self.notes.append(note)


def _say_error(content: list[JsonObject]) -> None:
    """The protocol cannot mark a result as an error, so its text must tell."""
    for written in content:
        if written["type"] == "input_text":
            if "error" not in written["text"][:60].lower():
                written["text"] = f"Error: {written['text']}"
            return
    content.insert(0, {"type": "input_text", "text": "Error: the tool failed."})
