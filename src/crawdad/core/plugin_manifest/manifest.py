"""What a manifest says, once it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from crawdad.core.parts import JsonObject
from crawdad.core.text import Language

PERMISSIONS = ("network", "files", "programs", "config", "agents")
"""What a plugin can ask for."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages."""

    en: str = ""
    zh: str = ""

    def render(self, language: Language = "en") -> str:
        """In `language`, or in the other one."""
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)


@dataclass(frozen=True, slots=True)
class CommandOffer:
    """A command of the command line."""

    name: str
    description: Words


@dataclass(frozen=True, slots=True)
class Offers:
    """What a plugin brings, by name. It may register nothing else. `routes` are exact paths, `handlers`: it wants to be
    asked for paths that nobody serves, `skills` are directories below it."""

    tools: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    handlers: bool = False
    methods: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    commands: tuple[CommandOffer, ...] = ()
    skills: tuple[str, ...] = ()

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of one kind (`tools`, `commands`, …)."""
        if kind == "commands":
            return tuple(command.name for command in self.commands)
        found: tuple[str, ...] = getattr(self, kind)
        return found


@dataclass(frozen=True, slots=True)
class PluginPermissions:
    """What a plugin asks for: hosts it talks to (`*.example.com`, `*`), paths and programs it uses, settings it reads
    (`messages.*`), agents it may talk to (`*`: all)."""

    network: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()

    @property
    def document(self) -> JsonObject:
        """As plain JSON."""
        return {name: list(getattr(self, name)) for name in PERMISSIONS}

    def beyond(self, other: PluginPermissions) -> PluginPermissions:
        """What these have that `other` has not."""
        return PluginPermissions(
            **{
                name: tuple(each for each in getattr(self, name) if each not in getattr(other, name))
                for name in PERMISSIONS
            }
        )

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in PERMISSIONS)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest. `entry` is `module:function`, `kind` the slot that it fills (`memory`), `isolated`: it wants to run in a
    process apart. `config_schema` is a JSON Schema of type object; `ui_hints` tell how to draw it, by path."""

    id: str
    version: str
    entry: str
    api: str = ""
    name: Words = Words()
    description: Words = Words()
    kind: str = ""
    isolated: bool = False
    offers: Offers = Offers()
    permissions: PluginPermissions = PluginPermissions()
    config_schema: JsonObject = field(default_factory=lambda: {"type": "object", "properties": {}})
    ui_hints: JsonObject = field(default_factory=dict)
    homepage: str = ""
    license: str = ""


def host_allowed(host: str, patterns: tuple[str, ...]) -> bool:
    """Whether a host (`name` or `name:port`) is among those that a manifest asks for."""
    name = host.lower().rpartition(":")[0] if ":" in host else host.lower()
    for pattern in patterns:
        pattern = pattern.lower()
        wanted = host.lower() if ":" in pattern else name
        if pattern == "*" or pattern == wanted or (pattern.startswith("*.") and wanted.endswith(pattern[1:])):
            return True
    return False
