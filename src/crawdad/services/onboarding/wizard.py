"""The questions by which a gateway gets its first provider, model and workspace, and what their answers make of the
configuration. Pure: `Wizard` knows nothing of who asks, and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.secret import Secret
from crawdad.core.text import Text

StepKind = Literal["note", "select", "text", "confirm"]
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Preset:
    """A provider that is asked for by name."""

    label: str
    base_url: str
    api: str
    model: str


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "openai": Preset("OpenAI", "https://api.openai.com/v1", "openai-responses", "gpt-5-mini"),
        "anthropic": Preset("Anthropic", "https://api.anthropic.com", "anthropic-messages", "claude-sonnet-4-5"),
        "google": Preset(
            "Google Gemini",
            "https://generativelanguage.googleapis.com/v1beta",
            "google-generative-ai",
            "gemini-2.5-flash",
        ),
    }
)
OTHER, NONE = "other", "none"


@dataclass(frozen=True, slots=True)
class Step:
    """One question. `options` are values with their labels."""

    id: str
    kind: StepKind
    title: Text
    message: Text
    options: Sequence[tuple[str, Text | str]] = ()
    initial: str | bool | None = None
    placeholder: str = ""
    sensitive: bool = False


class Wizard:
    """Asks one thing after another. `step` is None when all was asked; `patch` then says what to write (None: nothing)."""

    def __init__(self, workspace: str = "") -> None:
        self._workspace = workspace
        self._provider = ""
        self._base_url = ""
        self._key = Secret("")
        self._model = ""
        self._wanted = False
        self.step: Step | None = _step("welcome", "note")

    def answer(self, value: object) -> None:
        """Take the answer to the present step and go on. Raises BAD_REQUEST; the step stays then."""
        assert self.step is not None
        following = {
            "welcome": lambda _: "provider",
            "provider": self._choose,
            "baseUrl": self._take_url,
            "apiKey": self._take_key,
            "model": self._take_model,
            "workspace": self._take_workspace,
            "confirm": self._take_confirm,
        }[self.step.id](value)
        self.step = self._made(following) if following else None

    @property
    def ended(self) -> bool:
        """Whether all was asked."""
        return self.step is None

    @property
    def patch(self) -> JsonObject | None:
        """A merge patch for the configuration."""
        if not self._wanted:
            return None
        made: JsonObject = {}
        if self._provider:
            preset = PRESETS.get(self._provider)
            provider = {
                "baseUrl": preset.base_url if preset is not None else self._base_url,
                "api": preset.api if preset is not None else "openai-completions",
                **({"apiKey": self._key.reveal()} if self._key.reveal() else {"auth": "none"}),
            }
            made["models"] = {"providers": {self._provider: provider}}
        defaults: JsonObject = {}
        if self._model:
            defaults["model"] = {"primary": self._model}
        if self._workspace:
            defaults["workspace"] = self._workspace
        return {**made, **({"agents": {"defaults": defaults}} if defaults else {})}

    def _made(self, name: str) -> Step:
        preset = PRESETS.get(self._provider)
        if name == "provider":
            known = [(key, each.label) for key, each in PRESETS.items()]
            others = [(OTHER, Text("wizard.provider.other")), (NONE, Text("wizard.provider.none"))]
            return _step(name, "select", options=(*known, *others), initial="openai")
        if name == "baseUrl":
            return _step(name, "text", placeholder="https://models.example/v1")
        if name == "apiKey":
            return _step(name, "text", sensitive=True)
        if name == "model":
            usual = f"{self._provider}/{preset.model}" if preset is not None else ""
            return _step(name, "text", initial=usual or None, placeholder=usual or "provider/model")
        if name == "workspace":
            return _step(name, "text", initial=self._workspace or None, placeholder="workspace")
        return _step(name, "confirm", initial=True)

    def _choose(self, value: object) -> str:
        if value not in (*PRESETS, OTHER, NONE):
            raise bad_request("wizard.no_option", "value")
        self._provider = "" if value == NONE else str(value)
        return {NONE: "workspace", OTHER: "baseUrl"}.get(str(value), "apiKey")

    def _take_url(self, value: object) -> str:
        url = _text(value, needed=True)
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise bad_request("wizard.no_url", "value")
        self._base_url = url
        return "apiKey"

    def _take_key(self, value: object) -> str:
        self._key = Secret(_text(value, needed=self._provider in PRESETS))
        return "model"

    def _take_model(self, value: object) -> str:
        name = _text(value, needed=True)
        self._model = name if name.startswith(f"{self._provider}/") else f"{self._provider}/{name}"
        return "workspace"

    def _take_workspace(self, value: object) -> str:
        self._workspace = _text(value)
        return "confirm"

    def _take_confirm(self, value: object) -> str:
        if not isinstance(value, bool):
            raise bad_request("wizard.no_option", "value")
        self._wanted = value
        return ""


def _step(
    name: str,
    kind: StepKind,
    *,
    options: Sequence[tuple[str, Text | str]] = (),
    initial: str | bool | None = None,
    placeholder: str = "",
    sensitive: bool = False,
) -> Step:
    title, message = Text(f"wizard.{name}.title"), Text(f"wizard.{name}.message")
    return Step(name, kind, title, message, options, initial, placeholder, sensitive)


def _text(value: object, *, needed: bool = False) -> str:
    if not isinstance(value, str | None):
        raise bad_request("wizard.no_text", "value")
    text = (value or "").strip()
    if len(text) > _LONGEST or not text.isprintable() or (needed and not text):
        raise bad_request("wizard.no_text", "value")
    return text
