"""Which tools there are, which files they read, and what must stand in them. Pure data, but for the URL's form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.cli_sync.edits import Changes, Format, Path, value_at

_APPROVED_CHARACTERS = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a tool shall use. No `key`: none is written, and one that is there is taken out; no `model`: the tool's own."""

    url: str
    key: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class ToolFile:
    """One file of a tool, below the home directory. `changes` says what to write, given what the file holds.

    `managed` are the paths that may be changed: what restoring puts back. `optional`: only where the file is there already,
    or where it is the last of its kind to be had.
    """

    path: str
    format: Format
    managed: tuple[Path, ...]
    changes: Callable[[Wanted, Mapping[str, Any]], Changes]
    secret: bool = False
    optional: bool = False

    @property
    def name(self) -> str:
        """Its name, as clients ask for it."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Tool:
    """One command line tool. `base_url` finds the address in use in the contents of its files, by their path; `vendor_url` is
    that of its own vendor."""

    id: str
    title: str
    program: str
    files: tuple[ToolFile, ...]
    with_v1: bool
    vendor_url: str
    base_url: Callable[[Mapping[str, Mapping[str, Any]]], str | None]

    def url(self, given: str) -> str:
        """An address in the form that this tool wants. Raises BAD_REQUEST for what is none."""
        try:
            parts = urlsplit(given.strip())
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if (
            not good
            or len(given) > 2048
            or not given.strip().isprintable()
            or any(each in given.strip() for each in " \"'\\`$")
        ):
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("sync.bad_url", {"url": given[:100]}), {"param": "proxyUrl"})
        bare = given.strip().rstrip("/")
        if not self.with_v1:
            return bare.removesuffix("/v1").rstrip("/")
        return bare if urlsplit(bare).path else f"{bare}/v1"


_CLAUDE_MODELS = ("ANTHROPIC_DEFAULT_HAIKU_MODEL", "ANTHROPIC_DEFAULT_OPUS_MODEL", "ANTHROPIC_DEFAULT_SONNET_MODEL")
_CLAUDE_ENV = ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_MODEL", *_CLAUDE_MODELS)
_APPROVED: Path = ("customApiKeyResponses", "approved")


def _claude_state(wanted: Wanted, values: Mapping[str, Any]) -> Changes:
    """Without the approval Claude Code asks whether the key may be used, each time it starts; it knows a key by its end."""
    changes: dict[Path, Any] = {("hasCompletedOnboarding",): True}
    if wanted.key:
        end = wanted.key[-_APPROVED_CHARACTERS:]
        approved = value_at(values, _APPROVED)
        known = list(approved) if isinstance(approved, list) else []
        changes[_APPROVED] = known if end in known else [*known, end]
    return changes


def _claude_settings(wanted: Wanted, _: Mapping[str, Any]) -> Changes:
    changes: dict[Path, Any] = {("env", "ANTHROPIC_BASE_URL"): wanted.url}
    if not wanted.key:
        return {**changes, ("env", "ANTHROPIC_API_KEY"): None}
    changes |= {("env", name): None for name in ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_MODEL", *_CLAUDE_MODELS)}
    changes["env", "ANTHROPIC_API_KEY"] = wanted.key
    if wanted.model:
        # Its errands go to the small model: a name that nobody has would fail each of them.
        changes["env", "ANTHROPIC_MODEL"] = changes["env", "ANTHROPIC_DEFAULT_HAIKU_MODEL"] = wanted.model
    return changes


def _codex_login(wanted: Wanted, _: Mapping[str, Any]) -> Changes:
    return {("OPENAI_API_KEY",): wanted.key or None, ("OPENAI_BASE_URL",): wanted.url}


_CODEX_PROVIDER = "custom"
_CODEX: Path = ("model_providers", _CODEX_PROVIDER)


def _codex_config(wanted: Wanted, _: Mapping[str, Any]) -> Changes:
    changes: dict[Path, Any] = {("model_provider",): _CODEX_PROVIDER}
    if wanted.model:
        changes[("model",)] = wanted.model
    return {
        **changes,
        (*_CODEX, "name"): _CODEX_PROVIDER,
        (*_CODEX, "wire_api"): "responses",
        (*_CODEX, "requires_openai_auth"): True,
        (*_CODEX, "base_url"): wanted.url,
    }


def _gemini_env(wanted: Wanted, _: Mapping[str, Any]) -> Changes:
    changes: dict[Path, Any] = {("GOOGLE_GEMINI_BASE_URL",): wanted.url, ("GEMINI_API_KEY",): wanted.key or None}
    return {**changes, ("GEMINI_MODEL",): wanted.model} if wanted.model else changes


_GEMINI_LOGIN: Path = ("security", "auth", "selectedType")


def _gemini_settings(_: Wanted, __: Mapping[str, Any]) -> Changes:
    return {_GEMINI_LOGIN: "gemini-api-key"}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _claude_url(contents: Mapping[str, Mapping[str, Any]]) -> str | None:
    return _text(value_at(contents.get(".claude/settings.json"), ("env", "ANTHROPIC_BASE_URL")))


def _codex_url(contents: Mapping[str, Mapping[str, Any]]) -> str | None:
    config = contents.get(".codex/config.toml")
    provider = _text(value_at(config, ("model_provider",)))
    return _text(value_at(config, ("model_providers", provider, "base_url"))) if provider else None


def _gemini_url(contents: Mapping[str, Mapping[str, Any]]) -> str | None:
    return _text(value_at(contents.get(".gemini/.env"), ("GOOGLE_GEMINI_BASE_URL",)))


CLAUDE = Tool(
    "claude",
    "Claude Code",
    "claude",
    (
        ToolFile(".claude.json", "json", (("hasCompletedOnboarding",), _APPROVED), _claude_state),
        ToolFile(
            ".claude/settings.json", "json", tuple(("env", name) for name in _CLAUDE_ENV), _claude_settings, secret=True
        ),
    ),
    False,
    "https://api.anthropic.com",
    _claude_url,
)
CODEX = Tool(
    "codex",
    "Codex",
    "codex",
    (
        ToolFile(".codex/auth.json", "json", (("OPENAI_API_KEY",), ("OPENAI_BASE_URL",)), _codex_login, secret=True),
        ToolFile(
            ".codex/config.toml",
            "toml",
            (
                ("model_provider",),
                ("model",),
                *((*_CODEX, key) for key in ("name", "wire_api", "requires_openai_auth", "base_url")),
            ),
            _codex_config,
        ),
    ),
    True,
    "https://api.openai.com/v1",
    _codex_url,
)
GEMINI = Tool(
    "gemini",
    "Gemini CLI",
    "gemini",
    (
        ToolFile(
            ".gemini/.env",
            "env",
            (("GOOGLE_GEMINI_BASE_URL",), ("GEMINI_API_KEY",), ("GEMINI_MODEL",)),
            _gemini_env,
            secret=True,
        ),
        ToolFile(".gemini/settings.json", "json", (_GEMINI_LOGIN,), _gemini_settings),
        ToolFile(".gemini/config.json", "json", (_GEMINI_LOGIN,), _gemini_settings, optional=True),
    ),
    False,
    "https://generativelanguage.googleapis.com",
    _gemini_url,
)
TOOLS: Mapping[str, Tool] = {tool.id: tool for tool in (CLAUDE, CODEX, GEMINI)}


def moved_files(environment: Mapping[str, str]) -> dict[str, str]:
    """What the tools' own variables move elsewhere: how a path below the home directory begins, and what stands there instead.

    With a directory of its own Claude Code keeps its state in it too, not beside it.
    """
    moved: dict[str, str] = {}
    if claude := environment.get("CLAUDE_CONFIG_DIR"):
        moved |= {".claude/": f"{claude}/", ".claude.json": f"{claude}/.claude.json"}
    if codex := environment.get("CODEX_HOME"):
        moved[".codex/"] = f"{codex}/"
    if gemini := environment.get("GEMINI_CLI_HOME"):
        moved[".gemini/"] = f"{gemini}/.gemini/"
    return moved


def tool_named(name: str) -> Tool:
    """The tool that clients call `name`, in any case. Raises BAD_REQUEST."""
    found = TOOLS.get(name.strip().lower())
    if found is None:
        details = {"param": "appType", "code": "invalid_request"}
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("sync.no_tool", {"name": name[:40]}), details)
    return found
