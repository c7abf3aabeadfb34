"""What an answer says, in plain terms, read off its JSON in any protocol's spelling without the help of our codecs.

The same extraction serves what a vendor recorded and what an SDK made of our re-spoken answer, so that the two can be
compared. It knows only what the vendors' documents say (and the spellings that the recordings hold).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]


@dataclass
class Call:
    """A tool call: `arguments` is parsed JSON, or the text itself for a custom tool. Ids are the gateway's to choose."""

    name: str
    arguments: Any
    id: str = field(default="", compare=False)


@dataclass
class Answer:
    """One alternative of an answer. Texts are whole; `stop` is the protocol's own word."""

    text: str = ""
    thinking: str = ""
    refusal: str = ""
    calls: list[Call] = field(default_factory=list)
    stop: str = ""
    sources: list[str] = field(default_factory=list)
    """URLs, or titles of documents, that the text cites, each once, sorted."""
    tokens: list[tuple[str, float]] = field(default_factory=list)
    """Log probabilities."""
    images: list[str] = field(default_factory=list)
    """Their data or URLs."""
    others: list[str] = field(default_factory=list)
    """Types of whatever else there is."""


@dataclass
class Facts:
    """All of an answer. Counts: input includes cached tokens, output includes reasoning; None where nobody counted."""

    answers: list[Answer]
    input: int | None = None
    output: int | None = None
    cached: int = 0
    written: int = 0
    """Tokens written into the cache."""
    reasoning: int = 0

    @property
    def first(self) -> Answer:
        return self.answers[0]


def facts_of(protocol: str, body: JsonObject) -> Facts:
    """The facts in a whole answer."""
    return _EXTRACTORS[protocol](body)


def _chat(body: JsonObject) -> Facts:
    facts = Facts([_chat_choice(choice) for choice in body["choices"]])
    usage = body.get("usage") or (body.get("x_groq") or {}).get("usage")
    if usage:
        prompt = usage.get("prompt_tokens_details") or {}
        completion = usage.get("completion_tokens_details") or {}
        facts.input, facts.output = usage["prompt_tokens"], usage["completion_tokens"]
        facts.reasoning = completion.get("reasoning_tokens") or 0
        hidden = usage["total_tokens"] - facts.input - facts.output  # Google counts thinking in the total only
        if hidden > 0:
            facts.output, facts.reasoning = facts.output + hidden, hidden
        facts.cached = (
            prompt.get("cached_tokens") or usage.get("prompt_cache_hit_tokens") or usage.get("num_cached_tokens") or 0
        )
        facts.written = prompt.get("cache_write_tokens") or 0
    return facts


def _chat_choice(choice: JsonObject) -> Answer:
    message = choice["message"]
    answer = Answer(refusal=message.get("refusal") or "", stop=choice.get("finish_reason") or "")
    _chat_content(message.get("content"), answer)
    details = message.get("reasoning_details") or []
    plain = message.get("reasoning_content") or message.get("reasoning") or ""
    answer.thinking += plain or "".join(item.get("text") or item.get("summary") or "" for item in details)
    for call in message.get("tool_calls") or []:
        if call.get("type") == "custom":
            answer.calls.append(Call(call["custom"]["name"], call["custom"]["input"], call["id"]))
        else:
            function = call["function"]
            answer.calls.append(Call(function["name"], _json(function.get("arguments")), call["id"]))
    for annotation in message.get("annotations") or []:
        citation = annotation.get("url_citation") or {}
        url, title = citation.get("url") or "", citation.get("title") or ""
        answer.sources.append(url if url.startswith("http") else title or url)
    answer.sources = sorted(set(answer.sources))
    for image in message.get("images") or []:
        answer.images.append(_data(image["image_url"]["url"]))
    logprobs = choice.get("logprobs") or {}
    for token in [*(logprobs.get("content") or []), *(logprobs.get("refusal") or [])]:
        answer.tokens.append((token["token"], token["logprob"]))
    if message.get("audio"):
        answer.others.append("audio")
    return answer


def _chat_content(content: Any, answer: Answer) -> None:
    if isinstance(content, str):
        answer.text += content
    for item in content if isinstance(content, list) else ():
        if item["type"] == "text":
            answer.text += item["text"]
        elif item["type"] == "thinking":
            answer.thinking += "".join(part["text"] for part in item["thinking"])
        else:
            answer.others.append(item["type"])


def _responses(body: JsonObject) -> Facts:
    answer = Answer(stop=body["status"])
    if body["status"] == "incomplete" and body.get("incomplete_details"):
        answer.stop += f" {body['incomplete_details'].get('reason')}"
    for item in body["output"]:
        _RESPONSE_ITEMS.get(item["type"], _other_item)(item, answer)
    answer.sources = sorted(set(answer.sources))
    facts = Facts([answer])
    if usage := body.get("usage"):
        facts.input, facts.output = usage["input_tokens"], usage["output_tokens"]
        facts.cached = usage["input_tokens_details"]["cached_tokens"]
        facts.written = usage["input_tokens_details"].get("cache_write_tokens") or 0
        facts.reasoning = usage["output_tokens_details"]["reasoning_tokens"]
    return facts


def _message_item(item: JsonObject, answer: Answer) -> None:
    for part in item["content"]:
        if part["type"] == "refusal":
            answer.refusal += part["refusal"]
            continue
        answer.text += part["text"]
        for annotation in part.get("annotations") or []:
            source = annotation.get("url") or annotation.get("filename") or annotation.get("file_id")
            answer.sources.append(source or annotation["type"])
        for token in part.get("logprobs") or []:
            answer.tokens.append((token["token"], token["logprob"]))


def _reasoning_item(item: JsonObject, answer: Answer) -> None:
    said = item.get("summary") or item.get("content") or []
    answer.thinking += "".join(part["text"] for part in said)


def _call_item(item: JsonObject, answer: Answer) -> None:
    name = f"{item['namespace']}__{item['name']}" if item.get("namespace") else item["name"]
    custom = item["type"] == "custom_tool_call"
    answer.calls.append(Call(name, item["input"] if custom else _json(item["arguments"]), item["call_id"]))


def _image_item(item: JsonObject, answer: Answer) -> None:
    if item.get("result"):
        answer.images.append(item["result"])


def _other_item(item: JsonObject, answer: Answer) -> None:
    answer.others.append(item["type"])


_RESPONSE_ITEMS: dict[str, Callable[[JsonObject, Answer], None]] = {
    "message": _message_item,
    "reasoning": _reasoning_item,
    "function_call": _call_item,
    "custom_tool_call": _call_item,
    "image_generation_call": _image_item,
}


def _anthropic(body: JsonObject) -> Facts:
    answer = Answer(stop=body.get("stop_reason") or "")
    for block in body["content"]:
        kind = block["type"]
        if kind == "text":
            answer.text += block["text"]
            for citation in block.get("citations") or []:
                source = citation.get("url") or citation.get("source") or citation.get("document_title")
                answer.sources.append(source or citation["type"])
        elif kind == "thinking":
            answer.thinking += block["thinking"]
        elif kind == "tool_use":
            answer.calls.append(Call(block["name"], block["input"], block["id"]))
        else:
            answer.others.append(kind)
    answer.sources = sorted(set(answer.sources))
    facts = Facts([answer])
    if usage := body.get("usage"):
        facts.cached = usage.get("cache_read_input_tokens") or 0
        facts.written = usage.get("cache_creation_input_tokens") or 0
        facts.input = usage["input_tokens"] + facts.cached + facts.written
        facts.output = usage["output_tokens"]
        facts.reasoning = (usage.get("output_tokens_details") or {}).get("thinking_tokens") or 0
    return facts


def _gemini(body: JsonObject) -> Facts:
    facts = Facts([_candidate(candidate) for candidate in body.get("candidates") or []])
    if not facts.answers:
        facts.answers = [Answer(stop=body["promptFeedback"]["blockReason"])]
    usage = body.get("usageMetadata") or {}
    if "promptTokenCount" in usage:
        facts.cached = usage.get("cachedContentTokenCount") or 0
        facts.reasoning = usage.get("thoughtsTokenCount") or 0
        facts.input = usage["promptTokenCount"] + (usage.get("toolUsePromptTokenCount") or 0)
        facts.output = (usage.get("candidatesTokenCount") or 0) + facts.reasoning
    return facts


def _candidate(candidate: JsonObject) -> Answer:
    answer = Answer(stop=candidate.get("finishReason") or "")
    for part in (candidate.get("content") or {}).get("parts") or []:
        if part.get("thought"):
            answer.thinking += part.get("text") or ""
            if "text" not in part:
                answer.others.append("thought")
        elif "text" in part:
            answer.text += part["text"]
        elif "functionCall" in part:
            call = part["functionCall"]
            answer.calls.append(Call(call["name"], call.get("args") or {}, call.get("id") or ""))
        elif "inlineData" in part and part["inlineData"]["mimeType"].startswith("image/"):
            answer.images.append(_standard(part["inlineData"]["data"]))
        elif others := [key for key in part if key != "thoughtSignature"]:
            answer.others.append(others[0])
    grounding = candidate.get("groundingMetadata") or {}
    chunks = grounding.get("groundingChunks") or []
    for support in grounding.get("groundingSupports") or []:
        for number in support.get("groundingChunkIndices") or []:
            source = next(iter(chunks[number].values()))
            answer.sources.append(source.get("uri") or source.get("title") or "")
    for citation in (candidate.get("citationMetadata") or {}).get("citations") or []:
        answer.sources.append(citation.get("uri") or citation.get("title") or "")
    answer.sources = sorted(set(answer.sources))
    for token in (candidate.get("logprobsResult") or {}).get("chosenCandidates") or []:
        answer.tokens.append((token["token"], token["logProbability"]))
    return answer


def _json(arguments: str) -> Any:
    """Arguments as JSON; what is none stays text."""
    try:
        return json.loads(arguments) if arguments else {}
    except ValueError:
        return arguments


def _data(url: str) -> str:
    return url.partition(";base64,")[2] or url


def _standard(data: str) -> str:
    """Google's SDK shows bytes in the URL-safe alphabet."""
    return data.replace("-", "+").replace("_", "/")


_EXTRACTORS: dict[str, Callable[[JsonObject], Facts]] = {
    "openai-chat": _chat,
    "openai-responses": _responses,
    "anthropic-messages": _anthropic,
    "gemini": _gemini,
}
