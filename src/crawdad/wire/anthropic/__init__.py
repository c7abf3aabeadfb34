"""Anthropic Messages: `POST /v1/messages`, its token counter and its list of models.

Spec: https://platform.claude.com/docs/en/api/messages

How it works
    A message is a role and a list of typed blocks; `blocks_reader` and `blocks_writer` turn blocks into parts and back,
    `request_reader` and `request_writer` the rest of a request. Whatever a block is that only this protocol knows, it
    travels as an `OpaquePart` with the block inside, so a request that comes in here and goes out here is the same.
    `native` in the code means exactly that: the request or answer was spoken in this protocol on the other side too.

    A request from another protocol is rearranged first (`conversation`), because the vendor insists on alternating
    roles, on results directly after their calls, and on text that is more than white space. `thinking` maps effort and
    budgets, `schemas` reduces JSON Schema to the vendor's subset.

    An answer is read by `answer_reader` (blocks, whole answers) and `stream_reader`, and told by `response` and
    `stream_writer` (one open block at a time, `stream_blocks`). What other vendors made and only they understand rides
    along sealed: thinking in `signature`, a tool call's signature in the call's id, a citation in `encrypted_index`.

    `usage`, `stops`, `errors`, `citations` and `identifiers` hold the conventions; `support` says what gets lost.
"""

from crawdad.wire.anthropic.codec import CODEC
from crawdad.wire.anthropic.counting import (
    COUNT_PATH,
    count_path,
    read_count_request,
    read_count_response,
    write_count_request,
    write_count_response,
)
from crawdad.wire.anthropic.model_list import model_info, models_page
from crawdad.wire.codec import Codec

_: Codec = CODEC  # the type checker holds the object to the protocol

__all__ = [
    "CODEC",
    "COUNT_PATH",
    "count_path",
    "model_info",
    "models_page",
    "read_count_request",
    "read_count_response",
    "write_count_request",
    "write_count_response",
]
