"""Google's `usageMetadata` <-> `Usage`.

https://ai.google.dev/api/generate-content#UsageMetadata. `promptTokenCount` includes cached tokens but not those of
server-side tool results; `candidatesTokenCount` excludes thoughts.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.fields import as_count


def has_counts(raw: JsonObject) -> bool:
    """Whether `raw` counts anything (a blocked Vertex answer only names its traffic type)."""
    return "promptTokenCount" in raw or "totalTokenCount" in raw or "candidatesTokenCount" in raw


def read_usage(raw: Any) -> Usage:
    """The usage that `usageMetadata` tells; unknown where it tells nothing. Never raises."""
    if not isinstance(raw, dict):
        return Usage()
    tool_input = as_count(raw.get("toolUsePromptTokenCount"))
    thoughts = as_count(raw.get("thoughtsTokenCount"))
    prompt = as_count(raw.get("promptTokenCount")) + tool_input
    if "candidatesTokenCount" in raw or thoughts:
        output = as_count(raw.get("candidatesTokenCount")) + thoughts
    else:
        output = max(as_count(raw.get("totalTokenCount")) - prompt, 0)
    read, written = _modalities(raw.get("promptTokensDetails")), _modalities(raw.get("candidatesTokensDetails"))
    tier = raw.get("serviceTier")
    known = has_counts(raw)
    return Usage(
        input_tokens=prompt if known else None,
        output_tokens=output if known else None,
        cache_read_tokens=as_count(raw.get("cachedContentTokenCount")),
        reasoning_tokens=thoughts,
        tool_input_tokens=tool_input,
        audio_input_tokens=read["AUDIO"],
        audio_output_tokens=written["AUDIO"],
        image_input_tokens=read["IMAGE"],
        image_output_tokens=written["IMAGE"],
        service_tier=tier if isinstance(tier, str) else None,
    )


def _modalities(details: Any) -> dict[str, int]:
    counts = {"AUDIO": 0, "IMAGE": 0}
    for entry in details if isinstance(details, list) else ():
        modality = entry.get("modality") if isinstance(entry, dict) else None
        if modality == "AUDIO" or modality == "IMAGE":
            counts[modality] += as_count(entry.get("tokenCount"))
    return counts


def write_usage(usage: Usage) -> JsonObject:
    """`usageMetadata` for `usage`; empty where nobody said anything."""
    if not usage.known:
        return {}
    prompt = max((usage.input_tokens or 0) - usage.tool_input_tokens, 0)
    candidates = max((usage.output_tokens or 0) - usage.reasoning_tokens, 0)
    raw: JsonObject = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": candidates,
        "totalTokenCount": usage.total_tokens,
    }
    if usage.cache_read_tokens:
        raw["cachedContentTokenCount"] = usage.cache_read_tokens
    if usage.reasoning_tokens:
        raw["thoughtsTokenCount"] = usage.reasoning_tokens
    if usage.tool_input_tokens:
        raw["toolUsePromptTokenCount"] = usage.tool_input_tokens
    _write_details(raw, "promptTokensDetails", prompt, usage.audio_input_tokens, usage.image_input_tokens)
    _write_details(raw, "candidatesTokensDetails", candidates, usage.audio_output_tokens, usage.image_output_tokens)
    return raw


def _write_details(raw: JsonObject, key: str, total: int, audio: int, image: int) -> None:
    counts = {"TEXT": max(total - audio - image, 0), "AUDIO": audio, "IMAGE": image}
    if audio or image:
        raw[key] = [{"modality": name, "tokenCount": count} for name, count in counts.items() if count]
