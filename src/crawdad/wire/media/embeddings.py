"""Embeddings: OpenAI's contract on both sides, Gemini's on both sides, Ollama's upstream."""

from __future__ import annotations

import base64
import struct
from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.media import EmbeddingRequest, EmbeddingResponse
from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.fields import (
    as_count,
    as_object,
    get_int,
    get_list,
    get_object,
    get_string,
    need_list,
    unreadable,
    wrong_type,
)

MAX_INPUTS = 2048


def read_openai_request(body: JsonObject, model: str) -> EmbeddingRequest:
    """`POST /v1/embeddings`. Raises BAD_REQUEST."""
    value = body.get("input")
    if value is None:
        raise bad_request("wire.missing", "input")
    if isinstance(value, str):
        inputs: list[str | list[int]] = [value]
    elif isinstance(value, list) and value and all(type(item) is int for item in value):
        inputs = [value]
    elif isinstance(value, list) and value:
        inputs = [_input(item, f"input[{index}]") for index, item in enumerate(value[: MAX_INPUTS + 1])]
    else:
        raise wrong_type("input", "a string, an array of strings, or an array of tokens")
    if len(inputs) > MAX_INPUTS:
        raise bad_request("wire.value", "input", value=f"more than {MAX_INPUTS} inputs")
    encoding = get_string(body, "encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise bad_request("wire.value", "encoding_format", value=repr(encoding[:40]))
    return EmbeddingRequest(
        model,
        inputs,
        dimensions=get_int(body, "dimensions"),
        encoding="base64" if encoding == "base64" else "float",
        user=get_string(body, "user"),
    )


def _input(item: Any, path: str) -> str | list[int]:
    if isinstance(item, str):
        return item
    if isinstance(item, list) and item and all(type(token) is int for token in item):
        return item
    raise wrong_type(path, "a string or an array of tokens")


def write_openai_request(request: EmbeddingRequest) -> JsonObject:
    """The body for an OpenAI-type upstream. Vectors are asked for as plain numbers, which every one of them knows."""
    body: JsonObject = {"model": request.model, "input": request.inputs, "encoding_format": "float"}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    if request.user is not None:
        body["user"] = request.user
    return body


def read_openai_response(document: Any) -> EmbeddingResponse:
    """An OpenAI-type answer. Raises UPSTREAM_BROKEN."""
    entries = document.get("data") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise unreadable("no embeddings in it")
    ordered = sorted(
        (entry for entry in entries if isinstance(entry, dict)), key=lambda entry: as_count(entry.get("index"))
    )
    return EmbeddingResponse([_vector(entry.get("embedding")) for entry in ordered], openai_usage(document))


def openai_usage(document: JsonObject) -> Usage:
    """The usage of an OpenAI-type answer. Never raises."""
    usage = document.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    return Usage(input_tokens=as_count(usage.get("prompt_tokens", usage.get("total_tokens"))), output_tokens=0)


def write_openai_response(response: EmbeddingResponse, model: str, encoding: str) -> JsonObject:
    """The answer for an OpenAI client."""
    data = [
        {"object": "embedding", "index": index, "embedding": pack(vector) if encoding == "base64" else vector}
        for index, vector in enumerate(response.vectors)
    ]
    tokens = response.usage.input_tokens or 0
    return {
        "object": "list",
        "data": data,
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def pack(vector: list[float]) -> str:
    """A vector as base64 of little-endian 32-bit floats. Raises UPSTREAM_BROKEN for numbers that are none."""
    try:
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    except OverflowError:  # no 32 bits hold it
        raise unreadable("a number too large for a vector") from None


def _vector(value: Any) -> list[float]:
    if isinstance(value, str):
        try:
            raw = base64.b64decode(value, validate=True)
            return list(struct.unpack(f"<{len(raw) // 4}f", raw))
        except (ValueError, struct.error) as error:
            raise unreadable(f"bad vector: {error}") from None
    if isinstance(value, list) and all(isinstance(number, (int, float)) for number in value):
        return value
    raise unreadable("bad vector")


def read_gemini_request(body: JsonObject, model: str, batch: bool) -> EmbeddingRequest:
    """`:embedContent` or `:batchEmbedContents`. Task, title and dimensions are those of the first request."""
    entries = need_list(body, "requests") if batch else [body]
    if not entries:
        raise bad_request("wire.missing", "requests")
    if len(entries) > MAX_INPUTS:
        raise bad_request("wire.value", "requests", value=f"more than {MAX_INPUTS} requests")
    inputs: list[str | list[int]] = []
    for index, entry in enumerate(entries):
        path = f"requests[{index}]." if batch else ""
        inputs.append(_gemini_text(as_object(entry, path.rstrip(".")), path))
    first = entries[0]
    config = get_object(first, "embedContentConfig") or {}
    return EmbeddingRequest(
        model,
        inputs,
        dimensions=_either_int(first, config, "outputDimensionality", "output_dimensionality"),
        task=get_string(first, "taskType") or get_string(first, "task_type") or get_string(config, "taskType"),
        title=get_string(first, "title") or get_string(config, "title"),
    )


def _either_int(first: JsonObject, config: JsonObject, camel: str, snake: str) -> int | None:
    for source in (first, config):
        for key in (camel, snake):
            value = get_int(source, key)
            if value is not None:
                return value
    return None


def _gemini_text(entry: JsonObject, path: str) -> str:
    content = entry.get("content")
    if isinstance(content, str):
        return content
    content = as_object(content, path + "content") if content is not None else None
    if content is None:
        raise bad_request("wire.missing", path + "content")
    texts = []
    for index, part in enumerate(get_list(content, "parts", path + "content.") or []):
        here = f"{path}content.parts[{index}]"
        text = get_string(as_object(part, here), "text", here + ".")
        if text is None:
            raise bad_request("wire.missing", here + ".text")
        texts.append(text)
    return "\n".join(texts)


def write_gemini_request(request: EmbeddingRequest, nested: bool = False) -> JsonObject:
    """The body of `:batchEmbedContents`; `nested` as Vertex has it. Raises BAD_REQUEST for token ids, which Google does
    not take."""
    knobs: JsonObject = {}
    if request.task is not None:
        knobs["taskType"] = request.task
    if request.title is not None:
        knobs["title"] = request.title
    if request.dimensions is not None:
        knobs["outputDimensionality"] = request.dimensions
    requests: list[JsonObject] = []
    for text in _texts(request):
        content = {"parts": [{"text": text}]}
        if nested:
            entry: JsonObject = {"content": {**content, "role": "user"}}
            requests.append({**entry, "embedContentConfig": knobs} if knobs else entry)
        else:
            requests.append({"model": f"models/{request.model}", "content": content, **knobs})
    return {"requests": requests}


def _texts(request: EmbeddingRequest) -> list[str]:
    """The inputs. Raises BAD_REQUEST for token ids."""
    texts = []
    for index, text in enumerate(request.inputs):
        if not isinstance(text, str):
            raise wrong_type(f"input[{index}]", "a string (this provider takes no token ids)")
        texts.append(text)
    return texts


def write_predict_request(request: EmbeddingRequest) -> JsonObject:
    """The body of `:predict` for one of Vertex's own embedding models. Raises BAD_REQUEST for token ids."""
    knobs = {"task_type": request.task, "title": request.title}
    said = {name: value for name, value in knobs.items() if value is not None}
    body: JsonObject = {"instances": [{"content": text, **said} for text in _texts(request)]}
    if request.dimensions is not None:
        body["parameters"] = {"outputDimensionality": request.dimensions}
    return body


def read_predict_response(document: Any) -> EmbeddingResponse:
    """The answer of `:predict`. Raises UPSTREAM_BROKEN."""
    entries = document.get("predictions") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise unreadable("no embeddings in it")
    vectors, tokens = [], 0
    for entry in entries:
        found = entry.get("embeddings") if isinstance(entry, dict) else None
        found = found if isinstance(found, dict) else {}
        vectors.append(_vector(found.get("values")))
        statistics = found.get("statistics")
        tokens += as_count(statistics.get("token_count")) if isinstance(statistics, dict) else 0
    return EmbeddingResponse(vectors, Usage(input_tokens=tokens or None, output_tokens=0))


def read_gemini_response(document: Any) -> EmbeddingResponse:
    """The answer of `:batchEmbedContents`. Google counts no tokens here."""
    entries = document.get("embeddings") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise unreadable("no embeddings in it")
    vectors = [_vector(entry.get("values") if isinstance(entry, dict) else None) for entry in entries]
    return EmbeddingResponse(vectors, gemini_usage(document))


def gemini_usage(document: Any) -> Usage:
    """The usage of a Gemini answer, where it has any. Never raises."""
    usage = document.get("usageMetadata") if isinstance(document, dict) else None
    tokens = as_count(usage.get("promptTokenCount")) if isinstance(usage, dict) else None
    return Usage(input_tokens=tokens or None, output_tokens=0)


def write_gemini_response(response: EmbeddingResponse, batch: bool) -> JsonObject:
    """The answer for a Gemini client."""
    entries = [{"values": vector} for vector in response.vectors]
    body: JsonObject = {"embeddings": entries} if batch else {"embedding": entries[0]}
    if response.usage.input_tokens:
        body["usageMetadata"] = {"promptTokenCount": response.usage.input_tokens}
    return body


def write_ollama_request(request: EmbeddingRequest) -> JsonObject:
    """The body of Ollama's `/api/embed`."""
    body: JsonObject = {"model": request.model, "input": _texts(request)}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    return body


def read_ollama_response(document: Any) -> EmbeddingResponse:
    """The answer of Ollama's `/api/embed`."""
    entries = document.get("embeddings") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise unreadable("no embeddings in it")
    tokens = as_count(document.get("prompt_eval_count"))
    return EmbeddingResponse([_vector(entry) for entry in entries], Usage(input_tokens=tokens, output_tokens=0))
