"""How much the model thinks: `thinking` and `output_config.effort`, both ways.

Newer models decide themselves (`adaptive`) and are steered by effort; older ones take a budget in tokens. Which kind an
upstream is, `Profile.adaptive_thinking` tells.
"""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.core.parts import JsonObject
from crawdad.core.request import Reasoning
from crawdad.wire.anthropic.support import note
from crawdad.wire.features import Feature, Treatment
from crawdad.wire.fields import get_int, get_object, get_string, need_string
from crawdad.wire.profile import Profile

MIN_BUDGET = 1024
BUDGETS = {"minimal": MIN_BUDGET, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 24576, "max": 32000}
"""Effort → tokens, for models without effort; read backwards for models without budgets."""


@dataclass(slots=True)
class ThinkingPlan:
    """What a request says about thinking: the `thinking` object, the effort word, and the limit they need."""

    thinking: JsonObject | None = None
    effort: str | None = None
    max_tokens: int = 0

    @property
    def active(self) -> bool:
        """Whether thinking was switched on."""
        return self.thinking is not None and self.thinking.get("type") != "disabled"

    @property
    def budget(self) -> int | None:
        """The budget in tokens, where there is one."""
        return self.thinking.get("budget_tokens") if self.thinking is not None else None


def read_thinking(body: JsonObject) -> Reasoning | None:
    """What a client's request says about thinking."""
    output = get_object(body, "output_config") or {}
    return _reasoning(get_object(body, "thinking"), get_string(output, "effort", "output_config."))


def _reasoning(raw: JsonObject | None, effort: str | None) -> Reasoning | None:
    if raw is None:
        return None if effort is None else Reasoning(effort)
    kind = need_string(raw, "type", "thinking.")
    if kind == "disabled":
        return Reasoning(effort, budget=0, raw=raw)
    shown = get_string(raw, "display", "thinking.") != "omitted"
    return Reasoning(
        effort,
        budget=get_int(raw, "budget_tokens", "thinking.") if kind == "enabled" else None,
        summary="auto" if shown else "none",
        include_thoughts=shown,
        adaptive=kind != "enabled",
        raw=raw,
    )


def plan_native(reasoning: Reasoning | None, profile: Profile, max_tokens: int, notes: list[str]) -> ThinkingPlan:
    """The plan for a request that was read from this protocol: its own words, unless somebody changed their meaning or
    the upstream knows no adaptive thinking."""
    if reasoning is None:
        return ThinkingPlan(max_tokens=max_tokens)
    unchanged = reasoning == _reasoning(reasoning.raw, reasoning.effort)
    if unchanged and (profile.adaptive_thinking or not reasoning.adaptive):
        return ThinkingPlan(reasoning.raw, reasoning.effort, max_tokens)
    return plan_thinking(reasoning, profile, max_tokens, notes)


def plan_thinking(reasoning: Reasoning | None, profile: Profile, max_tokens: int, notes: list[str]) -> ThinkingPlan:
    """The plan for anybody's request. Approximations go to `notes`."""
    if reasoning is None or not (reasoning.adaptive or reasoning.effort or reasoning.budget is not None):
        return ThinkingPlan(max_tokens=max_tokens)
    if reasoning.off:
        return ThinkingPlan({"type": "disabled"}, max_tokens=max_tokens)
    if profile.adaptive_thinking:
        plan = ThinkingPlan({"type": "adaptive"}, _effort(reasoning, notes), max_tokens)
    else:
        budget = _budget(reasoning, notes)
        if max_tokens <= budget:
            max_tokens += budget
            notes.append(note(Feature.MAX_TOKENS, Treatment.APPROXIMATED, f"raised to {max_tokens} to leave room"))
        plan = ThinkingPlan({"type": "enabled", "budget_tokens": budget}, max_tokens=max_tokens)
    shown = reasoning.include_thoughts
    if shown is None and reasoning.summary is not None:
        shown = reasoning.summary != "none"
    if shown is not None and plan.thinking is not None:
        plan.thinking["display"] = "summarized" if shown else "omitted"
    return plan


def _effort(reasoning: Reasoning, notes: list[str]) -> str | None:
    effort, budget = reasoning.effort, reasoning.budget
    if effort is None and budget is not None and budget > 0:
        effort = next((word for word, tokens in BUDGETS.items() if budget <= tokens), "max")
        notes.append(note(Feature.REASONING_BUDGET, Treatment.APPROXIMATED, f"effort {effort}"))
    if effort == "minimal":
        if budget is None:
            notes.append(note(Feature.REASONING_EFFORT, Treatment.APPROXIMATED, "minimal became low"))
        return "low"
    return effort


def _budget(reasoning: Reasoning, notes: list[str]) -> int:
    if reasoning.budget is not None and reasoning.budget > 0:
        if reasoning.budget < MIN_BUDGET:
            notes.append(note(Feature.REASONING_BUDGET, Treatment.APPROXIMATED, f"raised to {MIN_BUDGET}"))
        return max(reasoning.budget, MIN_BUDGET)
    budget = BUDGETS.get(reasoning.effort or "high", BUDGETS["high"])
    notes.append(note(Feature.REASONING_EFFORT, Treatment.APPROXIMATED, f"a budget of {budget} tokens"))
    return budget
