"""`agents.defaults.memorySearch.*`: how agents search what they wrote down."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from crawdad.core.section import Section


class MemoryChunkingSettings(Section):
    """`….chunking.*`, in tokens."""

    tokens: int = Field(400, gt=0)
    overlap: int = Field(80, ge=0)


class HybridSettings(Section):
    """`….query.hybrid.*`: how much likeness of meaning counts beside common words."""

    enabled: bool = True
    vector_weight: float = Field(0.7, ge=0, le=1)
    text_weight: float = Field(0.3, ge=0, le=1)


class MemoryQuerySettings(Section):
    """`….query.*`."""

    max_results: int = Field(6, gt=0)
    min_score: float = Field(0.35, ge=0, le=1)
    hybrid: HybridSettings = HybridSettings()


class MemorySearchSettings(Section):
    """`agents.defaults.memorySearch.*`."""

    enabled: bool = True
    extra_paths: tuple[str, ...] = ()
    """More files or folders that are searched. Those outside the workspace count only when they are absolute."""
    provider: str | None = None
    model: str | None = None
    """An embedding model (`provider/model`). Unset: words alone are searched."""
    sources: tuple[Literal["memory", "sessions"], ...] = ("memory",)
    """`sessions`: what was said in the agent's sessions is searched as well."""
    chunking: MemoryChunkingSettings = MemoryChunkingSettings()
    query: MemoryQuerySettings = MemoryQuerySettings()

    @property
    def embedding_model(self) -> str | None:
        """The model's whole name."""
        if not self.model or "/" in self.model or not self.provider:
            return self.model
        return f"{self.provider}/{self.model}"
