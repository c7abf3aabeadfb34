"""OpenAI chat completions (https://platform.openai.com/docs/api-reference/chat), as OpenAI and its many followers speak it.

Theory of operation. Both directions meet at `core`: `request_reader` and `message_reader` make a `ModelRequest` of a
client's body, `request_writer` and `message_writer` make a body of any `ModelRequest`. Answers, whole or streamed, are
put together by one `Answer` (a whole message is read as one big delta), which knows all the ways in which vendors spell
reasoning, tool-call fragments and usage. Replies are told by `stream_writer` and `response`, sharing `Reply`.

What differs between upstreams is data in `wire.profile.Profile`; `profiles` holds what is known about the vendors.
Fields that we have never heard of travel in `extra` and come back only into this same protocol.
"""

from __future__ import annotations

from crawdad.wire.openai_chat.codec import ChatCodec
from crawdad.wire.openai_chat.profiles import HOSTS, PROFILES, profile_for
from crawdad.wire.openai_chat.support import NAME, SUPPORT

CODEC = ChatCodec()

__all__ = ["CODEC", "HOSTS", "NAME", "PROFILES", "SUPPORT", "profile_for"]
