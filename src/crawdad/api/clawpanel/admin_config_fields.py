"""The keys of ClawPanel's `admin-config`, and where Crawdad's own configuration has the same. Pure.

There is one configuration: what stands here is a view on it. Each field says where its value lies, what it is like, and what it
is when nobody has said anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from crawdad.core.channel_automations import ADMIN_CONFIG_KEYS, AutomatedSettings
from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.networks import parse_network

MASK = "********"
"""Stands for a secret that is there; sent back, it changes nothing."""
Path = tuple[str, ...]
Check = Callable[[str, Any], Any]
"""What is written for a value that was sent. Raises BAD_REQUEST naming the key."""
Show = Callable[[Any], Any]
_LONGEST = 4000
_MOST_ITEMS = 500
_LAN = {"lan": "0.0.0.0", "loopback": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Field:
    """One key. `path` in the panel's object, `place` in the configuration; `default` as the panel sees it. `identity`: it says
    who may come in, or where, and stays when a section that does not name it is replaced; so do secrets."""

    path: Path
    place: Path
    check: Check
    default: Any
    show: Show = lambda value: value
    secret: bool = False
    identity: bool = False

    @property
    def key(self) -> str:
        """Its name as people write it."""
        return ".".join(self.path)

    @property
    def lasting(self) -> bool:
        """Whether it stays when it is not named."""
        return self.secret or self.identity


def wrong(key: str, wanted: str) -> GatewayError:
    """What is said of a value that a key does not take."""
    return bad_request("panel.wrong_value", key, wanted=wanted)


def flag(key: str, value: Any) -> Any:
    """true or false."""
    if not isinstance(value, bool):
        raise wrong(key, "true | false")
    return value


def number(key: str, value: Any) -> Any:
    """A number that is not below zero."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**53:
        raise wrong(key, "a number ≥ 0")
    return value


def port(key: str, value: Any) -> Any:
    """A port."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65_535:
        raise wrong(key, "1–65535")
    return value


def text(key: str, value: Any) -> Any:
    """A text."""
    if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value:
        raise wrong(key, "a text")
    return value


def texts(key: str, value: Any) -> Any:
    """A list of texts."""
    if not isinstance(value, list) or len(value) > _MOST_ITEMS:
        raise wrong(key, "a list of texts")
    return [text(key, one) for one in value]


def networks(key: str, value: Any) -> Any:
    """A list of addresses and networks."""
    for one in texts(key, value):
        try:
            parse_network(one)
        except ValueError:
            raise wrong(key, "10.0.0.5 | 10.0.0.0/8") from None
    return value


def objects(key: str, value: Any) -> Any:
    """A list of objects."""
    if not isinstance(value, list) or len(value) > _MOST_ITEMS or not all(isinstance(one, dict) for one in value):
        raise wrong(key, "a list of objects")
    return value


def secret(key: str, value: Any) -> Any:
    """A secret; an empty one is none."""
    return text(key, value) or None


def password(key: str, value: Any) -> Any:
    """The token that administers: there is always one."""
    if not text(key, value):
        raise wrong(key, "a token")
    return value


def owner(key: str, value: Any) -> Any:
    """A QQ number; 0 is nobody."""
    found = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(found, str) or not (found == "" or (found.isascii() and found.isdigit() and len(found) <= 15)):
        raise wrong(key, "a QQ number")
    return found.lstrip("0")


def address(*schemes: str) -> Check:
    """A URL with one of these schemes, or nothing."""

    def check(key: str, value: Any) -> Any:
        if text(key, value) and not value.lower().startswith(schemes):
            raise wrong(key, " | ".join(schemes))
        return value

    return check


def host(key: str, value: Any) -> Any:
    """Where the front door listens, by the configuration's word."""
    words = {shown: word for word, shown in _LAN.items()}
    return words.get(text(key, value), value)


def web_port(url: Any) -> int:
    """The port of NapCat's web page."""
    try:
        return urlsplit(str(url or "")).port or 6099
    except ValueError:
        return 6099


def with_port(url: Any, value: int) -> str:
    """The address of NapCat's web page at another port."""
    parts = urlsplit(str(url or "") or "http://127.0.0.1")
    name = parts.hostname or "127.0.0.1"
    return urlunsplit(
        (parts.scheme or "http", f"[{name}]:{value}" if ":" in name else f"{name}:{value}", parts.path, "", "")
    )


WEB_PORT: Path = ("napcat", "webuiPort")
_CHECKS: Mapping[str, Check] = {
    "qq.ownerQQ": owner,
    "qq.autoApprove.group.rules": objects,
    "napcat.wsUrl": address("ws://", "wss://"),
}
_SECRETS = frozenset(("napcat.accessToken",))


def _of_automations() -> list[Field]:
    defaults = AutomatedSettings().model_dump(by_alias=True, mode="json")
    found: list[Field] = []
    for key, where in ADMIN_CONFIG_KEYS.items():
        path, place = tuple(key.split(".")), tuple(where.split("."))
        if key in _SECRETS:
            found.append(Field(path, place, secret, "", secret=True))
            continue
        default = at(defaults, place[2:])
        check = _CHECKS.get(key) or _check_of(default)
        show: Show = _number_shown if key == "qq.ownerQQ" else _keep
        if default is None:
            default = 0 if check in (owner, number) else ""
        found.append(Field(path, place, check, default, show))
    return found


def _check_of(default: Any) -> Check:
    if isinstance(default, bool):
        return flag
    if isinstance(default, list):
        return texts
    return text if isinstance(default, str) else number


def _keep(value: Any) -> Any:
    return 0 if value is None else value


def _number_shown(value: Any) -> Any:
    return int(value) if str(value).isascii() and str(value).isdigit() else 0


def at(value: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


_WECHAT = ("channels", "wechat")
FIELDS: tuple[Field, ...] = (
    Field(("server", "port"), ("gateway", "port"), port, 18_789, identity=True),
    Field(
        ("server", "host"),
        ("gateway", "bind"),
        host,
        "127.0.0.1",
        lambda value: _LAN.get(str(value), str(value)),
        identity=True,
    ),
    Field(("server", "token"), ("gateway", "auth", "adminToken"), password, "", secret=True, identity=True),
    *_of_automations(),
    Field(("napcat", "webuiToken"), ("channels", "qq", "napcat", "webToken"), secret, "", secret=True),
    Field(("wechat", "apiUrl"), (*_WECHAT, "apiUrl"), address("http://", "https://"), ""),
    Field(("wechat", "token"), (*_WECHAT, "token"), secret, "", secret=True),
    Field(("wechat", "callbackSecret"), (*_WECHAT, "callbackSecret"), secret, "", secret=True),
    Field(("wechat", "callbackFrom"), (*_WECHAT, "callbackFrom"), networks, []),
    Field(("wechat", "enabled"), (*_WECHAT, "enabled"), flag, True),
    Field(("wechat", "autoReply"), (*_WECHAT, "autoReply"), flag, True),
)
SECTIONS = frozenset(("server", "system", "openclaw", "napcat", "wechat", "qq"))
"""The sections that mean something; others are kept as they come."""
