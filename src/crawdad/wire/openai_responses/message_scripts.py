"""How the words of an answer are told: texts and refusals, as the content of message items."""

from __future__ import annotations

from crawdad.core.events import PartDelta
from crawdad.core.parts import Citation, JsonObject, RefusalPart, TextPart, TokenLogprob
from crawdad.wire.openai_responses.annotations import write_annotation, write_logprob
from crawdad.wire.openai_responses.content import ITEM, plain
from crawdad.wire.openai_responses.output import Output
from crawdad.wire.openai_responses.support import NAME


def message_fields(part: TextPart | RefusalPart) -> JsonObject | None:
    """The fields of the message item that begins with `part`; None where the part goes on with an open one."""
    fields = part.extra.get(ITEM)
    return fields if isinstance(fields, dict) else None


class MessageItem:
    """The message item that consecutive texts and refusals share. It is closed by whoever opened it."""

    def __init__(self, output: Output, fields: JsonObject) -> None:
        self._output = output
        self._fields = {key: value for key, value in fields.items() if key != "id"}
        self.index, self.id = output.place("message", fields.get("id"))
        self.content: list[JsonObject] = []
        self.open_parts = 0
        self.left = False
        """Something else has begun: the item ends with its last open part."""

    def added(self) -> JsonObject:
        """The event that opens the item."""
        return self._output.added(self.index, self.resource("in_progress", []))

    def done(self, status: str = "completed") -> JsonObject:
        """The event that closes it."""
        return self._output.done(self.index, self.resource(status, self.content))

    def resource(self, status: str, content: list[JsonObject]) -> JsonObject:
        """The item itself."""
        return {
            **self._fields,
            "id": self.id,
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }


class TextScript:
    """A text, as one `output_text` of a message."""

    def __init__(self, output: Output, message: MessageItem, part: TextPart) -> None:
        self._output, self._message, self._part = output, message, part
        self._at = {"item_id": message.id, "output_index": message.index, "content_index": len(message.content)}
        self._content: JsonObject = plain(part.extra) if output.own else {}
        message.content.append(self._content)
        message.open_parts += 1
        self._pieces: list[str] = []
        self._annotations: list[JsonObject] = []
        self._late: list[Citation] = []
        self._logprobs: list[JsonObject] = []

    def start(self) -> list[JsonObject]:
        part = self._part
        empty = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
        events = [self._output.say("response.content_part.added", **self._at, part=empty)]
        self._tell(events, part.text, part.logprobs, part.citations)
        return events

    def delta(self, delta: PartDelta) -> list[JsonObject]:
        events: list[JsonObject] = []
        self._tell(events, delta.text, delta.logprobs, delta.citations)
        return events

    def _tell(
        self,
        events: list[JsonObject],
        text: str,
        logprobs: list[TokenLogprob] | None,
        citations: list[Citation] | None,
    ) -> None:
        if text or logprobs:
            self._pieces.append(text)
            written = [write_logprob(token) for token in logprobs] if logprobs else []
            self._logprobs += written
            self._output.number += 1
            events.append(
                {
                    "type": "response.output_text.delta",
                    **self._at,
                    "delta": text,
                    "logprobs": written,
                    "sequence_number": self._output.number,
                }
            )
        for citation in citations or ():
            if citation.protocol == NAME or citation.end is not None:
                events.append(self._annotate(citation, ""))
            else:
                self._late.append(citation)  # it covers the whole text, however long that gets

    def _annotate(self, citation: Citation, text: str) -> JsonObject:
        annotation = write_annotation(citation, text)
        self._annotations.append(annotation)
        return self._output.say(
            "response.output_text.annotation.added",
            **self._at,
            annotation_index=len(self._annotations) - 1,
            annotation=annotation,
        )

    def settle(self) -> str:
        """Put what was told so far into the message. Gives the text."""
        text = "".join(self._pieces)
        self._content.update(
            {"type": "output_text", "annotations": self._annotations, "logprobs": self._logprobs, "text": text}
        )
        return text

    def end(self) -> list[JsonObject]:
        text = self.settle()
        events = [self._annotate(citation, text) for citation in self._late]
        say = self._output.say
        events.append(say("response.output_text.done", **self._at, text=text, logprobs=self._logprobs))
        events.append(say("response.content_part.done", **self._at, part=self._content))
        return events


class RefusalScript:
    """A refusal, as content of a message."""

    def __init__(self, output: Output, message: MessageItem, part: RefusalPart) -> None:
        self._output, self._part = output, part
        self._at = {"item_id": message.id, "output_index": message.index, "content_index": len(message.content)}
        self._content: JsonObject = {"type": "refusal", "refusal": ""}
        message.content.append(self._content)
        message.open_parts += 1
        self._pieces: list[str] = []
        output.refused = True

    def start(self) -> list[JsonObject]:
        added = self._output.say("response.content_part.added", **self._at, part={"type": "refusal", "refusal": ""})
        return [added, *self._tell(self._part.text)]

    def delta(self, delta: PartDelta) -> list[JsonObject]:
        return self._tell(delta.text)

    def _tell(self, text: str) -> list[JsonObject]:
        if not text:
            return []
        self._pieces.append(text)
        return [self._output.say("response.refusal.delta", **self._at, delta=text)]

    def settle(self) -> str:
        """Put what was told so far into the message. Gives the text."""
        text = self._content["refusal"] = "".join(self._pieces)
        return text

    def end(self) -> list[JsonObject]:
        text = self.settle()
        return [
            self._output.say("response.refusal.done", **self._at, refusal=text),
            self._output.say("response.content_part.done", **self._at, part=self._content),
        ]
