"""The configuration as one frozen value. Key names are OpenClaw's; unknown keys are kept in the file, not here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from crawdad.core.agent_settings import AgentsSettings, Binding
from crawdad.core.channel_settings import ChannelBlock, Ids
from crawdad.core.door_settings import (
    AuthRateLimitSettings,
    GatewayHttpSettings,
    GatewayToolsSettings,
    HooksSettings,
    MediaSettings,
    TailscaleSettings,
    TrustedProxySettings,
    UploadSettings,
)
from crawdad.core.mcp_settings import McpSettings
from crawdad.core.message_settings import CommandsSettings, MessagesSettings
from crawdad.core.notification_settings import NotificationSettings
from crawdad.core.operation_settings import BackupSettings, HealingSettings, UpdateSettings
from crawdad.core.plugin_settings import PluginsSettings
from crawdad.core.schedule_settings import CronSettings
from crawdad.core.section import SecretValue, Section
from crawdad.core.session_settings import RestApiSettings, SessionSettings
from crawdad.core.skill_settings import SkillsSettings
from crawdad.core.telemetry_settings import TelemetrySettings
from crawdad.core.tool_settings import ApprovalsSettings, ToolsSettings

Api = Literal["openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai", "ollama"]


BACKGROUND_PHRASES = (
    "title for this",
    "conversation title",
    "session title",
    "new conversation topic",
    "summarize this conversation",
    "summarise this conversation",
    "summary of this conversation",
    "suggest a prompt",
    "next user prompt",
    "test connection",
)


Rate = Annotated[float | None, Field(ge=0, allow_inf_nan=False)]
"""A price in US dollars; None: unknown."""


class CostTier(Section):
    """Prices of requests with more than `above` input tokens, where they differ."""

    above: int = Field(gt=0)
    input: Rate = None
    output: Rate = None
    cache_read: Rate = None
    cache_write: Rate = None
    cache_write_1h: Rate = Field(None, alias="cacheWrite1h")


class ModelCost(Section):
    """Prices per million tokens, in US dollars; `minute` is of sound, `characters` of a million of them, `picture`, `request`
    and `web_search` of one. Zero is free; what is left out is unknown."""

    input: Rate = None
    output: Rate = None
    cache_read: Rate = None
    cache_write: Rate = None
    cache_write_1h: Rate = Field(None, alias="cacheWrite1h")
    audio_input: Rate = None
    audio_output: Rate = None
    image_input: Rate = None
    image_output: Rate = None
    picture: Rate = None
    minute: Rate = None
    characters: Rate = None
    request: Rate = None
    web_search: Rate = None
    tiers: tuple[CostTier, ...] = ()


class ModelSettings(Section):
    """One model of a provider. `kind` is Crawdad's own addition for models that are not chat models."""

    id: str = Field(min_length=1)
    name: str | None = None
    api: Api | None = None
    reasoning: bool = False
    input: tuple[str, ...] = ("text",)
    cost: ModelCost = ModelCost()
    context_window: int = Field(200_000, gt=0)
    max_tokens: int = Field(8192, gt=0)
    headers: dict[str, SecretValue] = Field(default_factory=dict)
    compat: dict[str, Any] = Field(default_factory=dict)
    kind: Literal["chat", "embedding", "image", "audio"] = "chat"
    endpoints: tuple[str, ...] = ()
    """Upstream operations this model offers beyond its kind's own, such as `images`."""


class ProviderSettings(Section):
    """Where models are to be had. `base_url` is as OpenClaw writes it: with `/v1` for OpenAI, without for Anthropic."""

    enabled: bool = True
    """Off, it is as if it were not there; what the file says of it is kept."""
    base_url: str = Field(min_length=1)
    api_key: SecretValue | None = None
    api: Api = "openai-completions"
    auth: Literal["api-key", "none"] = "api-key"
    auth_header: bool = False
    """Whether the key goes out as `Authorization: Bearer` where the protocol has a header of its own for it."""
    headers: dict[str, SecretValue] = Field(default_factory=dict)
    models: tuple[ModelSettings, ...] = ()
    profile: str | None = None
    """The quirks profile; guessed from the host where not given."""
    discover: bool = True
    """Whether to ask the provider for its list of models; models it lists but the file does not are offered too."""
    weight: float = Field(1.0, ge=0)
    proxy: str | None = None
    connect_timeout_seconds: float = Field(10.0, gt=0)
    first_byte_timeout_seconds: float | None = Field(None, gt=0)
    """Unset: that of all providers (`models.firstByteTimeoutSeconds`)."""
    idle_timeout_seconds: float = Field(120.0, gt=0)


class BackgroundSettings(Section):
    """`models.background.*`: small errands that coding tools do on the side (a title, a summary) go to a model of their own."""

    enabled: bool = False
    model: str = Field("internal-background-task", min_length=1)
    """Where they go: a name that is resolved like any other, so that a mapping rule can stand behind it."""
    max_tokens: int = Field(1024, gt=0)
    """The largest answer that such a request may ask for."""
    phrases: tuple[str, ...] = BACKGROUND_PHRASES
    """One of them stands in the request's last words or its system prompt, upper and lower case alike."""


class ModelsSettings(Section):
    """`models.*`: providers, aliases, mapping rules, fallbacks."""

    mode: Literal["merge", "replace"] = "merge"
    providers: dict[str, ProviderSettings] = Field(default_factory=dict)
    aliases: dict[str, str] = Field(default_factory=dict)
    """A name clients may use → the model it means (`provider/model`)."""
    rules: tuple[MappingRule, ...] = ()
    default: str | None = None
    """Where unknown names go. Unset: nowhere, they are a 404."""
    prices: dict[str, ModelCost] = Field(default_factory=dict)
    """Prices by name (`provider/model` or `model`, `*` allowed); they go before those that vendors publish."""
    discover_local: bool = True
    """Whether to look for a local Ollama, LM Studio or vLLM when no provider is configured."""
    local_servers: dict[str, str] = Field(default_factory=dict)
    """Where to look for `ollama`, `lmstudio` or `vllm` instead of its customary address."""
    demo: bool = True
    proxy: SecretValue | None = None
    """The proxy for providers that name none themselves. It may hold a password."""
    first_byte_timeout_seconds: float = Field(300.0, gt=0)
    background: BackgroundSettings = BackgroundSettings()


class Target(Section):
    """One place a rule sends requests to."""

    model: str = Field(min_length=1)
    weight: float = Field(1.0, ge=0)


class MappingRule(Section):
    """Requests for `match` (exact or with `*`) go to one of `targets` by weight, then to `fallbacks` in order.

    The target `*` is the name as it was asked for, as if this rule were not there (to put a fallback behind a whole family).
    `protocols` (openai-chat, openai-responses, anthropic-messages,
    gemini) and `keys` (key ids or names) narrow the rule; empty means all.
    """

    match: str = Field(min_length=1)
    targets: tuple[Target, ...] = ()
    fallbacks: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


class AuthSettings(Section):
    """`gateway.auth.*`. OpenClaw's mode `password` is read as mode `token` whose token is the password."""

    mode: Literal["none", "token", "trusted-proxy"] = "token"
    token: SecretValue | None = None
    admin_token: SecretValue | None = None
    password: SecretValue | None = None
    allow_tailscale: bool | None = None
    rate_limit: AuthRateLimitSettings = AuthRateLimitSettings()
    trusted_proxy: TrustedProxySettings = TrustedProxySettings()


class NodesSettings(Section):
    """`gateway.nodes.*`: which commands nodes may be asked for besides the usual ones of their platform, and which never."""

    allow_commands: tuple[str, ...] = ()
    deny_commands: tuple[str, ...] = ()


class ShellSettings(Section):
    """`gateway.shell.*`: a prompt for single commands, from afar."""

    enabled: bool = False
    commands: tuple[str, ...] = ("crawdad status", "crawdad version", "crawdad doctor", "df -h", "free -m", "uptime")
    """Word for word; one that ends in `*` takes any further words."""


class GatewaySettings(Section):
    """`gateway.*`: the front door."""

    port: int = Field(18789, ge=0, le=65535)
    bind: str = "loopback"
    """`loopback`, `lan` (all interfaces) or an address."""
    extra_ports: tuple[Annotated[int, Field(ge=0, le=65535)], ...] = ()
    auth: AuthSettings = AuthSettings()
    trusted_proxies: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    """Host names besides localhost and literal addresses under which a loopback-bound gateway answers (DNS rebinding)."""
    allowed_origins: tuple[str, ...] = ()
    max_body_bytes: int = Field(100 * 1024 * 1024, ge=1024)
    drain_seconds: float = Field(30.0, ge=0)
    keep_alive_seconds: float = Field(15.0, gt=0)
    """How long a stream may be silent before a comment or ping is sent."""
    private_networks: bool = False
    """Whether URLs that clients name (images, files) may point into private networks."""
    http: GatewayHttpSettings = GatewayHttpSettings()
    tools: GatewayToolsSettings = GatewayToolsSettings()
    rest_api: RestApiSettings = RestApiSettings()
    media: MediaSettings = MediaSettings()
    uploads: UploadSettings = UploadSettings()
    tailscale: TailscaleSettings = TailscaleSettings()
    nodes: NodesSettings = NodesSettings()
    shell: ShellSettings = ShellSettings()


class RetrySettings(Section):
    """`retry.*`: tries before the first event."""

    attempts: int = Field(3, ge=1, le=10)
    budget_seconds: float = Field(60.0, ge=0)
    base_seconds: float = Field(0.5, ge=0)
    max_seconds: float = Field(20.0, ge=0)


class BodySettings(Section):
    """`logging.bodies.*`: what is kept of what was asked and answered. `max_bytes` is for each of the two."""

    capture: Literal["all", "errors", "off"] = "all"
    max_bytes: int = Field(64 * 1024, ge=256, le=16 * 1024 * 1024)
    retention_days: float = Field(7.0, gt=0)
    retention_megabytes: float = Field(512.0, gt=0)


class StatisticsSettings(Section):
    """`logging.statistics.*`."""

    timezone: str = Field("UTC", min_length=1, max_length=64)
    """An IANA name: whose hours, days and weeks statistics tell where nobody asks for others."""
    retention_days: float = Field(730.0, ge=1)


class ActivitySettings(Section):
    """`logging.activity.*`: the activity log."""

    retention_days: float = Field(30.0, gt=0)
    max_entries: int = Field(20_000, ge=100, le=1_000_000)
    push_secret: SecretValue | None = None
    """What programs elsewhere show (`X-Event-Token`) to push entries; on this machine none is needed."""


class BudgetSettings(Section):
    """`budgets.*`: what keys with budgets may do before it is known what it costs."""

    unpriced: Literal["refuse", "allow"] = "refuse"
    """Whether a key with a money budget may use a model whose price nobody knows (it then pays nothing for it)."""
    assumed_output_tokens: int = Field(4096, ge=1, le=1_000_000)
    """How much output at most is reserved for a request that names no limit of its own."""


class RotationSettings(Section):
    """`logging.rotation.*`: when the log's file is moved aside for a new one, and how many old ones stay for how long."""

    megabytes: float = Field(20.0, ge=0.01, le=10_000)
    files: int = Field(5, ge=1, le=1000)
    days: float = Field(30.0, gt=0)
    compress: bool = True


class LogSettings(Section):
    """`logging.*`."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    file: str | None = None
    rotation: RotationSettings = RotationSettings()
    format: Literal["auto", "json", "console"] = "auto"
    retention_days: float = Field(30.0, gt=0)
    retention_megabytes: float = Field(1024.0, gt=0)
    bodies: BodySettings = BodySettings()
    statistics: StatisticsSettings = StatisticsSettings()
    activity: ActivitySettings = ActivitySettings()


class DatabaseSettings(Section):
    """`database.*`."""

    url: SecretValue | None = None


class ClusterSettings(Section):
    """`cluster.*`."""

    url: SecretValue | None = None
    prefix: str = Field("crawdad", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")


class SecretsSettings(Section):
    """`secrets.*`: encryption at rest."""

    seal_configuration: bool = True
    """Whether secrets that stand in plain text in the configuration files are replaced by their encrypted form."""


class GoogleSettings(Section):
    """`oauth.google.*`: the operator's own OAuth client, and where the identity provider is."""

    client_id: str | None = None
    client_secret: SecretValue | None = None
    project: str | None = None
    """The project that pays for accounts which name none (`x-goog-user-project`)."""
    scopes: tuple[str, ...] = (
        "openid",
        "https://www.googleapis.com/auth/userinfo.email",
        "https://www.googleapis.com/auth/userinfo.profile",
        "https://www.googleapis.com/auth/cloud-platform",
    )
    public_url: str | None = None
    """Where browsers reach this gateway, for the web callback."""
    auth_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token_url: str = "https://oauth2.googleapis.com/token"
    device_url: str = "https://oauth2.googleapis.com/device/code"
    userinfo_url: str = "https://openidconnect.googleapis.com/v1/userinfo"


class OAuthSettings(Section):
    """`oauth.*`: signing in to model providers in a person's name."""

    google: GoogleSettings = GoogleSettings()


class QuotaProtectionSettings(Section):
    """`accounts.quotaProtection.*`: models that rest before the last of an account's allowance is gone."""

    enabled: bool = False
    threshold_percentage: int = Field(10, ge=1, le=99)
    monitored_models: tuple[str, ...] = (
        "claude-sonnet-4-5",
        "gemini-3-pro-high",
        "gemini-3-flash",
        "gemini-3-pro-image",
    )
    """Names of models, `*` allowed."""


class AccountsSettings(Section):
    """`accounts.*`: which account serves a request."""

    mode: Literal["CacheFirst", "Balance", "PerformanceFirst"] = "Balance"
    max_wait_seconds: float = Field(60.0, ge=0, le=3600)
    """How long CacheFirst waits for a conversation's account."""
    sticky_minutes: float = Field(60.0, gt=0)
    """How long a conversation that falls silent stays with its account."""
    sticky_sessions: int = Field(10_000, ge=1, le=1_000_000)
    quota_protection: QuotaProtectionSettings = QuotaProtectionSettings()
    refresh_minutes: float = Field(15.0, ge=0)
    """How often every account is looked at; 0: only when asked."""
    label_header: bool = True
    """Whether answers tell the account that served them (`x-account-email`)."""


class Settings(Section):
    """Everything that can be configured."""

    gateway: GatewaySettings = GatewaySettings()
    models: ModelsSettings = ModelsSettings()
    retry: RetrySettings = RetrySettings()
    accounts: AccountsSettings = AccountsSettings()
    budgets: BudgetSettings = BudgetSettings()
    logging: LogSettings = LogSettings()
    database: DatabaseSettings = DatabaseSettings()
    cluster: ClusterSettings = ClusterSettings()
    secrets: SecretsSettings = SecretsSettings()
    oauth: OAuthSettings = OAuthSettings()
    agents: AgentsSettings = AgentsSettings()
    bindings: tuple[Binding, ...] = ()
    messages: MessagesSettings = MessagesSettings()
    commands: CommandsSettings = CommandsSettings()
    channels: dict[str, ChannelBlock] = Field(default_factory=dict)
    access_groups: dict[str, Ids] = Field(default_factory=dict)
    session: SessionSettings = SessionSettings()
    tools: ToolsSettings = ToolsSettings()
    approvals: ApprovalsSettings = ApprovalsSettings()
    skills: SkillsSettings = SkillsSettings()
    mcp: McpSettings = McpSettings()
    plugins: PluginsSettings = PluginsSettings()
    cron: CronSettings = CronSettings()
    hooks: HooksSettings = HooksSettings()
    backup: BackupSettings = BackupSettings()
    notifications: NotificationSettings = NotificationSettings()
    update: UpdateSettings = UpdateSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    healing: HealingSettings = HealingSettings()
    language: Literal["auto", "en", "zh"] = "auto"


ModelsSettings.model_rebuild()
Settings.model_rebuild()
