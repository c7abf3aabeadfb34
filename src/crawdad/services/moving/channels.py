"""Sign-ins of channels and the people who were let in, as OpenClaw keeps them in plain files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

WEIXIN = "openclaw-weixin"
_PEOPLE = "-allowFrom.json"
_ENDINGS = (("-im-bot", "@im.bot"), ("-im-wechat", "@im.wechat"))


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """Who was let in to an account (empty: the usual one) of a channel."""

    name: str
    channel: str
    account: str


def people_file(name: str, channels: Collection[str]) -> PeopleFile | None:
    """What a file in `credentials` is about, if it is one of people; of two channels that fit the longer name counts."""
    if not name.endswith(_PEOPLE):
        return None
    stem = name.removesuffix(_PEOPLE)
    for channel in sorted(channels, key=len, reverse=True):
        if stem == channel or stem.startswith(f"{channel}-"):
            return PeopleFile(name, channel, stem[len(channel) + 1 :])
    return None


def read_people(document: Any) -> list[str]:
    """The ids of the people."""
    listed = document.get("allowFrom") if isinstance(document, dict) else document
    ids = [str(each).strip() for each in listed if isinstance(each, str | int)] if isinstance(listed, list) else []
    return [each for each in dict.fromkeys(ids) if each and each != "*"]


def weixin_ids(document: Any) -> list[str]:
    """The accounts of WeChat that were signed in: names of files."""
    listed = document if isinstance(document, list) else []
    return [each for each in listed if isinstance(each, str) and each and PurePath(each).name == each]


def weixin_state(account_id: str, document: Any, sync: Any) -> dict[str, str] | None:
    """What a sign-in leaves in the memory of an account here (`adapters.channels.weixin`); None: there is no token."""
    token = document.get("token") if isinstance(document, dict) else None
    if not isinstance(token, str) or not token.strip():
        return None
    bot = account_id
    for ending, real in _ENDINGS:
        if bot.endswith(ending):
            bot = bot.removesuffix(ending) + real
    state = {"bot": bot, "token": token.strip()}
    for name, theirs in (("base_url", "baseUrl"), ("owner", "userId")):
        if isinstance(document.get(theirs), str) and document[theirs]:
            state[name] = document[theirs]
    cursor = sync.get("get_updates_buf") if isinstance(sync, dict) else None
    return {**state, "cursor": cursor} if isinstance(cursor, str) and cursor else state
