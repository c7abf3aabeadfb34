"""Google Gemini `generateContent`, on AI Studio and Vertex AI, as the side clients speak and the side upstreams speak.

Specification: https://ai.google.dev/api/generate-content; what only Vertex has:
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference.

How it works. A request is `contents` (turns of parts) with knobs in `generationConfig`; the model's name and whether to
stream stand in the URL. `request_reader` and `content_reader` take both camelCase and snake_case; `request_writer` and
`content_writer` write camelCase. An answer is a GenerateContentResponse, a stream is a row of them, so `answer_reader`
serves both: `stream_reader` only unpacks events and `response` is a stream of one. Towards clients, `stream_writer` says
each delta as a chunk in one of two framings (events, or one JSON array), and `response` says a whole answer.

What to know:

- Ids of calls are optional. Calls without one get `call_<n>` while a request is read, and results find their calls.
- A function's response must be an object: text goes under `result`, an error's text under `error`.
- `thoughtSignature` may stand on any part. Google's own come back byte for byte; other vendors' opaque reasoning is sealed
  into it (`thought_seals`). Gemini 3 rejects unsigned calls, so calls of foreign origin get Google's skip sentinel.
- Function names: `spelling.google_name` escapes what Google does not take as `_cd:…`, `spelling.own_name` undoes it.
- Schemas go out as full JSON Schema, or reduced (`schema`) where the profile says that the model knows the subset only.
- Citations: Google counts bytes, the vocabulary characters (`grounding`).
- Usage: `candidatesTokenCount` excludes thoughts, `promptTokenCount` excludes server-side tool results (`usage`).

Beside the codec: `count_tokens`, `embeddings` and `models` hold the shapes of Google's other model operations.
"""

from __future__ import annotations

from crawdad.wire.codec import Codec
from crawdad.wire.gemini.codec import GeminiCodec, method_path
from crawdad.wire.gemini.framing import ArrayFraming, SseFraming

GEMINI = GeminiCodec()
CODEC: Codec = GEMINI

__all__ = ["CODEC", "GEMINI", "ArrayFraming", "GeminiCodec", "SseFraming", "method_path"]
