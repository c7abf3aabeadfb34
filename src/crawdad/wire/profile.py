"""What is peculiar to a vendor or model family, as data. Codecs ask the profile; they never ask who the vendor is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Profile:
    """The quirks of one upstream. The defaults describe the vendor that owns the protocol."""

    name: str = "default"

    # OpenAI chat completions
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    developer_role: bool = True
    stream_usage: bool = True
    """Whether `stream_options.include_usage` is understood."""
    reasoning_effort: bool = True
    reasoning_efforts: tuple[str, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
    """The efforts that are understood; others become the nearest of these."""
    reasoning_history: Literal[
        "none", "reasoning_content", "reasoning_content_required", "reasoning", "reasoning_details", "thinking_parts"
    ] = "none"
    """How earlier reasoning is told to a chat upstream. `reasoning_content_required`: every assistant message with tool
    calls must have the field, if only empty. `thinking_parts`: as parts of the content (Mistral)."""
    thinking_switch: Literal["none", "thinking", "enable_thinking", "chat_template", "reasoning"] = "none"
    """Which non-standard field turns thinking on and off: `thinking: {type}` (z.ai, DeepSeek), `enable_thinking` (Qwen),
    `chat_template_kwargs` (vLLM), `reasoning: {effort|max_tokens}` (OpenRouter)."""
    json_schema: bool = True
    """Whether `response_format: json_schema` is understood; otherwise it becomes json_object with the schema in words."""
    strict_tools: bool = True
    parallel_tool_calls: bool = True
    file_parts: bool = True
    audio_parts: bool = True
    video_parts: bool = False
    document_urls: Literal["none", "file", "document_url"] = "none"
    """How a document's URL is said: not at all, in `file.file_data` (OpenRouter), or as a `document_url` part that takes
    data URLs too (Mistral)."""
    tool_images: bool = False
    """Whether a chat tool message may carry images; otherwise they follow in a user message."""
    text_lists: bool = True
    """Whether text content may be a list of parts; otherwise the texts are joined."""
    participant_names: bool = True
    custom_tools: bool = True
    """Whether custom (free-text) tools are understood; otherwise they become functions."""
    allowed_tools: bool = True
    """Whether `tool_choice: allowed_tools` is understood; otherwise the list of tools is cut."""
    tool_ids: Literal["any", "at_most_40", "nine_alphanumeric"] = "at_most_40"
    """What ids of tool calls must look like; others are replaced by a digest."""
    cache_control: bool = False
    """Whether `cache_control` is understood on parts and tools."""
    top_k: bool = False
    seed_field: Literal["seed", "random_seed"] = "seed"

    # OpenAI responses
    encrypted_reasoning: bool = False
    """Whether encrypted reasoning is asked for even where the client did not ask for thinking: right for models that
    always reason; models that do not reason reject the wish."""

    # Anthropic messages
    adaptive_thinking: bool = True
    default_max_tokens: int = 8192
    """Sent where the protocol requires a limit and the client gave none (the catalogue's maxTokens goes first)."""

    # Gemini
    json_schema_tools: bool = True
    """Whether `parametersJsonSchema` and `responseJsonSchema` are understood; otherwise schemas are reduced."""
    thinking_levels: bool = False
    """Whether `thinkingLevel` is understood (Gemini 3) rather than `thinkingBudget`."""
    thinking_level_names: tuple[str, ...] = ("LOW", "MEDIUM", "HIGH")
    """The levels such a model knows, from least to most (Flash also knows MINIMAL, the first Pro lacks MEDIUM)."""
    vertex: bool = False

    # Where things are, when it is not where the protocol's own vendor has them
    models_path: str = ""
    """Where the models are below the base URL. For Anthropic messages the model is then in the URL and not in the body."""
    body_version: str = ""
    """The version of Anthropic's protocol that stands in the body (`anthropic_version`) where there are models in URLs."""
    families: tuple[tuple[str, str], ...] = ()
    """How model names begin → the protocol in which this upstream offers them, where it speaks several."""
    list_paths: tuple[str, ...] = ()
    """Where the lists of models are on the upstream's host (not below the base URL)."""
    key_path: str = ""
    """Where an upstream tells of the key itself, below the base URL: there its list of models is open to everybody."""
    key_probe: str = ""
    """A small model of an upstream whose list is open to everybody and that tells of no key: one token of it shows whether
    a key is taken."""
    lists_prices: bool = False
    """Whether the list of models tells prices as OpenRouter's does."""
    open_list: bool = False
    """Whether the list leaves models out: names beyond it are passed on."""
    key_header: str = ""
    """The header for an API key, other than the protocol's own."""
    embeddings: Literal["batch", "nested", "predict"] = "batch"
    """How Google's embeddings are asked for: knobs beside the content, knobs in `embedContentConfig`, or `:predict`."""

    drop_fields: frozenset[str] = field(default_factory=frozenset)
    """Top-level request fields that this upstream rejects; they are left out and noted."""


DEFAULT = Profile()
