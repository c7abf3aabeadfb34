"""How much to think: `reasoning_effort`, and the switches that vendors have beside it.

`thinking: {type}` (z.ai, DeepSeek, Moonshot, Doubao), `enable_thinking` with `thinking_budget` (Qwen, SiliconFlow),
`chat_template_kwargs.enable_thinking` (vLLM, SGLang), `reasoning: {effort | max_tokens | enabled, exclude, summary}`
(OpenRouter).
"""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest, Reasoning
from crawdad.wire.fields import as_count, get_bool, get_object, get_string
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.profile import Profile

REASONING_FIELDS = frozenset({"reasoning_effort", "reasoning", "thinking", "enable_thinking", "thinking_budget"})

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_BUDGETS = ((4096, "low"), (16384, "medium"))
"""Up to this many tokens of thinking a budget means that effort; beyond the last, `high`. Efforts beside these three are
known to some models only."""


def read_reasoning(body: JsonObject) -> Reasoning | None:
    """What the client asks for, in whichever of the forms; `raw` keeps the fields as they were."""
    raw = {key: body[key] for key in sorted(REASONING_FIELDS) if body.get(key) is not None}
    template = get_object(body, "chat_template_kwargs") or {}
    switch = template.get("enable_thinking", template.get("thinking"))
    if not raw and not isinstance(switch, bool):
        return None
    reasoning = Reasoning(raw=raw or None)
    _read_switches(body, switch, reasoning)
    if (nested := get_object(body, "reasoning")) is not None:
        _read_nested(nested, reasoning)
    effort = get_string(body, "reasoning_effort")
    if effort in _EFFORTS:
        reasoning.effort = effort
    return reasoning


def _read_switches(body: JsonObject, switch: Any, reasoning: Reasoning) -> None:
    thinking = get_object(body, "thinking") or {}
    enabled = get_bool(body, "enable_thinking")
    if thinking.get("type") == "disabled" or enabled is False or switch is False:
        reasoning.effort = "none"
    elif thinking.get("type") in ("enabled", "adaptive", "auto") or enabled or switch is True:
        reasoning.adaptive = True
    budget = as_count(thinking.get("budget_tokens")) or as_count(body.get("thinking_budget"))
    if budget:
        reasoning.budget = budget


def _read_nested(nested: JsonObject, reasoning: Reasoning) -> None:
    if nested.get("enabled") is False:
        reasoning.effort = "none"
    elif nested.get("enabled") is True:
        reasoning.adaptive = True
    effort = get_string(nested, "effort", "reasoning.")
    if effort in _EFFORTS:
        reasoning.effort = effort
    reasoning.budget = as_count(nested.get("max_tokens")) or reasoning.budget
    reasoning.summary = get_string(nested, "summary", "reasoning.")
    if nested.get("exclude") is True:
        reasoning.include_thoughts = False


def write_reasoning(request: ModelRequest, profile: Profile, body: JsonObject) -> None:
    """Put the request's reasoning into `body`, in the words of the upstream."""
    reasoning = request.reasoning
    if reasoning is None:
        return
    raw = reasoning.raw if request.protocol == NAME else None
    said = {key: value for key, value in (raw or {}).items() if _understands(key, profile)}
    if said:
        if said.get("reasoning_effort") in _EFFORTS:
            said.pop("reasoning_effort")
            _write_effort(reasoning.effort, profile, said)
        body |= said
        return
    effort = reasoning.effort or _effort_of(reasoning.budget)
    on = not reasoning.off and (effort is not None or reasoning.budget is not None or reasoning.adaptive)
    _write_switch(reasoning, effort, on, profile, body)
    switched = profile.thinking_switch in ("thinking", "enable_thinking", "chat_template") and not on
    if profile.reasoning_effort and profile.thinking_switch != "reasoning" and not switched:
        _write_effort(effort, profile, body)


def _understands(key: str, profile: Profile) -> bool:
    if key == "reasoning_effort":
        return profile.reasoning_effort
    return profile.thinking_switch == ("enable_thinking" if key == "thinking_budget" else key)


def _effort_of(budget: int | None) -> str | None:
    if budget is None or budget < 0:
        return None
    if budget == 0:
        return "none"
    return next((effort for limit, effort in _BUDGETS if budget <= limit), "high")


def _write_effort(effort: str | None, profile: Profile, body: JsonObject) -> None:
    if effort is None:
        return
    known = profile.reasoning_efforts
    if effort not in known:
        if effort == "none" or effort not in _EFFORTS:
            return  # it cannot be switched off there
        place = _EFFORTS.index(effort)
        able = [word for word in known if word in _EFFORTS and word != "none"]
        if not able:
            return
        effort = min(able, key=lambda word: (abs(_EFFORTS.index(word) - place), -_EFFORTS.index(word)))
    body["reasoning_effort"] = effort


def _write_switch(reasoning: Reasoning, effort: str | None, on: bool, profile: Profile, body: JsonObject) -> None:
    if not on and not reasoning.off:
        return
    switch = profile.thinking_switch
    if switch == "thinking":
        body["thinking"] = {"type": "enabled" if on else "disabled"}
    elif switch == "enable_thinking":
        body["enable_thinking"] = on
        if on and reasoning.budget is not None and reasoning.budget > 0:
            body["thinking_budget"] = reasoning.budget
    elif switch == "chat_template":
        body.setdefault("chat_template_kwargs", {"enable_thinking": on})
    elif switch == "reasoning":
        body["reasoning"] = _write_nested(reasoning, effort, on)


def _write_nested(reasoning: Reasoning, effort: str | None, on: bool) -> JsonObject:
    if not on:
        return {"effort": "none"}
    nested: JsonObject = {}
    if reasoning.budget is not None and reasoning.budget > 0:
        nested["max_tokens"] = reasoning.budget
    elif effort is not None:
        nested["effort"] = effort
    else:
        nested["enabled"] = True
    if reasoning.summary not in (None, "none"):
        nested["summary"] = reasoning.summary
    if reasoning.include_thoughts is False:
        nested["exclude"] = True
    return nested
