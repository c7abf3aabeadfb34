"""z.ai, the contract's second upstream for Anthropic's protocol, as an ordinary provider with mapping rules. Pure.

exclusive    the Claude families, asked for in Anthropic's protocol, go to z.ai
pooled       they go there in turn with what they lead to otherwise
fallback     they go there when what they lead to otherwise does not answer
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crawdad.services.catalogue.plan import UNCHANGED

PROVIDER = "zai-anthropic"
"""The id of the provider. `zai` is what a key in `ZAI_API_KEY` makes, in OpenAI's protocol."""

_PROTOCOL = "anthropic-messages"
_FAMILIES = (("claude-*opus*", "opus"), ("claude-*haiku*", "haiku"), ("claude-*", "sonnet"))


def zai_patch(zai: Mapping[str, Any]) -> dict[str, Any]:
    """The provider's entry, as a merge patch."""
    targets = (*zai["models"].values(), *zai["model_mapping"].values())
    return {
        "enabled": zai["enabled"],
        "api": _PROTOCOL,
        "baseUrl": zai["base_url"],
        "apiKey": zai["api_key"] or None,
        "discover": False,
        "models": [{"id": name} for name in dict.fromkeys(each for each in targets if isinstance(each, str) and each)],
    }


def with_zai_rules(rules: Sequence[Mapping[str, Any]], zai: Mapping[str, Any], accounts: int) -> list[dict[str, Any]]:
    """The rules with those of z.ai made anew, in front of the others. `accounts`: with how many it takes turns."""
    kept = [dict(rule) for rule in rules if not is_zai_rule(rule)]
    if not zai["enabled"] or zai["dispatch_mode"] == "off" or not zai["api_key"]:
        return kept
    wanted = [(match, target) for match, target in zai["model_mapping"].items()]
    wanted += [(match, zai["models"][family]) for match, family in _FAMILIES]
    return [_rule(match, target, zai["dispatch_mode"], accounts) for match, target in wanted if target] + kept


def is_zai_rule(rule: Mapping[str, Any]) -> bool:
    """Whether a rule was made here."""
    targets = [target.get("model", "") for target in rule.get("targets") or () if isinstance(target, Mapping)]
    names = [*targets, *(rule.get("fallbacks") or ())]
    return list(rule.get("protocols") or ()) == [_PROTOCOL] and any(
        isinstance(name, str) and name.startswith(f"{PROVIDER}/") for name in names
    )


def _rule(match: str, target: str, mode: str, accounts: int) -> dict[str, Any]:
    name = f"{PROVIDER}/{target.removeprefix('zai:')}"
    if mode == "fallback":
        return {"match": match, "targets": [{"model": UNCHANGED}], "fallbacks": [name], "protocols": [_PROTOCOL]}
    targets: list[dict[str, Any]] = [{"model": name}]
    if mode == "pooled":
        targets.append({"model": UNCHANGED, "weight": max(1, accounts)})
    return {"match": match, "targets": targets, "protocols": [_PROTOCOL]}
