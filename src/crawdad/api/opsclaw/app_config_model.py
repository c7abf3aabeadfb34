"""The configuration object of the contract (facts §5): which keys there are, of what kind, and what they are at first."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_QUOTA_MODELS = ("claude-sonnet-4-5", "gemini-3-pro-high", "gemini-3-flash", "gemini-3-pro-image")


def _web_address(text: str) -> str:
    """An http or https URL."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not text.isprintable() or " " in text:
        raise ValueError("must be an http:// or https:// address")
    return text


def _proxy_address(text: str) -> str:
    if text.startswith(("socks4:", "socks5:", "socks5h:")):
        raise ValueError("SOCKS proxies are not supported; name an http:// proxy")
    return _web_address(text) if text else text


def _counted(names: list[str]) -> list[str]:
    if len(names) > 1000 or any(len(name) > 256 for name in names):
        raise ValueError("at most 1000 names of at most 256 characters")
    return names


WebAddress = Annotated[str, Field(max_length=2048), AfterValidator(_web_address)]
ProxyAddress = Annotated[str, Field(max_length=2048), AfterValidator(_proxy_address)]
Names = Annotated[list[str], AfterValidator(_counted)]
Text = Annotated[str, Field(max_length=4096)]


class _Section(BaseModel):
    """Kinds are taken literally: `"1"` is no number. Keys that nobody knows are kept."""

    model_config = ConfigDict(extra="allow", strict=True)


class ScheduledWarmup(_Section):
    enabled: bool = False
    monitored_models: Names = [*_QUOTA_MODELS]


class QuotaProtection(_Section):
    enabled: bool = False
    threshold_percentage: int = Field(10, ge=1, le=99)
    monitored_models: Names = [*_QUOTA_MODELS]


class PinnedQuotaModels(_Section):
    models: Names = ["gemini-3-pro-high", "gemini-3-flash", "gemini-3-pro-image", "claude-sonnet-4-5-thinking"]


class UpstreamProxy(_Section):
    enabled: bool = False
    url: ProxyAddress = ""


class ZaiModels(_Section):
    opus: Text = "glm-4.7"
    sonnet: Text = "glm-4.7"
    haiku: Text = "glm-4.5-air"


class ZaiMcp(_Section):
    enabled: bool = False
    web_search_enabled: bool = False
    web_reader_enabled: bool = False
    vision_enabled: bool = False


class Zai(_Section):
    enabled: bool = False
    base_url: WebAddress = "https://api.z.ai/api/anthropic"
    api_key: Text = ""
    dispatch_mode: Literal["off", "exclusive", "pooled", "fallback"] = "off"
    # `model_mapping` is a field of the contract; pydantic keeps names that begin with `model_` to itself.
    mapping_of_models: dict[str, str] = Field(default_factory=dict, alias="model_mapping")
    models: ZaiModels = ZaiModels()
    mcp: ZaiMcp = ZaiMcp()


class Scheduling(_Section):
    mode: Literal["CacheFirst", "Balance", "PerformanceFirst"] = "Balance"
    max_wait_seconds: int = Field(60, ge=0, le=3600)


class Experimental(_Section):
    enable_signature_cache: bool = True
    enable_tool_loop_recovery: bool = True
    enable_cross_model_checks: bool = True
    enable_usage_scaling: bool = False
    context_compression_threshold_l1: float = Field(0.4, ge=0, le=1)
    context_compression_threshold_l2: float = Field(0.55, ge=0, le=1)
    context_compression_threshold_l3: float = Field(0.7, ge=0, le=1)


class Proxy(_Section):
    enabled: bool = False
    allow_lan_access: bool = False
    auth_mode: Literal["off", "strict", "all_except_health", "auto"] = "all_except_health"
    port: int = Field(8045, ge=1, le=65_535)
    api_key: Text = ""
    admin_password: Text | None = None
    auto_start: bool = True
    custom_mapping: dict[str, str] = Field(default_factory=dict)
    request_timeout: int = Field(300, ge=1, le=86_400)
    enable_logging: bool = True
    upstream_proxy: UpstreamProxy = UpstreamProxy()
    zai: Zai = Zai()
    scheduling: Scheduling = Scheduling()
    experimental: Experimental = Experimental()


class AppConfig(_Section):
    language: Text = "zh"
    theme: Text = "system"
    auto_refresh: bool = True
    refresh_interval: int = Field(15, ge=1, le=10_000_000)
    auto_sync: bool = False
    sync_interval: int = Field(5, ge=0, le=10_000_000)
    default_export_path: Text | None = None
    antigravity_executable: Text | None = None
    antigravity_args: list[str] | None = None
    auto_launch: bool = False
    accounts_page_size: int = Field(0, ge=0, le=10_000)
    auto_check_update: bool = False
    update_check_interval: int = Field(24, ge=0, le=10_000_000)
    scheduled_warmup: ScheduledWarmup = ScheduledWarmup()
    quota_protection: QuotaProtection = QuotaProtection()
    pinned_quota_models: PinnedQuotaModels = PinnedQuotaModels()
    proxy: Proxy = Proxy()


DEFAULTS: dict[str, Any] = AppConfig().model_dump(by_alias=True)
"""The object with nothing said."""
