"""`agents.defaults.sandbox.*`, `agents.list[].sandbox.*`: how programs that agents run are kept apart from this machine."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from crawdad.core.section import Section

SandboxMode = Literal["off", "non-main", "all"]
SandboxBackend = Literal["auto", "bubblewrap", "container"]
WorkspaceAccess = Literal["none", "ro", "rw"]
SandboxScope = Literal["session", "agent", "shared"]

_Image = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][A-Za-z0-9._/:@-]{0,254}$")]
_User = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}(:[0-9]{1,10})?$")]
_Memory = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,12}[bkmgBKMG]?$")]


class ContainerSettings(Section):
    """`sandbox.docker.*`. The profile is fixed (no capabilities, no new privileges, a read-only root): of OpenClaw's keys
    those that would loosen it, or bring in paths of this machine, do not exist here."""

    image: _Image = "debian:bookworm-slim"
    network: Literal["none", "bridge"] = "none"
    user: _User = "65534:65534"
    memory: _Memory = "1g"
    cpus: float = Field(1.0, gt=0, le=1024)
    pids_limit: int = Field(256, gt=0, le=100_000)


class PruneSettings(Section):
    """`sandbox.prune.*`: when a container that programs share is taken away; 0: never for that reason."""

    idle_hours: float = Field(24.0, ge=0)
    max_age_days: float = Field(7.0, ge=0)


class SandboxSettings(Section):
    """What is kept apart, and from what."""

    mode: SandboxMode = "off"
    backend: SandboxBackend = "auto"
    workspace_access: WorkspaceAccess = "rw"
    network: bool = False
    """Whether what runs in bubblewrap reaches the network."""
    scope: SandboxScope = "agent"
    """Whose programs share a container: those of one session, of one agent, or of all that work in the same folder."""
    docker: ContainerSettings = ContainerSettings()
    prune: PruneSettings = PruneSettings()
