"""`backup.*`, `update.*` and `healing.*`: what is kept of an installation, where newer versions come from, and what it does
about itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from crawdad.core.section import Section


def _is_http(value: str) -> str:
    if not value.startswith(("https://", "http://")) or "@" in value:
        raise ValueError("it must begin with https:// or http://, and hold no credentials")
    return value.rstrip("/")


class BackupRetention(Section):
    """`backup.retention.*`: how many backups stay. The newest of each kind always does."""

    configurations: int = Field(50, ge=1, le=10_000)
    snapshots: int = Field(14, ge=1, le=1000)
    days: float = Field(90.0, gt=0)


class BackupSettings(Section):
    """`backup.*`."""

    enabled: bool = True
    """Whether the configuration is kept at every change and snapshots are made at their times."""
    schedule: str = Field("30 3 * * *", min_length=1, max_length=200)
    timezone: str | None = None
    workspaces: bool = True
    exclude: tuple[str, ...] = (
        *("node_modules", ".venv", "venv", "__pycache__", ".cache", ".pytest_cache", ".mypy_cache", "*.tmp"),
    )
    retention: BackupRetention = BackupRetention()


class UpdateSettings(Section):
    """`update.*`. Nobody is asked unless somebody wants to know, or `check_on_start` says so."""

    channel: Literal["stable", "beta", "dev"] = "stable"
    index: Annotated[str, Field(min_length=8, max_length=500), AfterValidator(_is_http)] | None = None
    """None: the one that pip is set up for."""
    package: str = Field("crawdad", pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$")
    check_on_start: bool = False
    keep_versions: int = Field(2, ge=1, le=20)


class HealingMemorySettings(Section):
    """`healing.memory.*`: shares of what the process may take, in percent."""

    shed_percent: float = Field(75.0, gt=0, le=100)
    replace_percent: float = Field(88.0, gt=0, le=100)
    limit_megabytes: int | None = Field(None, ge=64)
    """None: the container's limit, else the machine's memory."""


class HealingAnalysisSettings(Section):
    """`healing.analysis.*`: a paragraph in reports that a model writes."""

    model: str | None = Field(None, min_length=1, max_length=200)
    most_per_day: int = Field(10, ge=1, le=1000)


class HealingSettings(Section):
    """`healing.*`. Each is looked at whenever it counts."""

    enabled: bool = True
    most_per_hour: int = Field(4, ge=1, le=60)
    stable_minutes: float = Field(5.0, gt=0)
    reports: int = Field(200, ge=1, le=10_000)
    memory: HealingMemorySettings = HealingMemorySettings()
    analysis: HealingAnalysisSettings = HealingAnalysisSettings()
