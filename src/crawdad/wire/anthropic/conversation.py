"""The conversation as the vendor insists on it.

A request that was read from this protocol goes back message by message. One from another protocol is rearranged: roles
alternate and begin with `user`, instructions move into `system`, results stand directly after the calls they answer and
first in their message, thinking comes first, and nothing is empty.
"""

from __future__ import annotations

from collections import defaultdict, deque

from crawdad.core.parts import JsonObject, MediaPart, Message, TextPart, ToolCallPart, ToolResultPart
from crawdad.core.request import ModelRequest
from crawdad.wire.anthropic.blocks_writer import write_block, write_blocks
from crawdad.wire.anthropic.identifiers import encode
from crawdad.wire.fields import rest

NO_RESULT = "No result was recorded for this tool call."
_FILLER = "."  # the vendor wants the user to begin and text to be more than white space

_MARKS = frozenset({"top_level", "continued"})
_ROLES = {"user": "user", "tool": "user", "assistant": "assistant", "system": "system", "developer": "system"}


def native_conversation(request: ModelRequest) -> tuple[list[JsonObject], list[JsonObject]]:
    """`(system, messages)` of a request that was read from this protocol, as the client arranged them."""
    system: list[JsonObject] = []
    messages: list[JsonObject] = []
    for message in request.messages:
        blocks = write_blocks(message.parts, True)
        role = _ROLES[message.role]
        if message.extra.get("top_level"):
            system += blocks
        elif message.extra.get("continued") and messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        elif blocks or not message.parts:  # a message of nothing but another vendor's thinking goes
            messages.append({**rest(message.extra, _MARKS), "role": role, "content": blocks})
    return system, messages


def foreign_conversation(request: ModelRequest) -> tuple[list[JsonObject], list[JsonObject]]:
    """`(system, messages)` of a request from another protocol."""
    return _Arrangement(request).finish()


class _Arrangement:
    """Collects blocks turn by turn."""

    def __init__(self, request: ModelRequest) -> None:
        self.system: list[JsonObject] = []
        self.messages: list[JsonObject] = []
        self._results: dict[str, deque[ToolResultPart]] = defaultdict(deque)
        self._placed: set[int] = set()
        self._used_ids: set[str] = set()
        self._answers: list[JsonObject | None] = []
        for message in request.messages:
            for part in message.parts:
                if isinstance(part, ToolResultPart):
                    self._results[part.call_id].append(part)
        for message in request.messages:
            self._add_message(message)
        self._answer_calls()

    def finish(self) -> tuple[list[JsonObject], list[JsonObject]]:
        """What was collected, with a user's turn at the beginning and no white space hanging from the end."""
        if not self.messages and self.system:
            return [], [{"role": "user", "content": self.system}]  # nobody spoke yet: the instructions are the question
        if self.messages and self.messages[0]["role"] == "assistant":
            self.messages.insert(0, {"role": "user", "content": [_text(_FILLER)]})
        for message in self.messages:
            message["content"] = _ordered(message)
        if self.messages and self.messages[-1]["role"] == "assistant":
            last = self.messages[-1]["content"][-1]
            if last["type"] == "text":
                last["text"] = last["text"].rstrip()
        return self.system, self.messages

    def _add_message(self, message: Message) -> None:
        role = _ROLES[message.role]
        if role == "system":
            self.system += write_blocks(message.parts, False)
        elif role == "assistant":
            self._add_assistant(message)
        else:
            self._answer_calls()
            for part in message.parts:
                if not isinstance(part, ToolResultPart):
                    self._add("user", [write_block(part, False)])
                elif id(part) not in self._placed:
                    self._add("user", self._orphan(part))

    def _add_assistant(self, message: Message) -> None:
        for part in message.parts:
            block = write_block(part, False)
            if isinstance(part, MediaPart):
                self._answers.append(block)  # the vendor takes no pictures from the assistant: the user shows them
                continue
            if isinstance(part, ToolCallPart) and block is not None:
                block["id"] = self._unique(block["id"])
                self._answers.append(self._answer(part, block["id"]))
            self._add("assistant", [block])

    def _answer_calls(self) -> None:
        """The assistant's turn is over: what answers its calls comes next."""
        self._add("user", self._answers)
        self._answers = []

    def _unique(self, call_id: str) -> str:
        """`call_id` if no call has it yet; some clients number their calls anew in every turn, or not at all."""
        candidate, count = call_id or "call", 1
        while candidate in self._used_ids:
            count += 1
            candidate = f"{call_id or 'call'}_{count}"
        self._used_ids.add(candidate)
        return candidate

    def _answer(self, call: ToolCallPart, wire_id: str) -> JsonObject | None:
        results = self._results.get(call.id)
        if not results:
            content = [_text(NO_RESULT)]
            return {"type": "tool_result", "tool_use_id": wire_id, "content": content, "is_error": True}
        part = results.popleft()
        self._placed.add(id(part))
        block = write_block(part, False)
        return None if block is None else {**block, "tool_use_id": wire_id}

    def _orphan(self, part: ToolResultPart) -> list[JsonObject | None]:
        """A result whose call is not in the conversation (the client forgot it): told as plain content."""
        self._results[part.call_id].remove(part)
        title = TextPart(f"Result of tool call {encode(part.call_id)}:")
        return [write_block(item, False) for item in (title, *part.content)]

    def _add(self, role: str, blocks: list[JsonObject | None]) -> None:
        said = [block for block in blocks if block is not None]
        if not said:
            return
        if self.messages and self.messages[-1]["role"] == role:
            self.messages[-1]["content"] += said
        else:
            self.messages.append({"role": role, "content": said})


def _ordered(message: JsonObject) -> list[JsonObject]:
    """The blocks of one turn: results first for the user, thinking first for the assistant where any is there."""
    blocks: list[JsonObject] = message["content"]
    first = ("tool_result",) if message["role"] == "user" else ("thinking", "redacted_thinking")
    if blocks[0]["type"] in first and message["role"] == "assistant":
        return blocks  # thinking may go on between calls
    return sorted(blocks, key=lambda block: block["type"] not in first)


def _text(text: str) -> JsonObject:
    return {"type": "text", "text": text}
