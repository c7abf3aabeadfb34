"""`gateway.http.*`, `gateway.tools.*`, `gateway.media.*`, `hooks.*`: the doors to the agents."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from crawdad.core.section import SecretValue, Section

_TEXT_TYPES = ("text/plain", "text/markdown", "text/html", "text/csv", "application/json", "application/pdf")
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif")
_MIB = 1024 * 1024


class PdfInputSettings(Section):
    """`gateway.http.endpoints.responses.files.pdf.*`: how PDF files are read."""

    max_pages: int = Field(4, ge=1, le=1000)
    max_pixels: int = Field(4_000_000, ge=10_000, le=100_000_000)
    min_text_chars: int = Field(200, ge=0)


class FileInputSettings(Section):
    """`gateway.http.endpoints.responses.files.*`: files that clients hand to an agent."""

    allow_url: bool = True
    url_allowlist: tuple[str, ...] = ()
    allowed_mimes: tuple[str, ...] = _TEXT_TYPES
    max_bytes: int = Field(5 * _MIB, ge=1)
    max_chars: int = Field(200_000, ge=1)
    max_redirects: int = Field(3, ge=0)
    timeout_ms: int = Field(10_000, ge=1)
    pdf: PdfInputSettings = PdfInputSettings()


class ImageInputSettings(Section):
    """`gateway.http.endpoints.*.images.*`: pictures that clients show to an agent."""

    allow_url: bool = True
    url_allowlist: tuple[str, ...] = ()
    allowed_mimes: tuple[str, ...] = _IMAGE_TYPES
    max_bytes: int = Field(10 * _MIB, ge=1)
    max_redirects: int = Field(3, ge=0)
    timeout_ms: int = Field(10_000, ge=1)


class ChatImageSettings(ImageInputSettings):
    """`gateway.http.endpoints.chatCompletions.images.*`."""

    allow_url: bool = False


class ChatEndpointSettings(Section):
    """`gateway.http.endpoints.chatCompletions.*`."""

    enabled: bool = True
    max_body_bytes: int | None = Field(None, ge=1024)
    max_image_parts: int = Field(8, ge=0)
    max_total_image_bytes: int = Field(20 * _MIB, ge=0)
    images: ChatImageSettings = ChatImageSettings()


class ResponsesEndpointSettings(Section):
    """`gateway.http.endpoints.responses.*`."""

    enabled: bool = True
    max_body_bytes: int | None = Field(None, ge=1024)
    max_url_parts: int = Field(8, ge=0)
    tool_items: bool = False
    """Whether answers show the agent's own calls of tools, as items of the kind `mcp_call`: not all clients know those."""
    resume_seconds: float = Field(60.0, ge=0, le=86400)
    """How long the run of a stream goes on whose client is gone, unless it comes back for it; 0: it is stopped at once."""
    files: FileInputSettings = FileInputSettings()
    images: ImageInputSettings = ImageInputSettings()


class EndpointsSettings(Section):
    """`gateway.http.endpoints.*`."""

    chat_completions: ChatEndpointSettings = ChatEndpointSettings()
    responses: ResponsesEndpointSettings = ResponsesEndpointSettings()


class GatewayHttpSettings(Section):
    """`gateway.http.*`."""

    endpoints: EndpointsSettings = EndpointsSettings()


class GatewayToolsSettings(Section):
    """`gateway.tools.*`: which tools `/tools/invoke` has."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class MediaSettings(Section):
    """`gateway.media.*`: files that agents make for people, at `/media/<id>`."""

    ttl_seconds: float = Field(120.0, gt=0)
    max_bytes: int = Field(5 * _MIB, ge=1)


class UploadSettings(Section):
    """`gateway.uploads.*`: files that panels put into workspaces."""

    max_files: int = Field(20, ge=1, le=1000)
    max_file_bytes: int = Field(100 * _MIB, ge=1)

    @property
    def most_bytes(self) -> int:
        """How long a request with all of them may be, with what is wrapped around them."""
        return self.max_files * (self.max_file_bytes + 16 * 1024) + _MIB


class AuthRateLimitSettings(Section):
    """`gateway.auth.rateLimit.*`: locking out whoever keeps guessing."""

    max_attempts: int = Field(10, ge=1)
    window_ms: int = Field(60_000, ge=1)
    lockout_ms: int = Field(300_000, ge=1)
    exempt_loopback: bool = True


class TailscaleSettings(Section):
    """`gateway.tailscale.*`."""

    mode: Literal["off", "serve", "funnel"] = "off"


class TrustedProxySettings(Section):
    """`gateway.auth.trustedProxy.*`: a proxy of `gateway.trustedProxies` says who comes."""

    user_header: str = ""
    required_headers: tuple[str, ...] = ()
    allow_users: tuple[str, ...] = ()


WakeMode = Literal["now", "next-heartbeat"]


class HookMatchSettings(Section):
    """`hooks.mappings[].match`: which calls a mapping is for; nothing said: all."""

    path: str | None = None
    source: str | None = None


class HookTransformSettings(Section):
    """`hooks.mappings[].transform`: a Python module that changes what a mapping makes of a call."""

    module: str = ""
    export: str | None = None


class HookMappingSettings(Section):
    """`hooks.mappings[]`: what other systems' own payloads become."""

    id: str | None = None
    match: HookMatchSettings = HookMatchSettings()
    action: Literal["wake", "agent"] = "agent"
    wake_mode: WakeMode = "now"
    name: str | None = None
    agent_id: str | None = None
    session_key: str | None = None
    message_template: str | None = None
    text_template: str | None = None
    deliver: bool | None = None
    allow_unsafe_external_content: bool = False
    channel: str | None = None
    to: str | None = None
    model: str | None = None
    thinking: str | None = None
    timeout_seconds: float | None = Field(None, gt=0)
    transform: HookTransformSettings = HookTransformSettings()


class HooksSettings(Section):
    """`hooks.*`: messages from other systems."""

    enabled: bool = False
    token: SecretValue | None = None
    path: str = "/hooks"
    allow_query_token: bool = False
    max_body_bytes: int = Field(262_144, ge=1)
    default_session_key: str | None = None
    allow_request_session_key: bool = False
    allowed_session_key_prefixes: tuple[str, ...] | None = None
    allowed_agent_ids: tuple[str, ...] | None = None
    presets: tuple[str, ...] = ()
    mappings: tuple[HookMappingSettings, ...] = ()
    transforms_dir: str | None = None
    transform_seconds: float = Field(10.0, gt=0)

    @field_validator("path", mode="after")
    @classmethod
    def _rooted(cls, value: Any) -> str:
        return "/" + str(value).strip().strip("/")
