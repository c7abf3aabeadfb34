"""`tools.*`, `approvals.*`: what agents may do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from crawdad.core.loop_settings import LoopDetectionSettings
from crawdad.core.section import Section
from crawdad.core.session_settings import AgentToAgentToolsSettings, SessionToolsSettings
from crawdad.core.web_settings import WebToolsSettings

Profile = Literal["minimal", "coding", "messaging", "full"]
Security = Literal["deny", "allowlist", "full"]
Ask = Literal["off", "on-miss", "always"]

SAFE_BINS = ("cut", "head", "jq", "tail", "tr", "uniq", "wc")


class ToolRules(Section):
    """Names of tools: `allow` alone when there are any, with `also_allow` beside them, never `deny`."""

    allow: tuple[str, ...] = ()
    also_allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class ToolPolicySettings(ToolRules):
    """One step of the policy, which begins with a profile."""

    profile: Profile | None = None


class AllowedProgram(Section):
    """`tools.exec.allowlist[]`: something that may run unasked. Without `arguments`, only without any; an item `*` stands for
    one argument that is no option, a last item `...` for whatever follows."""

    program: str = Field(min_length=1)
    arguments: tuple[str, ...] = ()
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class SafeBinProfile(Section):
    """`tools.exec.safeBinProfiles.<name>`: how a program that only reads its standard input may be called."""

    min_positional: int = Field(0, ge=0)
    max_positional: int = Field(0, ge=0)
    allowed_value_flags: tuple[str, ...] = ()
    allowed_flags: tuple[str, ...] = ()
    denied_flags: tuple[str, ...] = ()


class ApplyPatchSettings(Section):
    """`tools.exec.applyPatch.*`. `allow_models` (names, `*` allowed): only they are offered it; empty: all."""

    enabled: bool = True
    allow_models: tuple[str, ...] = ()


class ExecSettings(Section):
    """`tools.exec.*`: programs."""

    security: Security = "allowlist"
    ask: Ask = "on-miss"
    ask_fallback: Literal["deny", "allowlist"] = "deny"
    """What counts when nobody answers: no, or what the allowlist says."""
    untrusted: Literal["deny", "ask", "allow"] = "ask"
    """What becomes of programs in a turn that carries outside content."""
    allowlist: tuple[AllowedProgram, ...] = ()
    path_prepend: tuple[str, ...] = ()
    safe_bins: tuple[str, ...] = SAFE_BINS
    safe_bin_trusted_dirs: tuple[str, ...] = ()
    safe_bin_profiles: dict[str, SafeBinProfile] = Field(default_factory=dict)
    background_ms: int = Field(10_000, gt=0, le=600_000)
    timeout_sec: int = Field(1800, gt=0, le=86_400)
    cleanup_ms: int = Field(1_800_000, gt=0, le=86_400_000)
    most_running: int = Field(16, gt=0, le=1000)
    """How many programs of one agent may run at once."""
    notify_on_exit: bool = True
    notify_on_exit_empty_success: bool = False
    apply_patch: ApplyPatchSettings = ApplyPatchSettings()


class FsSettings(Section):
    """`tools.fs.*`: files."""

    workspace_only: bool = True


class ElevatedSettings(Section):
    """`tools.elevated.*`: who may run programs outside the sandbox, by channel."""

    enabled: bool = True
    allow_from: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class InnerToolsSettings(Section):
    """`tools.subagents.*`, `tools.sandbox.*`: what holds besides in there."""

    tools: ToolRules = ToolRules()


class AgentToolsSettings(ToolPolicySettings):
    """`agents.list[].tools.*`: what is different for one agent. It never gets more than `tools.*` leaves."""

    by_provider: dict[str, ToolPolicySettings] = Field(default_factory=dict)
    exec: ExecSettings | None = None
    fs: FsSettings | None = None
    sandbox: InnerToolsSettings = InnerToolsSettings()


class MediaModelSettings(Section):
    """`tools.media.audio.models[]`: a model that hears. Entries of programs (`type: "cli"`) are passed over."""

    type: Literal["provider", "cli"] = "provider"
    provider: str = ""
    model: str = ""
    """Its name as everywhere, or within `provider`."""
    language: str = ""
    prompt: str = ""
    max_bytes: int | None = Field(None, gt=0)
    timeout_seconds: float | None = Field(None, gt=0)

    @property
    def name(self) -> str:
        """The model's whole name."""
        return f"{self.provider}/{self.model}" if self.provider and self.model else self.model


class AudioSettings(Section):
    """`tools.media.audio.*`: writing down what is said in voice messages."""

    enabled: bool = True
    models: tuple[MediaModelSettings, ...] = ()
    """Tried in this order. Without any nothing is written down."""
    language: str = ""
    prompt: str = ""
    max_bytes: int = Field(20 * 1024 * 1024, gt=0)
    timeout_seconds: float = Field(60.0, gt=0, le=600)


class MediaToolsSettings(Section):
    """`tools.media.*`."""

    audio: AudioSettings = AudioSettings()


class ToolsSettings(Section):
    """`tools.*`."""

    profile: Profile = "full"
    allow: tuple[str, ...] = ()
    also_allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    loop_detection: LoopDetectionSettings = LoopDetectionSettings()
    sessions: SessionToolsSettings = SessionToolsSettings()
    agent_to_agent: AgentToAgentToolsSettings = AgentToAgentToolsSettings()
    by_provider: dict[str, ToolPolicySettings] = Field(default_factory=dict)
    by_sender: dict[str, ToolRules] = Field(default_factory=dict)
    by_group: dict[str, ToolRules] = Field(default_factory=dict)
    exec: ExecSettings = ExecSettings()
    fs: FsSettings = FsSettings()
    elevated: ElevatedSettings = ElevatedSettings()
    subagents: InnerToolsSettings = InnerToolsSettings()
    sandbox: InnerToolsSettings = InnerToolsSettings()
    web: WebToolsSettings = WebToolsSettings()
    media: MediaToolsSettings = MediaToolsSettings()


class ApprovalsSettings(Section):
    """`approvals.*`: asking the operator."""

    timeout_seconds: float = Field(120.0, gt=0, le=86_400)
    """How long a turn waits for an answer; afterwards the answer is no."""
    most_pending: int = Field(20, gt=0, le=1000)
    """How many may wait in one session."""
    keep_days: float = Field(30.0, gt=0)
