"""Which accounts the settings name for a channel, and what each of them is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from crawdad.core.channel_automations import AutomatedSettings
from crawdad.core.channel_settings import DEFAULT_ACCOUNT, ChannelBlock, ChannelSettings
from crawdad.core.channels import ChannelKind
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

DEFAULTS = "defaults"
_MOST_ACCOUNTS = 200


def block_of(kind: ChannelKind, blocks: Mapping[str, ChannelBlock]) -> ChannelBlock | None:
    """What the settings say of a channel, by its id or another of its names."""
    for name in (kind.id, *kind.aliases):
        if name in blocks and name != DEFAULTS:
            return blocks[name]
    return None


def block_name(kind: ChannelKind | None, name: str, blocks: Mapping[str, Any]) -> str:
    """The key below `channels` that the channel called `name` is configured by: the one that counts of those that are there,
    else `name` itself."""
    names = (kind.id, *kind.aliases) if kind is not None else ()
    return next((each for each in names if each in blocks and each != DEFAULTS), name)


def configured_accounts(
    kind: ChannelKind, blocks: Mapping[str, ChannelBlock]
) -> dict[str, ChannelSettings | GatewayError]:
    """The accounts of a channel by name, each with its settings upon those of the channel upon `channels.defaults`, or with
    what is wrong with them (BAD_REQUEST)."""
    block = block_of(kind, blocks)
    if block is None:
        return {}
    defaults = blocks[DEFAULTS].written() if DEFAULTS in blocks else {}
    common = {**defaults, **block.written()}
    accounts = dict(list(block.accounts.items())[:_MOST_ACCOUNTS]) or {block.default_account or DEFAULT_ACCOUNT: {}}
    found: dict[str, ChannelSettings | GatewayError] = {}
    for name, own in accounts.items():
        found[name] = _settings(kind, name, {**common, **own, "enabled": _enabled(common, own)})
    return found


_AT_ONCE = frozenset(AutomatedSettings.model_fields) - {"enabled", "name"}


def needs_restart(old: ChannelSettings, new: ChannelSettings) -> bool:
    """Whether an account has to connect anew for a change of its settings. What is decided in the core holds at once: an
    account that is cut off for it might miss something."""
    if type(old) is not type(new):
        return True
    own = (name for name in type(new).model_fields if name not in _AT_ONCE)
    return any(getattr(old, name) != getattr(new, name) for name in own)


def default_account(kind: ChannelKind, blocks: Mapping[str, ChannelBlock]) -> str:
    """The account that is meant where none is named."""
    block = block_of(kind, blocks)
    if block is None:
        return DEFAULT_ACCOUNT
    return block.default_account or next(iter(block.accounts), DEFAULT_ACCOUNT)


def _enabled(common: Mapping[str, Any], own: Mapping[str, Any]) -> Any:
    """An account of a channel that is off is off."""
    return common.get("enabled", True) and own.get("enabled", True)


def _settings(kind: ChannelKind, account: str, values: Mapping[str, Any]) -> ChannelSettings | GatewayError:
    try:
        return kind.settings.model_validate(values)
    except ValidationError as error:
        # Only where and what kind of fault: the value may be a secret.
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        words = Text(
            "channels.bad_settings", {"channel": kind.id, "account": account, "key": place, "fault": first["type"]}
        )
        return GatewayError(ErrorKind.BAD_REQUEST, words, {"param": f"channels.{kind.id}.{place}"})
