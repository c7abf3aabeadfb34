"""What becomes of an answer in the protocol of the client: the loss rules of answers as a table.

Requests have `features` and the codecs' `SUPPORT`; this is the other direction. It tells of answers from an upstream of
another protocol; within one protocol everything goes through. `docs/protocols.md` is generated from it, and the matrix of
tests holds every writer against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from crawdad.wire.features import Treatment


class AnswerFeature(StrEnum):
    """Everything an answer can hold that some client's protocol may be unable to say."""

    TEXT = "text"
    REFUSAL = "refusals"
    THINKING = "thinking that may be read"
    SEALED_THINKING = "signed, encrypted and redacted thinking"
    TOOL_CALLS = "tool calls"
    CUSTOM_CALLS = "calls of custom (free-text) tools"
    CALL_SIGNATURES = "signatures of tool calls"
    TEXT_SIGNATURES = "signatures of text"
    URL_CITATIONS = "citations of web pages"
    FILE_CITATIONS = "citations of files and documents"
    CITATION_RANGES = "which part of the text a citation supports"
    LOGPROBS = "log probabilities"
    CHOICES = "alternative answers"
    IMAGES = "images"
    AUDIO = "audio"
    SERVER_ITEMS = "what server-side tools did"
    STOP_SEQUENCE = "which stop sequence was met"
    CACHED_TOKENS = "tokens read from the cache"
    CACHE_WRITE_TOKENS = "tokens written into the cache"
    REASONING_TOKENS = "reasoning tokens"
    AUDIO_TOKENS = "audio tokens"
    IMAGE_TOKENS = "image tokens"
    WEB_SEARCHES = "number of web searches"
    COST = "the price the vendor names"
    VENDOR_FIELDS = "fields only the vendor's protocol knows"


Fate = tuple[Treatment, str]
"""What happens, and how; the words are empty where the protocol simply has a field."""

_FIELD: Fate = (Treatment.NATIVE, "")
_GONE: Fate = (Treatment.DROPPED, "")
_OWN_ONLY: Fate = (Treatment.DROPPED, "they mean something to their vendor only")


def _adapted(words: str) -> Fate:
    return Treatment.ADAPTED, words


def _approximated(words: str) -> Fate:
    return Treatment.APPROXIMATED, words


def _dropped(words: str) -> Fate:
    return Treatment.DROPPED, words


_F = AnswerFeature

ANSWERS: Mapping[str, Mapping[AnswerFeature, Fate]] = {
    "openai-chat": {
        _F.TEXT: _FIELD,
        _F.REFUSAL: _FIELD,
        _F.THINKING: _adapted("`reasoning_content`, as most vendors of this protocol spell it"),
        _F.SEALED_THINKING: _adapted("sealed into `reasoning_details`"),
        _F.TOOL_CALLS: _FIELD,
        _F.CUSTOM_CALLS: _FIELD,
        _F.CALL_SIGNATURES: _adapted("sealed into the call's id, and in `extra_content` as Google spells it"),
        _F.TEXT_SIGNATURES: _OWN_ONLY,
        _F.URL_CITATIONS: _FIELD,
        _F.FILE_CITATIONS: _approximated("as `url_citation` with the file's id or name"),
        _F.CITATION_RANGES: _FIELD,
        _F.LOGPROBS: _FIELD,
        _F.CHOICES: _FIELD,
        _F.IMAGES: _adapted("`images`, as OpenRouter spells it; streamed, they come whole at the end"),
        _F.AUDIO: _FIELD,
        _F.SERVER_ITEMS: _dropped("except their plain text, where they have one"),
        _F.STOP_SEQUENCE: _adapted("`stop_reason`, as vLLM spells it"),
        _F.CACHED_TOKENS: _FIELD,
        _F.CACHE_WRITE_TOKENS: _adapted("`prompt_tokens_details.cache_write_tokens`"),
        _F.REASONING_TOKENS: _FIELD,
        _F.AUDIO_TOKENS: _FIELD,
        _F.IMAGE_TOKENS: _adapted("`image_tokens` beside the audio tokens"),
        _F.WEB_SEARCHES: _adapted("`server_tool_use_details.web_search_requests`, as OpenRouter spells it"),
        _F.COST: _adapted("`usage.cost`, as OpenRouter spells it"),
        _F.VENDOR_FIELDS: _GONE,
    },
    "openai-responses": {
        _F.TEXT: _FIELD,
        _F.REFUSAL: _FIELD,
        _F.THINKING: _adapted("as the summary of a reasoning item"),
        _F.SEALED_THINKING: _adapted("sealed into `encrypted_content`"),
        _F.TOOL_CALLS: _FIELD,
        _F.CUSTOM_CALLS: _FIELD,
        _F.CALL_SIGNATURES: _adapted("sealed into the call's id"),
        _F.TEXT_SIGNATURES: _OWN_ONLY,
        _F.URL_CITATIONS: _FIELD,
        _F.FILE_CITATIONS: _FIELD,
        _F.CITATION_RANGES: _FIELD,
        _F.LOGPROBS: _FIELD,
        _F.CHOICES: _dropped("the first is told"),
        _F.IMAGES: _adapted("as the result of an image generation call"),
        _F.AUDIO: _approximated("its transcript as text"),
        _F.SERVER_ITEMS: _dropped("except their plain text, where they have one"),
        _F.STOP_SEQUENCE: _GONE,
        _F.CACHED_TOKENS: _FIELD,
        _F.CACHE_WRITE_TOKENS: _FIELD,
        _F.REASONING_TOKENS: _FIELD,
        _F.AUDIO_TOKENS: _GONE,
        _F.IMAGE_TOKENS: _GONE,
        _F.WEB_SEARCHES: _FIELD,
        _F.COST: _GONE,
        _F.VENDOR_FIELDS: _GONE,
    },
    "anthropic-messages": {
        _F.TEXT: _FIELD,
        _F.REFUSAL: _adapted("as text, with the stop reason `refusal`"),
        _F.THINKING: _FIELD,
        _F.SEALED_THINKING: _adapted("sealed into `signature`"),
        _F.TOOL_CALLS: _FIELD,
        _F.CUSTOM_CALLS: _adapted("`input` holds the text in its one property, `input`"),
        _F.CALL_SIGNATURES: _adapted("sealed into the call's id"),
        _F.TEXT_SIGNATURES: _OWN_ONLY,
        _F.URL_CITATIONS: _adapted("as `web_search_result_location`, the original sealed into `encrypted_index`"),
        _F.FILE_CITATIONS: _dropped("the text stays"),
        _F.CITATION_RANGES: _approximated("a citation covers its whole block of text"),
        _F.LOGPROBS: _GONE,
        _F.CHOICES: _dropped("the first is told"),
        _F.IMAGES: _approximated("a line of text in their place"),
        _F.AUDIO: _approximated("its transcript as text"),
        _F.SERVER_ITEMS: _dropped("except their plain text, where they have one"),
        _F.STOP_SEQUENCE: _FIELD,
        _F.CACHED_TOKENS: _FIELD,
        _F.CACHE_WRITE_TOKENS: _FIELD,
        _F.REASONING_TOKENS: _FIELD,
        _F.AUDIO_TOKENS: _GONE,
        _F.IMAGE_TOKENS: _GONE,
        _F.WEB_SEARCHES: _FIELD,
        _F.COST: _GONE,
        _F.VENDOR_FIELDS: _GONE,
    },
    "gemini": {
        _F.TEXT: _FIELD,
        _F.REFUSAL: _adapted("as text, with the finish reason `SAFETY`"),
        _F.THINKING: _FIELD,
        _F.SEALED_THINKING: _adapted("sealed into `thoughtSignature`, and into that of the call it led to"),
        _F.TOOL_CALLS: _FIELD,
        _F.CUSTOM_CALLS: _adapted("`args` holds the text in its one property, `input`"),
        _F.CALL_SIGNATURES: _adapted("sealed into `thoughtSignature`"),
        _F.TEXT_SIGNATURES: _OWN_ONLY,
        _F.URL_CITATIONS: _adapted("as grounding metadata, at the end of a stream"),
        _F.FILE_CITATIONS: _adapted("as grounding metadata, at the end of a stream"),
        _F.CITATION_RANGES: _FIELD,
        _F.LOGPROBS: _FIELD,
        _F.CHOICES: _FIELD,
        _F.IMAGES: _FIELD,
        _F.AUDIO: _FIELD,
        _F.SERVER_ITEMS: _dropped("except their plain text, where they have one"),
        _F.STOP_SEQUENCE: _GONE,
        _F.CACHED_TOKENS: _FIELD,
        _F.CACHE_WRITE_TOKENS: _dropped("they count as prompt tokens"),
        _F.REASONING_TOKENS: _FIELD,
        _F.AUDIO_TOKENS: _FIELD,
        _F.IMAGE_TOKENS: _FIELD,
        _F.WEB_SEARCHES: _GONE,
        _F.COST: _GONE,
        _F.VENDOR_FIELDS: _GONE,
    },
}
"""Client's protocol -> what becomes of each feature of a foreign answer."""
