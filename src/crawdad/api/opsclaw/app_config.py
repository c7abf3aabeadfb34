"""The contract's configuration object and ours: from the settings and what is kept for panels to `AppConfig`, and from an
`AppConfig` to the changes that it means. Pure.

A save changes what is different from what was shown, and nothing else: what came from the environment, or what a client does
not know, is posted back as it was and stays where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import ValidationError

from crawdad.api.opsclaw.app_config_model import DEFAULTS, AppConfig
from crawdad.api.opsclaw.zai import PROVIDER, is_zai_rule, with_zai_rules, zai_patch
from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.secret import mask
from crawdad.services.configuration.secret_paths import looks_secret
from crawdad.services.identity.principals import usable_token
from crawdad.services.mapping import check_mapping, no_model, plain_mapping, with_mapping

JsonObject = dict[str, Any]
Path = tuple[str, ...]

_SETTING_OF: Mapping[str, str] = {
    "proxy.port": "gateway.port",
    "proxy.api_key": "gateway.auth.token",
    "proxy.admin_password": "gateway.auth.adminToken",
    "proxy.request_timeout": "models.firstByteTimeoutSeconds",
    "proxy.scheduling.mode": "accounts.mode",
    "proxy.scheduling.max_wait_seconds": "accounts.maxWaitSeconds",
    "quota_protection.enabled": "accounts.quotaProtection.enabled",
    "quota_protection.threshold_percentage": "accounts.quotaProtection.thresholdPercentage",
    "quota_protection.monitored_models": "accounts.quotaProtection.monitoredModels",
}
"""Keys that are one of our settings by another name."""

_CAPTURE: Path = ("logging", "bodies", "capture")
_REFRESH: Path = ("accounts", "refreshMinutes")
_OWNED = (
    *_SETTING_OF,
    "proxy.allow_lan_access",
    "proxy.enabled",
    "proxy.auto_start",
    "proxy.enable_logging",
    "proxy.custom_mapping",
    "auto_refresh",
    "proxy.upstream_proxy.enabled",
    "proxy.zai.enabled",
    "proxy.zai.base_url",
    "proxy.zai.api_key",
)
"""What is kept in the settings or the database's own places, and so not beside them."""

NO_EFFECT = (
    "auto_sync",
    "sync_interval",
    "default_export_path",
    "antigravity_executable",
    "antigravity_args",
    "auto_launch",
    "auto_check_update",
    "update_check_interval",
    "scheduled_warmup",
    "proxy.enabled",
    "proxy.zai.mcp",
    "proxy.experimental",
    "proxy.debug_logging",
    "proxy.user_agent_override",
    "proxy.saved_user_agent",
    "proxy.security_monitor",
    "proxy.preferred_account_id",
    "proxy.thinking_budget",
    "proxy.global_system_prompt",
    "proxy.image_thinking_mode",
    "proxy.proxy_pool",
    "circuit_breaker",
)
"""Keys that are kept for clients and do nothing here; `docs/management.md` says why."""

_WHOLE = ("proxy.custom_mapping", "proxy.zai.model_mapping")
"""Tables that a save replaces: merged, nothing could ever be taken out of them."""

_WITH_SECRETS = ("proxy.zai.base_url", "proxy.zai.api_key", "proxy.upstream_proxy")
_MOST_DEPTH = 32
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the object is made from: `effective` is the configuration in effect with secrets in clear, `rules` the mapping rules
    as the file has them, `extras` what is kept for panels beside it."""

    effective: Mapping[str, Any]
    rules: tuple[Mapping[str, Any], ...]
    extras: Mapping[str, Any]
    running: bool
    auto_start: bool
    accounts: int = 0
    is_model: Callable[[str], bool] = no_model


@dataclass(frozen=True, slots=True)
class Orders:
    """What a save means. `patch` is for the configuration file (RFC 7396), `extras` the new whole of what is kept beside it,
    `changed` the keys of the contract that are different now."""

    patch: JsonObject = field(default_factory=dict)
    extras: JsonObject = field(default_factory=dict)
    auto_start: bool | None = None
    changed: tuple[str, ...] = ()

    @property
    def touches_identity(self) -> bool:
        """Whether it changes who may come in: a matter for whoever may do everything."""
        return _at(self.patch, ("gateway", "auth")) is not None

    @property
    def touches_secrets(self) -> bool:
        """Whether it could lead a secret elsewhere: to whom an address is changed, the key of the old one is sent."""
        return any(key.startswith(_WITH_SECRETS) for key in self.changed)

    @property
    def no_effect(self) -> list[str]:
        """Changed keys that do nothing."""
        return [key for key in self.changed if is_at_or_below(key, NO_EFFECT)]


def read_config(facts: Facts) -> JsonObject:
    """The object in effect, secrets in clear."""
    config: JsonObject = _over(DEFAULTS, facts.extras)
    for key, setting in _SETTING_OF.items():
        value = _at(facts.effective, tuple(setting.split(".")))
        if value is not None:
            _put(config, tuple(key.split(".")), _as_told(key, value))
    proxy = config["proxy"]
    proxy["enabled"], proxy["auto_start"] = facts.running, facts.auto_start
    proxy["enable_logging"] = _at(facts.effective, _CAPTURE) != "off"
    minutes = _at(facts.effective, _REFRESH)
    if isinstance(minutes, int | float):
        config["auto_refresh"] = minutes > 0
        config["refresh_interval"] = max(1, round(minutes)) if minutes > 0 else config["refresh_interval"]
    gateway = facts.effective.get("gateway", {})
    loopback = _is_loopback(str(gateway.get("bind", "loopback")))
    proxy["allow_lan_access"] = not loopback
    proxy["auth_mode"] = _auth_mode(proxy["auth_mode"], _at(gateway, ("auth", "mode")) == "none", loopback)
    proxy["custom_mapping"] = plain_mapping([rule for rule in facts.rules if not is_zai_rule(rule)])
    upstream = _at(facts.effective, ("models", "proxy"))
    proxy["upstream_proxy"]["enabled"] = bool(upstream)
    if upstream:
        proxy["upstream_proxy"]["url"] = upstream
    _read_zai(proxy["zai"], facts)
    return config


def masked(config: JsonObject) -> JsonObject:
    """The object for those who may not see secrets."""
    hidden: JsonObject = _masked(config, "", "")
    return hidden


def merged(shown: JsonObject, body: Mapping[str, Any]) -> JsonObject:
    """The object that `body`, whole or in part, makes of the one that is `shown` (with secrets in clear). A secret that comes
    back as its mask is the secret. Raises BAD_REQUEST for a mask of something else, and for nesting without end."""
    if _depth(body) > _MOST_DEPTH:
        raise invalid("config.too_deep", "config", most=_MOST_DEPTH)
    whole: JsonObject = _merged(shown, body, "")
    return whole


def check_config(config: JsonObject, is_model: Callable[[str], bool] = no_model) -> None:
    """Raise BAD_REQUEST for anything of the wrong kind, naming the key."""
    try:
        AppConfig.model_validate(config)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(step) for step in first["loc"])
        raise invalid("config.bad_value", key, reason=first["msg"]) from None
    check_mapping(config["proxy"]["custom_mapping"], "proxy.custom_mapping", is_model)
    check_mapping(config["proxy"]["zai"]["model_mapping"], "proxy.zai.model_mapping")


def orders_for(config: JsonObject, shown: JsonObject, facts: Facts) -> Orders:
    """The changes that lead from the object as `shown` to `config`, both whole and with secrets in clear."""
    changed = tuple(_different(shown, config, ""))
    patch: JsonObject = {}
    for key, setting in _SETTING_OF.items():
        if key in changed:
            _put(patch, tuple(setting.split(".")), _as_set(key, _at(config, tuple(key.split(".")))))
    proxy = config["proxy"]
    if not proxy["api_key"] and "proxy.api_key" in changed:
        raise invalid("config.no_api_key", "proxy.api_key")
    for key in ("api_key", "admin_password"):
        if f"proxy.{key}" in changed and proxy[key]:
            _check_token(proxy[key], f"proxy.{key}")
    if any(key in changed for key in ("proxy.auth_mode", "proxy.allow_lan_access")):
        _put_door(patch, proxy, changed)
    if "proxy.enable_logging" in changed:
        _put(patch, _CAPTURE, "all" if proxy["enable_logging"] else "off")
    if "auto_refresh" in changed or ("refresh_interval" in changed and config["auto_refresh"]):
        _put(patch, _REFRESH, config["refresh_interval"] if config["auto_refresh"] else 0)
    upstream = proxy["upstream_proxy"]
    if any(is_at_or_below(key, ("proxy.upstream_proxy",)) for key in changed):
        _put(patch, ("models", "proxy"), (upstream["url"] or None) if upstream["enabled"] else None)
    _put_rules(patch, config, changed, facts)
    auto_start = proxy["auto_start"] if "proxy.auto_start" in changed else None
    return Orders(patch, _extras(config), auto_start, changed)


def is_at_or_below(key: str, places: tuple[str, ...]) -> bool:
    """Whether a dotted key is one of `places` or stands below one."""
    return any(key == place or key.startswith(place + ".") for place in places)


def setting_of(key: str) -> Path | None:
    """The place of our settings that a key of the contract is kept at, where it is just one."""
    others = {"proxy.allow_lan_access": "gateway.bind", "proxy.auth_mode": "gateway.auth.mode"}
    place = _SETTING_OF.get(key) or others.get(key)
    return tuple(place.split(".")) if place else None


def invalid(key: str, param: str, **values: object) -> GatewayError:
    """JSON, but not of the right kind."""
    error = bad_request(key, param, **values)
    error.details["code"] = "invalid_request"
    return error


def _as_told(key: str, value: Any) -> Any:
    if key in ("proxy.request_timeout", "proxy.scheduling.max_wait_seconds"):
        return max(1 if key == "proxy.request_timeout" else 0, round(value))
    return list(value) if isinstance(value, tuple) else value


def _as_set(key: str, value: Any) -> Any:
    return (value or None) if key == "proxy.admin_password" else value


def _auth_mode(stored: str, is_open: bool, loopback: bool) -> str:
    """The word for what is in effect: the one that was chosen, as long as it is true."""
    if is_open:
        return "auto" if stored == "auto" else "off"
    return "all_except_health" if stored == "off" or (stored == "auto" and loopback) else stored


def _check_token(token: str, key: str) -> None:
    """Here and not only where it takes effect: a weak one may wait in the file behind one of the environment."""
    try:
        usable_token(token, key)
    except GatewayError as error:
        error.details["code"] = "invalid_request"
        raise


def _put_door(patch: JsonObject, proxy: JsonObject, changed: tuple[str, ...]) -> None:
    if "proxy.allow_lan_access" in changed:
        _put(patch, ("gateway", "bind"), "lan" if proxy["allow_lan_access"] else "loopback")
    mode = proxy["auth_mode"]
    is_open = mode == "off" or (mode == "auto" and not proxy["allow_lan_access"])
    if "proxy.auth_mode" in changed or mode == "auto":
        _put(patch, ("gateway", "auth", "mode"), "none" if is_open else "token")


def _read_zai(zai: JsonObject, facts: Facts) -> None:
    provider = _at(facts.effective, ("models", "providers", PROVIDER))
    if not isinstance(provider, Mapping):
        return
    zai["enabled"] = provider.get("enabled") is not False
    zai["base_url"] = provider.get("baseUrl") or zai["base_url"]
    zai["api_key"] = provider.get("apiKey") or ""
    if zai["enabled"] and not any(map(is_zai_rule, facts.rules)):
        zai["dispatch_mode"] = "off"


def _put_rules(patch: JsonObject, config: JsonObject, changed: tuple[str, ...], facts: Facts) -> None:
    zai, proxy = config["proxy"]["zai"], config["proxy"]
    zai_changed = any(is_at_or_below(key, ("proxy.zai",)) and not key.startswith("proxy.zai.mcp") for key in changed)
    if zai_changed:
        _put(patch, ("models", "providers", PROVIDER), zai_patch(zai))
    if zai_changed or "proxy.custom_mapping" in changed:
        rules: list[JsonObject] = with_mapping(facts.rules, proxy["custom_mapping"])
        if zai_changed:
            rules = with_zai_rules(rules, zai, facts.accounts)
        if rules != [dict(rule) for rule in facts.rules]:
            _put(patch, ("models", "rules"), rules or None)


def _extras(config: JsonObject) -> JsonObject:
    """What is to be kept beside the settings: all that is not at its first value and not kept elsewhere."""
    kept = _without(config, DEFAULTS, "")
    upstream = _at(kept, ("proxy", "upstream_proxy"))
    if isinstance(upstream, dict) and isinstance(upstream.get("url"), str):
        upstream["url"] = _without_password(upstream["url"])
    return kept


def _without(value: JsonObject, defaults: Mapping[str, Any], place: str) -> JsonObject:
    kept: JsonObject = {}
    for key, item in value.items():
        here = place + _step(key)
        if here in _OWNED or (key in defaults and item == defaults[key] and type(item) is type(defaults[key])):
            continue
        default = defaults.get(key)
        if isinstance(item, dict) and isinstance(default, Mapping) and here not in _WHOLE:
            item = _without(item, default, f"{here}.")
            if not item:
                continue
        kept[key] = item
    return kept


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _masked(value: Any, key: str, place: str) -> Any:
    if isinstance(value, dict):
        if place.rstrip(".") in _WHOLE:
            return value
        return {name: _masked(item, name, f"{place}{_step(name)}.") for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, key, place) for item in value]
    return _mask(value, key)


def _mask(value: Any, key: str) -> Any:
    if not isinstance(value, str) or not value:
        return value
    if looks_secret(key):
        return mask(value)
    if "@" in value and "://" in value:
        parts = urlsplit(value)
        if parts.password:
            host = parts.netloc.rpartition("@")[2]
            return urlunsplit(parts._replace(netloc=f"{parts.username}:{_HIDDEN}@{host}"))
    return value


def _merged(base: Any, top: Any, place: str, key: str = "") -> Any:
    if isinstance(top, Mapping):
        if not isinstance(base, dict) or place.rstrip(".") in _WHOLE:
            return dict(top)
        inner = {name: _merged(base.get(name), item, f"{place}{_step(name)}.", name) for name, item in top.items()}
        return {**base, **inner}
    if isinstance(top, str) and top != base:
        if isinstance(base, str) and base and top == _mask(base, key):
            return base
        if looks_secret(key) and ("…" in top or top == _HIDDEN):
            raise invalid("config.unknown_mask", place.rstrip("."))
    return top


def _different(before: Any, after: Any, place: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict) and place.rstrip(".") not in _WHOLE:
        for key in after:
            yield from _different(before.get(key), after[key], f"{place}{_step(key)}.")
    elif place.rstrip(".") in _WHOLE and list(before.items()) != list(after.items()):
        yield place.rstrip(".")  # the order of a mapping decides ties
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield place.rstrip(".")


def _step(key: str) -> str:
    """A key as part of a dotted one: a stranger's key with a dot in it must not pass for two of ours."""
    return f'["{key}"]' if "." in key else key


def _over(base: Any, top: Any) -> Any:
    """`top` laid over a copy of `base`."""
    if isinstance(base, Mapping) and isinstance(top, Mapping):
        return {
            key: _over(base.get(key), top[key]) if key in top else _over(base[key], None) for key in {**base, **top}
        }
    source = base if top is None else top
    if isinstance(source, Mapping):
        return {key: _over(item, None) for key, item in source.items()}
    return list(source) if isinstance(source, list) else source


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _put(tree: JsonObject, path: Path, value: Any) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    tree[path[-1]] = value


def _depth(value: Any) -> int:
    """How deep a value is nested. Without recursion: the value is a stranger's."""
    level, depth = [value], 0
    while level and depth <= _MOST_DEPTH:
        depth += 1
        inner = [item for item in level if isinstance(item, dict | list)]
        level = [child for item in inner for child in (item.values() if isinstance(item, dict) else item)]
    return depth


def _is_loopback(bind: str) -> bool:
    return bind == "loopback" or bind.startswith("127.") or bind == "::1"
