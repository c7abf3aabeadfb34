"""OpenAI responses, also published as Open Responses: the protocol of Codex and of OpenAI's newer SDKs.

Specification: https://platform.openai.com/docs/api-reference/responses and https://www.openresponses.org.

Everything is an item. A request's `input` and an answer's `output` are flat lists of them: messages with content parts,
reasoning, calls and their outputs, and whatever server-side tools do. So there is one reader of items (`items`) for both
directions, and one place for each way of telling them: `item_writer` for requests to upstreams, `message_scripts` and
`scripts` for events to clients. What the vocabulary has no word for is an `OpaquePart`, or stays in `extra`, and goes
back as it came.

Answers have one writer, too: `stream_writer.EventWriter` makes event objects. Framed as SSE they are the stream; the last
of them holds the whole Response, which is the reply that is not streamed; unframed they are the frames of the WebSocket
form (`frames`) and what a service keeps of a stored or background response (`resource`).

Reasoning is opaque to everybody but its vendor. Own reasoning keeps its item id and encrypted content as the upstream
gave them (it gives them where `include` or `store: false` asks for it). Reasoning of another vendor is told as a summary,
with what proves it sealed into `encrypted_content`: always, because without the seal the item would come back as one that
the vendor of this protocol never made.

Where the protocol leaves no choice, answers of other vendors are told so: a pause or an unknown stop is `incomplete`
without a reason, a refusal without words is `content_filter`, an unreadable tool call is `response.failed`.
"""

from __future__ import annotations

from crawdad.wire.openai_responses.codec import CODEC
from crawdad.wire.openai_responses.errors import write_response_error
from crawdad.wire.openai_responses.frames import ClientFrame, error_frame, read_frame
from crawdad.wire.openai_responses.resource import (
    failed_instead,
    input_items,
    output_to_input,
    response_id,
    response_object,
)
from crawdad.wire.openai_responses.stream_writer import DONE, EventWriter, sse_frame

__all__ = [
    "CODEC",
    "DONE",
    "ClientFrame",
    "EventWriter",
    "error_frame",
    "failed_instead",
    "input_items",
    "output_to_input",
    "read_frame",
    "response_id",
    "response_object",
    "sse_frame",
    "write_response_error",
]
