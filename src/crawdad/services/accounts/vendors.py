"""Vendors whose API is known: an account of one needs nothing but its key. Pure.

The addresses are those of the vendors' own documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from crawdad.core.settings import Api
from crawdad.core.vendors import Vendor

VENDORS: Mapping[str, Vendor] = {
    "openai": Vendor("openai-completions", "https://api.openai.com/v1"),
    "anthropic": Vendor("anthropic-messages", "https://api.anthropic.com"),
    "google": Vendor("google-generative-ai", "https://generativelanguage.googleapis.com/v1beta"),
    "deepseek": Vendor("openai-completions", "https://api.deepseek.com/v1"),
    "mistral": Vendor("openai-completions", "https://api.mistral.ai/v1"),
    "moonshot": Vendor("openai-completions", "https://api.moonshot.cn/v1"),
    "moonshot-ai": Vendor("openai-completions", "https://api.moonshot.ai/v1"),
    "zai": Vendor("openai-completions", "https://api.z.ai/api/paas/v4"),
    "zhipu": Vendor("openai-completions", "https://open.bigmodel.cn/api/paas/v4"),
    "dashscope": Vendor("openai-completions", "https://dashscope.aliyuncs.com/compatible-mode/v1"),
    "siliconflow": Vendor("openai-completions", "https://api.siliconflow.cn/v1"),
    "volcengine": Vendor("openai-completions", "https://ark.cn-beijing.volces.com/api/v3"),
    "xai": Vendor("openai-completions", "https://api.x.ai/v1"),
    "groq": Vendor("openai-completions", "https://api.groq.com/openai/v1"),
    "openrouter": Vendor("openai-completions", "https://openrouter.ai/api/v1"),
    "together": Vendor("openai-completions", "https://api.together.xyz/v1"),
    "fireworks": Vendor("openai-completions", "https://api.fireworks.ai/inference/v1"),
    "cerebras": Vendor("openai-completions", "https://api.cerebras.ai/v1"),
    "nvidia": Vendor("openai-completions", "https://integrate.api.nvidia.com/v1"),
    "ollama": Vendor("ollama", "http://127.0.0.1:11434"),
    "lmstudio": Vendor("openai-completions", "http://127.0.0.1:1234/v1"),
    "vllm": Vendor("openai-completions", "http://127.0.0.1:8000/v1"),
}
"""Those that come with Crawdad, each a plugin of its own that can be switched off."""
LOCAL = frozenset({"ollama", "lmstudio", "vllm"})

_NAMES: Mapping[str, str] = {
    "gemini": "google",
    "gemini_api_key": "google",
    "google_oauth": "google",
    "google-generative-ai": "google",
    "googleai": "google",
    "anthropic_api_key": "anthropic",
    "claude": "anthropic",
    "openai_api_key": "openai",
    "qwen": "dashscope",
    "bigmodel": "zhipu",
    "kimi": "moonshot",
    "vertex_service_account": "vertex",
}
COMPATIBLE: Mapping[str, Api] = {
    "openai_compatible": "openai-completions",
    "openai-compatible": "openai-completions",
    "anthropic_compatible": "anthropic-messages",
    "anthropic-compatible": "anthropic-messages",
    "gemini_compatible": "google-generative-ai",
}
"""Kinds of endpoints that anybody may run; the provider is then called after its host."""


class VendorBook(Mapping[str, Vendor]):
    """The vendors that loaded plugins bring, by the id of the provider. `changed` is called after each change."""

    def __init__(self) -> None:
        self._vendors: dict[str, Vendor] = {}
        self.changed: Callable[[], None] = lambda: None

    def __getitem__(self, name: str) -> Vendor:
        return self._vendors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._vendors)

    def __len__(self) -> int:
        return len(self._vendors)

    def add(self, name: str, vendor: Vendor) -> None:
        """Know a vendor."""
        self._vendors[name] = vendor
        self.changed()

    def remove(self, name: str) -> None:
        """Know it no more."""
        if self._vendors.pop(name, None) is not None:
            self.changed()


def provider_id_of(name: str, base_url: str | None) -> str:
    """The id of the provider that an account of the vendor or kind `name` belongs to."""
    if name in COMPATIBLE and base_url:
        return _host_name(base_url)
    return _NAMES.get(name, name)


def _host_name(base_url: str) -> str:
    """A short name of a host: its domain without the ending; addresses and bare names as they are."""
    host = urlsplit(base_url).hostname or "compatible"
    labels = host.split(".")
    if len(labels) < 2 or labels[-1].isdigit():
        return host.replace(":", "-")
    return labels[-2] if len(labels[-2]) > 3 or len(labels) == 2 else labels[-3]
