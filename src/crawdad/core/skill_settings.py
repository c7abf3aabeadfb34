"""`skills.*`: what agents have learnt."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from crawdad.core.section import SecretValue, Section


class SkillsLoadSettings(Section):
    """`skills.load.*`."""

    extra_dirs: tuple[str, ...] = ()


class SkillsLimitSettings(Section):
    """`skills.limits.*`."""

    max_candidates_per_root: int = Field(300, ge=1)
    max_skills_loaded_per_source: int = Field(200, ge=1)
    max_skills_in_prompt: int = Field(150, ge=0)
    max_skills_prompt_chars: int = Field(30_000, ge=0)
    max_skill_file_bytes: int = Field(256_000, ge=0)


class SkillsInstallSettings(Section):
    """`skills.install.*`."""

    trusted_keys: tuple[str, ...] = ()
    """Ed25519 public keys (base64) whose signature stands for a hash."""
    max_bytes: int = Field(50 * 1024 * 1024, ge=1024)
    max_files: int = Field(2000, ge=1)
    allow_uploaded_archives: bool = False
    """Whether operators may bring skills over the control channel (`skills.upload.*`)."""


class SkillsRegistrySettings(Section):
    """`skills.registry.*`: where skills are to be had."""

    url: str = Field("https://clawhub.ai", pattern=r"^https?://\S+$")


class SkillEntrySettings(Section):
    """`skills.entries.<key>.*`: one skill."""

    enabled: bool = True
    api_key: SecretValue | None = None
    env: dict[str, SecretValue] = Field(default_factory=dict)
    config: dict[str, Any] = Field(default_factory=dict)


class SkillsSettings(Section):
    """`skills.*`."""

    allow_bundled: tuple[str, ...] | None = None
    """Which of the bundled skills are used. Unset: all."""
    load: SkillsLoadSettings = SkillsLoadSettings()
    limits: SkillsLimitSettings = SkillsLimitSettings()
    install: SkillsInstallSettings = SkillsInstallSettings()
    registry: SkillsRegistrySettings = SkillsRegistrySettings()
    entries: dict[str, SkillEntrySettings] = Field(default_factory=dict)
