"""`logprobsResult` <-> `TokenLogprob`. https://ai.google.dev/api/generate-content#LogprobsResult"""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject, TokenLogprob

_LISTS = ("chosenCandidates", "topCandidates")


def read_logprobs(raw: Any) -> list[TokenLogprob]:
    """The tokens of the answer with their rivals."""
    if not isinstance(raw, dict):
        return []
    steps = raw.get("topCandidates")
    rivals = steps if isinstance(steps, list) else []
    tokens = _tokens(raw.get("chosenCandidates"))
    for token, step in zip(tokens, rivals, strict=False):
        if isinstance(step, dict):
            token.top = _tokens(step.get("candidates"))
    return tokens


def _tokens(raw: Any) -> list[TokenLogprob]:
    if not isinstance(raw, list):
        return []
    return [_token(item) for item in raw if isinstance(item, dict)]


def _token(raw: JsonObject) -> TokenLogprob:
    token, value = raw.get("token"), raw.get("logProbability")
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0
    return TokenLogprob(token if isinstance(token, str) else "", number)


def merge_logprobs(earlier: Any, later: Any) -> Any:
    """One `logprobsResult` for those of two chunks of a stream."""
    if not isinstance(earlier, dict) or not isinstance(later, dict):
        return later
    lists = {key: [*_list(earlier, key), *_list(later, key)] for key in _LISTS if key in earlier or key in later}
    return {**earlier, **later, **lists}


def _list(raw: JsonObject, key: str) -> list[Any]:
    value = raw.get(key)
    return value if isinstance(value, list) else []


def write_logprobs(tokens: list[TokenLogprob]) -> JsonObject:
    """`logprobsResult` for `tokens`."""
    raw: JsonObject = {"chosenCandidates": [_spell(token) for token in tokens]}
    if any(token.top for token in tokens):
        raw["topCandidates"] = [{"candidates": [_spell(rival) for rival in token.top]} for token in tokens]
    return raw


def _spell(token: TokenLogprob) -> JsonObject:
    return {"token": token.token, "logProbability": token.logprob}
