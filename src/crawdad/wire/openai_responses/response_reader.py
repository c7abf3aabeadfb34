"""An upstream's whole answer, read as the events that a stream of it would have told."""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import GatewayError
from crawdad.core.events import PartEnd, PartStart, StreamEvent
from crawdad.core.parts import Part, RefusalPart, ToolCallPart
from crawdad.wire.fields import check_answer_depth, unreadable
from crawdad.wire.openai_responses.errors import read_error_object
from crawdad.wire.openai_responses.items import read_output_item
from crawdad.wire.openai_responses.stream_reader import message_end, message_start


def read_response(body: Any) -> list[StreamEvent]:
    """The events of a whole Response. Raises the vendor's error where there is one, even in a 200."""
    check_answer_depth(body)
    if not isinstance(body, dict):
        raise unreadable("the answer is not an object")
    output = body.get("output")
    if not isinstance(output, list):
        raise _error_in(body)
    parts: list[Part] = [part for item in output for part in read_output_item(item)]
    called = any(isinstance(part, ToolCallPart) for part in parts)
    refused = any(isinstance(part, RefusalPart) for part in parts)
    closing = message_end(body, called, refused)
    events: list[StreamEvent] = [message_start(body)]
    for index, part in enumerate(parts):
        events += [PartStart(index, part), PartEnd(index)]
    events.append(closing)
    return events


def _error_in(body: dict[str, Any]) -> GatewayError:
    if body.get("error") or body.get("message"):
        return read_error_object(body)
    return unreadable("the answer holds no output")
