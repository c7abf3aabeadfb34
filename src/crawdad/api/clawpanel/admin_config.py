"""ClawPanel's `admin-config` as an object: how it is shown, and what a changed one asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from crawdad.api.clawpanel.admin_config_fields import (
    FIELDS,
    MASK,
    SECTIONS,
    WEB_PORT,
    Field,
    Path,
    at,
    port,
    web_port,
    with_port,
    wrong,
)
from crawdad.core.channel_automations import AutomatedSettings
from crawdad.core.errors import GatewayError

JsonObject = dict[str, Any]
_ABSENT: Any = object()
_WEB_URL: Path = ("channels", "qq", "napcat", "webUrl")
_CONFIG_PATH: Path = ("openclaw", "configPath")
_SUDO: Path = ("system", "sudoPassword")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the object is made of: the configuration in effect, with secrets in clear, what panels keep besides (`extras`), the
    path of the configuration file, and whether a password for `sudo` is kept."""

    effective: Mapping[str, Any]
    extras: Mapping[str, Any]
    config_path: str


@dataclass(slots=True)
class Orders:
    """What is to be done: a JSON merge patch for the configuration, and what is kept besides from now on."""

    patch: JsonObject = field(default_factory=dict)
    extras: JsonObject = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    secrets: bool = False
    identity: bool = False


def shown(facts: Facts) -> JsonObject:
    """The object, secrets masked."""
    found: JsonObject = {
        "system": {"sudoPassword": ""},
        "openclaw": {"configPath": facts.config_path, "autoSetup": True},
    }
    for one in FIELDS:
        _put(found, one.path, _shown(one, facts))
    _put(found, WEB_PORT, web_port(at(facts.effective, _WEB_URL)))
    return merged(dict(facts.extras), found) if facts.extras else found


def orders_for(body: Mapping[str, Any], facts: Facts, *, replaced: str = "") -> Orders:
    """What a part of the object asks for. `replaced`: `body` is this section, whole: what it does not name goes back to what it
    is when nobody says anything, but for secrets and what says who may come in. Raises BAD_REQUEST naming the key."""
    orders = Orders()
    given = {replaced: body} if replaced else body
    for section, value in given.items():
        if section in SECTIONS and not isinstance(value, dict):
            raise wrong(section, "an object")
    for one in FIELDS:
        value = _given(given, one.path)
        if value is _ABSENT:
            if one.path[0] == replaced and not one.lasting and _shown(one, facts) != one.default:
                _order(orders, one, None)
            continue
        before = _shown(one, facts)
        if (value == before and type(value) is type(before)) or (one.secret and value == MASK):
            continue
        written = one.check(one.key, value)
        if one.show(written) != before or one.secret:
            _order(orders, one, written)
    _order_web_port(orders, given, facts, replaced)
    _check_fixed(given, facts)
    rest = _unknown(given)
    kept = {name: value for name, value in facts.extras.items() if name != replaced}
    orders.extras = merged(kept, rest)
    _check_whole(orders, facts)
    return orders


def merged(value: Any, patch: Any) -> Any:
    """`patch` upon `value`: objects merge, anything else replaces."""
    if not isinstance(patch, Mapping) or not isinstance(value, Mapping):
        return patch
    return {**value, **{key: merged(value.get(key), item) for key, item in patch.items()}}


def _shown(one: Field, facts: Facts) -> Any:
    value = at(facts.effective, one.place)
    if one.secret:
        if value is None and one.path == ("server", "token"):
            value = at(facts.effective, ("gateway", "auth", "token"))
        return MASK if value else ""
    return one.default if value is None else one.show(value)


def _order(orders: Orders, one: Field, written: Any) -> None:
    _put(orders.patch, one.place, written)
    orders.changed.append(one.key)
    orders.secrets |= one.secret
    orders.identity |= one.identity


def _order_web_port(orders: Orders, given: Mapping[str, Any], facts: Facts, replaced: str) -> None:
    url = at(facts.effective, _WEB_URL)
    value = _given(given, WEB_PORT)
    if value is _ABSENT and replaced == WEB_PORT[0] and url:
        value = web_port(None)
    if value is not _ABSENT and port(".".join(WEB_PORT), value) != web_port(url):
        _put(orders.patch, _WEB_URL, with_port(url, value))
        orders.changed.append(".".join(WEB_PORT))


def _check_fixed(given: Mapping[str, Any], facts: Facts) -> None:
    """What stands in the object and is not changed by it."""
    if _given(given, _CONFIG_PATH) not in (_ABSENT, facts.config_path, ""):
        raise wrong(".".join(_CONFIG_PATH), facts.config_path)
    if _given(given, _SUDO) not in (_ABSENT, "", MASK):
        raise wrong(".".join(_SUDO), "PUT /api/system/sudo-password")


def _check_whole(orders: Orders, facts: Facts) -> None:
    """What the channel would refuse is refused here, by the panel's name of it."""
    if "channels" not in orders.patch or "qq" not in orders.patch["channels"]:
        return
    block = merged(at(facts.effective, ("channels", "qq")) or {}, orders.patch["channels"]["qq"])
    try:
        AutomatedSettings.model_validate(_without_nulls(block))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ("channels", "qq", *(str(step) for step in first["loc"]))
        raise _named(place, _wanted(first)) from None


_BOUNDS = {"le": "≤", "lt": "<", "ge": "≥", "gt": ">"}


def _wanted(fault: ErrorDetails) -> str:
    """What a value should have been, for people: a bound where it was one, else in the validator's words."""
    bounds = [f"{_BOUNDS[name]} {bound:g}" for name, bound in (fault.get("ctx") or {}).items() if name in _BOUNDS]
    return ", ".join(bounds) or fault["msg"]


def _named(place: Path, fault: str) -> GatewayError:
    fitting = [one.key for one in FIELDS if place[: len(one.place)] == one.place]
    return wrong(fitting[0] if fitting else ".".join(place), fault)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _unknown(given: Mapping[str, Any]) -> JsonObject:
    """What the object holds that means nothing here."""
    known = {one.path for one in FIELDS} | {WEB_PORT, _CONFIG_PATH, _SUDO}

    def rest(value: Any, path: Path) -> Any:
        if not isinstance(value, dict) or (path and path[0] not in SECTIONS):
            return value
        found = {key: rest(item, (*path, key)) for key, item in value.items() if (*path, key) not in known}
        inner = {known_path[: len(path) + 1] for known_path in known}
        return {key: item for key, item in found.items() if item != {} or (*path, key) not in inner}

    found = rest(dict(given), ())
    assert isinstance(found, dict)
    return found


def _given(value: Any, path: Path) -> Any:
    """What was sent at a path, `_ABSENT` where nothing was. Raises BAD_REQUEST where the way there is no object."""
    for place, key in enumerate(path):
        if not isinstance(value, Mapping):
            raise wrong(".".join(path[:place]), "an object")
        if key not in value:
            return _ABSENT
        value = value[key]
    return value


def _put(target: JsonObject, path: Path, value: Any) -> None:
    for key in path[:-1]:
        target = target.setdefault(key, {})
    target[path[-1]] = value
