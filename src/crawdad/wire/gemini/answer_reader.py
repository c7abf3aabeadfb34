"""GenerateContentResponse objects, one or many, -> stream events.

https://ai.google.dev/api/generate-content#generatecontentresponse. A stream is a row of such objects: parts come whole,
adjacent text goes on where the last chunk's ended, and the newest usage counts. A whole answer is a stream of one.

Google's own metadata goes to `MessageEnd.extra` (`candidates`: one object a candidate, `usageMetadata`, `promptFeedback`),
so that an answer that goes back to a Gemini client loses nothing.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.parts import JsonObject, MediaPart, OpaquePart, TextPart, ThinkingPart, TokenLogprob, ToolCallPart
from crawdad.core.text import Text
from crawdad.core.usage import Usage
from crawdad.wire.fields import as_unix_seconds, unreadable
from crawdad.wire.gemini.grounding import AnswerText, TextSpan, read_citations
from crawdad.wire.gemini.logprobs import merge_logprobs, read_logprobs
from crawdad.wire.gemini.partial_arguments import PartialArguments
from crawdad.wire.gemini.spelling import NAME, guess_media_type, media_kind, own_name, to_json
from crawdad.wire.gemini.stops import UNSPECIFIED, read_stop
from crawdad.wire.gemini.usage import has_counts, read_usage

_MAX_CANDIDATES = 128
_TOP_FIELDS = frozenset({"candidates", "usageMetadata", "promptFeedback", "modelVersion", "responseId"})
_CANDIDATE_FIELDS = frozenset({"content", "finishReason", "finishMessage", "index"})


class _Candidate:
    """One of the alternative answers while it grows."""

    __slots__ = (
        "called",
        "choice",
        "cited",
        "extra",
        "finish",
        "message",
        "open",
        "partial",
        "signed",
        "text",
        "thought",
    )

    def __init__(self, choice: int) -> None:
        self.choice = choice
        self.open = -1  # index of the text or thought part that may go on
        self.thought = False
        self.signed = False
        self.partial: PartialArguments | None = None
        self.called = False
        self.finish: str | None = None
        self.message: str | None = None
        self.extra: JsonObject = {}
        self.text = AnswerText()
        self.cited: set[tuple[object, ...]] = set()


class AnswerReader:
    """Turns the response objects of one answer into events. `end` gives the last ones."""

    __slots__ = ("_candidates", "_feedback", "_next", "_others", "_started", "_usage")

    def __init__(self) -> None:
        self._started = False
        self._next = 0
        self._candidates: dict[int, _Candidate] = {}
        self._usage: JsonObject = {}
        self._feedback: JsonObject | None = None
        self._others: JsonObject = {}

    def take(self, chunk: Any) -> list[StreamEvent]:
        """The events that one response object tells. Raises UPSTREAM_BROKEN where it is no object."""
        if not isinstance(chunk, dict):
            raise unreadable("a response that is no object")
        events: list[StreamEvent] = []
        if not self._started:
            self._start(chunk, events)
        elif not chunk.keys() <= _TOP_FIELDS:
            self._others |= {key: value for key, value in chunk.items() if key not in _TOP_FIELDS}
        usage = chunk.get("usageMetadata")
        if isinstance(usage, dict) and (has_counts(usage) or not self._usage):
            self._usage = usage
        feedback = chunk.get("promptFeedback")
        if isinstance(feedback, dict):
            self._feedback = feedback
        candidates = chunk.get("candidates")
        for candidate in candidates if isinstance(candidates, list) else ():
            if isinstance(candidate, dict):
                self._candidate(candidate, events)
        return events

    def end(self, whole: bool = False) -> list[StreamEvent]:
        """No more is coming. A stream must have told why it stopped; a `whole` answer only that it is one."""
        blocked = self._feedback is not None and bool(self._feedback.get("blockReason"))
        unfinished = any(candidate.finish is None for candidate in self._candidates.values())
        if whole and not (blocked or self._candidates):
            raise unreadable("no candidates")
        if not (blocked or self._candidates) or (unfinished and not whole):
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
        events: list[StreamEvent] = []
        for candidate in self._candidates.values():
            self._close(candidate, events)
        stops = self._stops()
        usage = read_usage(self._usage)
        usage.web_searches = sum(_searches(candidate.extra) for candidate in self._candidates.values())
        extra = self._others
        if self._usage:
            extra["usageMetadata"] = self._usage
        if self._feedback is not None:
            extra["promptFeedback"] = self._feedback
        if any(candidate.extra for candidate in self._candidates.values()):
            extra["candidates"] = [
                self._candidates[i].extra if i in self._candidates else {} for i in range(max(self._candidates) + 1)
            ]
        events.append(MessageEnd(stops[0], usage, stops[1:], extra))
        return events

    def _stops(self) -> list[Stop]:
        if not self._candidates:
            reason = (self._feedback or {}).get("blockReason")
            return [Stop("content_filter", reason if isinstance(reason, str) else None)]
        stops = [Stop("other") for _ in range(max(self._candidates) + 1)]
        for number, candidate in self._candidates.items():
            if candidate.finish is not None:
                stops[number] = read_stop(candidate.finish, candidate.called, candidate.message)
            else:
                stops[number] = Stop("tool_use" if candidate.called else "end")
        return stops

    def _start(self, chunk: JsonObject, events: list[StreamEvent]) -> None:
        self._started = True
        usage = read_usage(chunk.get("usageMetadata"))
        known = None
        if usage.input_tokens is not None:  # what a first chunk says of the output will change
            known = Usage(usage.input_tokens, cache_read_tokens=usage.cache_read_tokens)
        answer_id, model = chunk.get("responseId"), chunk.get("modelVersion")
        extra = {key: value for key, value in chunk.items() if key not in _TOP_FIELDS}
        events.append(
            MessageStart(
                answer_id if isinstance(answer_id, str) else "",
                model if isinstance(model, str) else "",
                as_unix_seconds(chunk.get("createTime")),
                NAME,
                known,
                extra,
            )
        )

    def _candidate(self, raw: JsonObject, events: list[StreamEvent]) -> None:
        number = raw.get("index", 0)
        if type(number) is not int or not 0 <= number < _MAX_CANDIDATES:
            number = 0
        state = self._candidates.get(number)
        if state is None:
            state = self._candidates[number] = _Candidate(number)
        content = raw.get("content")
        parts = content.get("parts") if isinstance(content, dict) else None
        logprobs = read_logprobs(raw["logprobsResult"]) if "logprobsResult" in raw else []
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                self._part(state, part, events)
        for key, value in raw.items():
            if key not in _CANDIDATE_FIELDS and value is not None:
                state.extra[key] = merge_logprobs(state.extra.get(key), value) if key == "logprobsResult" else value
        if logprobs:
            self._attach(state, events, logprobs)
        if "groundingMetadata" in raw or "citationMetadata" in raw:
            self._cite(state, raw, events)
        finish, message = raw.get("finishReason"), raw.get("finishMessage")
        if isinstance(finish, str) and finish and finish != UNSPECIFIED:
            state.finish = finish
        if isinstance(message, str):
            state.message = message
            state.extra["finishMessage"] = message

    # Parts

    def _part(self, state: _Candidate, part: JsonObject, events: list[StreamEvent]) -> None:
        text = part.get("text")
        signature = part.get("thoughtSignature")
        if not isinstance(signature, str):
            signature = None
        if isinstance(text, str) or (signature is not None and len(part) == 1):
            if text or signature:
                self._text(state, text or "", part.get("thought") is True, signature, events)
            return
        call = part.get("functionCall")
        if isinstance(call, dict):
            self._call(state, call, part, signature, events)
            return
        if not part:
            return
        self._close(state, events)
        blob, file = part.get("inlineData"), part.get("fileData")
        if part.get("thought") is True:  # a picture from the middle of thinking is not part of the answer
            self._whole(OpaquePart(NAME, "thought", part), state, events)
        elif isinstance(blob, dict):
            self._whole(_media(blob, part, "inlineData"), state, events)
        elif isinstance(file, dict):
            self._whole(_media(file, part, "fileData"), state, events)
        else:
            kind = next((key for key in part if key != "thoughtSignature"), "part")
            self._whole(OpaquePart(NAME, kind, part), state, events)

    def _whole(self, part: MediaPart | OpaquePart, state: _Candidate, events: list[StreamEvent]) -> None:
        events += (PartStart(self._next, part, state.choice), PartEnd(self._next))
        self._next += 1

    def _text(
        self, state: _Candidate, text: str, thought: bool, signature: str | None, events: list[StreamEvent]
    ) -> None:
        if state.open < 0 or state.thought is not thought or (signature and state.signed):
            self._close(state, events)
            state.open = self._next
            state.thought = thought
            self._next += 1
            if not thought:
                state.text.spans.append(TextSpan(state.open))
            part = ThinkingPart(summary=True, origin=NAME) if thought else TextPart()
            events.append(PartStart(state.open, part, state.choice))
        if signature:
            state.signed = True
        if text and not thought:
            state.text.add(text)
        events.append(PartDelta(state.open, text, signature))

    def _call(
        self, state: _Candidate, call: JsonObject, part: JsonObject, signature: str | None, events: list[StreamEvent]
    ) -> None:
        state.called = True
        partial = state.partial
        name = call.get("name")
        if partial is None or (isinstance(name, str) and name):
            self._close(state, events)
            extra = {key: value for key, value in part.items() if key not in ("functionCall", "thoughtSignature")}
            call_id = call.get("id")
            opened = ToolCallPart(
                call_id if isinstance(call_id, str) else "",
                own_name(name) if isinstance(name, str) else "",
                signature=signature,
                origin=NAME if signature else "",
                extra={"part": extra} if extra else {},
            )
            events.append(PartStart(self._next, opened, state.choice))
            partial = state.partial = PartialArguments(self._next, call.get("args"))
            self._next += 1
        partial.add(call.get("partialArgs"))
        if call.get("willContinue") is not True:
            self._close(state, events)

    def _close(self, state: _Candidate, events: list[StreamEvent]) -> None:
        if state.open >= 0:
            events.append(PartEnd(state.open))
            state.open = -1
            state.signed = False
        partial = state.partial
        if partial is not None:
            events += (PartDelta(partial.index, to_json(partial.value).decode()), PartEnd(partial.index))
            state.partial = None

    # What a candidate says about its text

    def _attach(self, state: _Candidate, events: list[StreamEvent], logprobs: list[TokenLogprob]) -> None:
        if state.text.spans:
            self._insert(PartDelta(state.text.spans[-1].index, logprobs=logprobs), state, events)

    def _cite(self, state: _Candidate, raw: JsonObject, events: list[StreamEvent]) -> None:
        spans = [span.index for span in state.text.spans]
        reachable = {event.index for event in events if isinstance(event, PartEnd)} & set(spans)
        if state.open >= 0 and not state.thought:
            reachable.add(state.open)
        found: dict[int, PartDelta] = {}
        for index, citation in read_citations(raw, state.text):
            if index not in reachable:
                # The part it belongs to has ended in an earlier chunk: it is told of the newest text as a whole.
                citation.start = citation.end = None
                index = max(reachable, default=-1)
            key = (index, citation.start, citation.end, citation.url, citation.title, citation.cited_text)
            if index is None or index < 0 or key in state.cited:
                continue
            state.cited.add(key)
            found.setdefault(index, PartDelta(index, citations=[]))
            citations = found[index].citations
            if citations is not None:
                citations.append(citation)
        for delta in found.values():
            self._insert(delta, state, events)

    def _insert(self, delta: PartDelta, state: _Candidate, events: list[StreamEvent]) -> None:
        """Add a delta for a text part that is open, or that ended among `events`."""
        end = PartEnd(delta.index)
        if end in events:
            events.insert(events.index(end), delta)
        elif delta.index == state.open:
            events.append(delta)


def _media(data: JsonObject, part: JsonObject, key: str) -> MediaPart:
    media_type, name = data.get("mimeType"), data.get("displayName")
    uri = data.get("fileUri")
    if not isinstance(media_type, str):
        media_type = guess_media_type("document", uri if isinstance(uri, str) else None)
    result = MediaPart(media_kind(media_type), media_type=media_type, name=name if isinstance(name, str) else None)
    if key == "inlineData":
        content = data.get("data")
        result.data = content if isinstance(content, str) else ""
    else:
        result.url = uri if isinstance(uri, str) else ""
    outer = {name: value for name, value in part.items() if name != key}
    if outer:
        result.extra = {"part": outer}
    return result


def _searches(extra: JsonObject) -> int:
    metadata = extra.get("groundingMetadata")
    queries = metadata.get("webSearchQueries") if isinstance(metadata, dict) else None
    return sum(1 for query in queries if query) if isinstance(queries, list) else 0
