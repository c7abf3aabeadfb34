"""`plugins.*`: other people's code. Key names are OpenClaw's; `install` and `limits` are Crawdad's own."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from crawdad.core.section import Section


class PluginsLoadSettings(Section):
    """`plugins.load.*`."""

    paths: tuple[str, ...] = ()


class PluginsSlotSettings(Section):
    """`plugins.slots.*`: of several plugins that do the same thing, the one that does it."""

    memory: str = "memory-core"


class PluginsInstallSettings(Section):
    """`plugins.install.*`."""

    trusted_keys: tuple[str, ...] = ()
    """Ed25519 public keys (base64) whose signature stands for a hash."""
    max_bytes: int = Field(50 * 1024 * 1024, ge=1024)
    max_files: int = Field(5000, ge=1)


class PluginsLimitSettings(Section):
    """`plugins.limits.*`: what a plugin may take before it is set down."""

    call_seconds: float = Field(60.0, gt=0)
    hook_seconds: float = Field(5.0, gt=0)
    start_seconds: float = Field(20.0, gt=0)
    block_seconds: float = Field(2.0, gt=0)
    failures: int = Field(5, ge=1)
    failure_minutes: float = Field(10.0, gt=0)
    tasks: int = Field(200, ge=1)
    memory_megabytes: int = Field(1024, ge=64)
    """Address space of a process apart."""
    sandbox: Literal["auto", "required", "off"] = "auto"
    """Whether a process apart is kept in a sandbox of bubblewrap: where there is one, always, never."""


class PluginEntrySettings(Section):
    """`plugins.entries.<id>.*`: one plugin."""

    enabled: bool | None = None
    """Unset: an installed one is used, one that merely lies in the Python environment is not."""
    config: dict[str, Any] = Field(default_factory=dict)
    isolated: bool | None = None
    """Whether it runs in a process apart. Unset: as its manifest says."""


class PluginsSettings(Section):
    """`plugins.*`."""

    enabled: bool = True
    allow: tuple[str, ...] | None = None
    """When set, only these."""
    deny: tuple[str, ...] = ()
    load: PluginsLoadSettings = PluginsLoadSettings()
    slots: PluginsSlotSettings = PluginsSlotSettings()
    install: PluginsInstallSettings = PluginsInstallSettings()
    limits: PluginsLimitSettings = PluginsLimitSettings()
    entries: dict[str, PluginEntrySettings] = Field(default_factory=dict)
