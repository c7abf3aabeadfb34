"""OpenAI's legacy completions (https://platform.openai.com/docs/api-reference/completions), as the side that clients speak.

Theory of operation. Providers are reached through chat: each prompt becomes a `ModelRequest` with one user message, each
answer a choice whose `index` tells the prompt. Usage, errors and finish reasons are those of `wire.openai_chat`. What has
no field here (reasoning) is left out; what has no counterpart in chat is refused (`suffix`, token arrays) or noted.
"""

from __future__ import annotations

from crawdad.wire.openai_chat.errors import write_error
from crawdad.wire.openai_completions.request_reader import NAME, read_requests
from crawdad.wire.openai_completions.response import write_response
from crawdad.wire.openai_completions.stream_writer import CompletionStreamWriter, stream_writers

__all__ = ["NAME", "CompletionStreamWriter", "read_requests", "stream_writers", "write_error", "write_response"]
