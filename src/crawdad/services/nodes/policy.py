"""Which commands a node may be asked for: those of its platform, what the settings add and take away, and of these only
what it says it knows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from crawdad.core.settings import NodesSettings

_CANVAS = tuple(
    f"canvas.{name}"
    for name in ("present", "hide", "navigate", "eval", "snapshot", "a2ui.push", "a2ui.pushJSONL", "a2ui.reset")
)
_DEVICE = (
    *_CANVAS,
    *("camera.list", "location.get", "device.info", "device.status", "contacts.search", "calendar.events"),
    *("reminders.list", "photos.latest", "motion.activity", "motion.pedometer"),
)
_SYSTEM = ("system.run", "system.which", "system.notify", "browser.proxy")
_OF_PLATFORM: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ios": frozenset((*_DEVICE, "system.notify")),
        "android": frozenset(_DEVICE),
        "macos": frozenset((*_DEVICE, *_SYSTEM)),
        "linux": frozenset(_SYSTEM),
        "windows": frozenset(_SYSTEM),
        "": frozenset(),
    }
)
_BEGINNINGS = (
    *(("ios", "ios"), ("ipados", "ios"), ("android", "android"), ("mac", "macos"), ("darwin", "macos")),
    *(("win", "windows"), ("linux", "linux")),
)
_SEEN = ("canvas.", "camera.", "screen.", "talk.")
_FAMILIES = (("iphone", "ios"), ("ipad", "ios"), ("ios", "ios"), ("android", "android"), ("mac", "macos"))


def platform_of(platform: str, device_family: str = "") -> str:
    """`ios`, `android`, `macos`, `windows` or `linux`, out of a node's own words; empty for anything else."""
    words = platform.strip().lower()
    for beginning, name in _BEGINNINGS:
        if words.startswith(beginning):
            return name
    family = device_family.strip().lower()
    return next((name for beginning, name in _FAMILIES if family.startswith(beginning)), "")


def allowed_commands(settings: NodesSettings, platform: str, device_family: str = "") -> frozenset[str]:
    """What a node of that kind may be asked for, if it knows it."""
    usual = _OF_PLATFORM[platform_of(platform, device_family)]
    return (usual | {each.strip() for each in settings.allow_commands}) - {
        each.strip() for each in settings.deny_commands
    }


def can_wait(command: str, platform: str, device_family: str = "") -> bool:
    """Whether a command that a phone refuses while nobody looks at it is kept until somebody does."""
    return platform_of(platform, device_family) == "ios" and command.startswith(_SEEN)


def objection(command: str, declared: Collection[str], allowed: Collection[str]) -> str | None:
    """Why a node is not asked for a command, in the protocol's words; None: it may be."""
    if not command:
        return "command required"
    if command not in allowed:
        return "command not allowlisted"
    if not declared:
        return "node did not declare commands"
    return None if command in declared else "command not declared by node"
