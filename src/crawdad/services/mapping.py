"""Mapping rules as people list them: a name or pattern, and the one model it leads to. Pure.

Among the rules of `models.rules` the *plain* ones are such pairs: one target, no fallbacks, for every protocol and key. The
others say more than a list of pairs can, and are left alone when the list is replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.patterns import matches
from crawdad.services.catalogue.offers import specificity

MOST_RULES = 1000
_LONGEST = 256

Rule = Mapping[str, Any]
"""A rule as the configuration file has it."""


def plain_mapping(rules: Sequence[Rule]) -> dict[str, str]:
    """The plain rules, in their order; the first of several for one name counts."""
    found: dict[str, str] = {}
    for rule in rules:
        pair = _pair(rule)
        if pair is not None:
            found.setdefault(*pair)
    return found


def with_mapping(rules: Sequence[Rule], mapping: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rules with `mapping` in place of the plain ones. Other rules keep their places, for ties go by order."""
    fresh = iter(mapping.items())
    result: list[dict[str, Any]] = []
    for rule in rules:
        if _pair(rule) is None:
            result.append(dict(rule))
        elif (pair := next(fresh, None)) is not None:
            result.append(_rule(*pair) if _pair(rule) != pair else dict(rule))
    return [*result, *(_rule(*pair) for pair in fresh)]


def no_model(_: str) -> bool:
    """Where it is not known which models there are."""
    return False


def check_mapping(
    mapping: Mapping[str, str], param: str = "custom_mapping", is_model: Callable[[str], bool] = no_model
) -> None:
    """Raise BAD_REQUEST for a list that is too long, names that cannot be one, and rules that lead in a circle."""
    if len(mapping) > MOST_RULES:
        raise _invalid("mapping.too_many", param, most=MOST_RULES)
    for match, target in mapping.items():
        for name in (match, target):
            if not name.strip() or len(name) > _LONGEST or not name.isprintable():
                raise _invalid("mapping.bad_name", param, name=repr(name[:60]))
        if "*" in target:
            raise _invalid("mapping.wildcard_target", param, name=match, target=target)
    circle = circle_in(mapping, is_model)
    if circle:
        raise _invalid("mapping.circle", param, circle=" → ".join(circle))


def circle_in(mapping: Mapping[str, str], is_model: Callable[[str], bool] = no_model) -> list[str]:
    """The names of a circle that rules lead in, or nothing. A name that leads to itself stands for itself: no circle; nor does
    a pattern catch a target that is a model's own name.
    """
    wildcards = sorted((match for match in mapping if "*" in match), key=lambda match: -specificity(match))
    following: dict[str, str | None] = {}

    def after(name: str) -> str | None:
        if name not in following:
            exact = name if name in mapping and "*" not in name else None
            found = () if is_model(name) else wildcards
            match = exact or next((pattern for pattern in found if matches(pattern, name)), None)
            target = mapping[match] if match is not None else None
            following[name] = None if target == name else target
        return following[name]

    cleared: set[str] = set()
    for start in dict.fromkeys([*(match for match in mapping if "*" not in match), *mapping.values()]):
        way, name = [start], after(start)
        while name is not None and name not in cleared:
            if name in way:
                return [*way[way.index(name) :], name]
            way.append(name)
            name = after(name)
        cleared.update(way)
    return []


def _pair(rule: Rule) -> tuple[str, str] | None:
    """What a plain rule says; None for the others."""
    targets: Sequence[Any] = rule.get("targets") or ()
    if len(targets) != 1 or any(rule.get(key) for key in ("fallbacks", "protocols", "keys")):
        return None
    model = targets[0].get("model") if isinstance(targets[0], Mapping) else targets[0]
    match = rule.get("match")
    return (match, model) if isinstance(match, str) and isinstance(model, str) and model != "*" else None


def _rule(match: str, target: str) -> dict[str, Any]:
    return {"match": match, "targets": [{"model": target}]}


def _invalid(key: str, param: str, **values: object) -> GatewayError:
    error = bad_request(key, param, **values)
    error.details["code"] = "invalid_request"
    return error
