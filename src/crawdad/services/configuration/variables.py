"""Environment variables that set something: a table, and how it is laid over the configuration. Never written back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.json5.document import Document, Node
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.trees import from_plain, put, replaced

OVERRIDES: tuple[tuple[str, Path], ...] = (
    ("CRAWDAD_PORT", ("gateway", "port")),
    ("CRAWDAD_BIND", ("gateway", "bind")),
    ("CRAWDAD_TOKEN", ("gateway", "auth", "token")),
    ("CRAWDAD_ADMIN_TOKEN", ("gateway", "auth", "adminToken")),
    ("CRAWDAD_DATABASE_URL", ("database", "url")),
    ("CRAWDAD_CLUSTER_URL", ("cluster", "url")),
    ("CRAWDAD_CLUSTER_PREFIX", ("cluster", "prefix")),
    ("CRAWDAD_LOG_LEVEL", ("logging", "level")),
    ("CRAWDAD_GOOGLE_CLIENT_ID", ("oauth", "google", "clientId")),
    ("CRAWDAD_GOOGLE_CLIENT_SECRET", ("oauth", "google", "clientSecret")),
    ("CRAWDAD_UPDATE_INDEX", ("update", "index")),
    ("CRAWDAD_PUBLIC_URL", ("oauth", "google", "publicUrl")),
)
"""Variables that stand above the file."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """A provider that appears when one of its key variables is set and the file does not configure it.

    `base_url_variable` may name another address; `default_path` is added to one that has no path of its own.
    """

    name: str
    keys: tuple[str, ...]
    base_url: str
    api: str = "openai-completions"
    base_url_variable: str | None = None
    default_path: str = ""


VENDORS: tuple[Vendor, ...] = (
    Vendor("openai", ("OPENAI_API_KEY",), "https://api.openai.com/v1", base_url_variable="OPENAI_BASE_URL"),
    Vendor(
        "anthropic",
        ("ANTHROPIC_API_KEY",),
        "https://api.anthropic.com",
        "anthropic-messages",
        base_url_variable="ANTHROPIC_BASE_URL",
    ),
    Vendor(
        "google",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "https://generativelanguage.googleapis.com/v1beta",
        "google-generative-ai",
        base_url_variable="GOOGLE_GEMINI_BASE_URL",
        default_path="/v1beta",
    ),
    Vendor("openrouter", ("OPENROUTER_API_KEY",), "https://openrouter.ai/api/v1"),
    Vendor("deepseek", ("DEEPSEEK_API_KEY",), "https://api.deepseek.com/v1"),
    Vendor("dashscope", ("DASHSCOPE_API_KEY",), "https://dashscope.aliyuncs.com/compatible-mode/v1"),
    Vendor("moonshot", ("MOONSHOT_API_KEY",), "https://api.moonshot.ai/v1"),
    Vendor("zai", ("ZAI_API_KEY",), "https://api.z.ai/api/paas/v4"),
    Vendor("siliconflow", ("SILICONFLOW_API_KEY",), "https://api.siliconflow.cn/v1"),
    Vendor("groq", ("GROQ_API_KEY",), "https://api.groq.com/openai/v1"),
    Vendor("mistral", ("MISTRAL_API_KEY",), "https://api.mistral.ai/v1"),
    Vendor("xai", ("XAI_API_KEY",), "https://api.x.ai/v1"),
)

_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1", "0.0.0.0"))
_DEFAULT_PORT = 18789


def with_overrides(root: Node, environment: Mapping[str, str]) -> Node:
    """The tree with the values of `OVERRIDES` on top; an empty variable counts as not set."""
    for variable, path, value in _set(environment):
        root = put(root, path, Node(value, Document("", "", variable)))
    return root


def overridden(root: Node, environment: Mapping[str, str]) -> list[Path]:
    """The paths of values in the tree that a variable stands above."""
    return [path for _, path, _ in _set(environment) if root.find(path) is not None]


def _set(environment: Mapping[str, str]) -> Iterator[tuple[str, Path, str]]:
    for variable, path in OVERRIDES:
        if value := environment.get(variable, "").strip():
            yield variable, path, value


def with_vendors(root: Node, environment: Mapping[str, str], findings: Findings) -> Node:
    """The tree with a provider for every vendor whose key is in the environment and that the file does not configure.

    None are added when `models.mode` is `replace`. Variables that point a client at this gateway are no provider: its
    own token is not a vendor's key.
    """
    mode = root.find(("models", "mode"))
    if mode is not None and mode.content == "replace":
        return root
    for vendor in VENDORS:
        variable = next((name for name in vendor.keys if environment.get(name, "").strip()), None)
        path: Path = ("models", "providers", vendor.name)
        if variable is None or root.find(path) is not None or _is_off(root, vendor.name):
            continue
        key = Node(environment[variable].strip(), Document("", "", variable))
        url = _base_url(vendor, environment, key)
        if _is_ours(root, key, url):
            findings.warning("vendor.self", path, None, variable=variable)
            continue
        provider = put(from_plain({"api": vendor.api}, key.document), ("apiKey",), key)
        root = put(root, path, put(provider, ("baseUrl",), url))
    return root


def _is_off(root: Node, vendor: str) -> bool:
    """Whether the plugin that brings the vendor is switched off."""
    enabled, deny = root.find(("plugins", "entries", vendor, "enabled")), root.find(("plugins", "deny"))
    denied = deny.content if deny is not None and isinstance(deny.content, list) else []
    return (enabled is not None and enabled.content is False) or vendor in [one.content for one in denied]


def _base_url(vendor: Vendor, environment: Mapping[str, str], key: Node) -> Node:
    variable = vendor.base_url_variable
    given = environment.get(variable, "").strip() if variable else ""
    if not given:
        return replaced(key, vendor.base_url)
    bare = given.rstrip("/")
    return Node(bare + vendor.default_path if bare.count("/") == 2 else bare, Document("", "", variable))


def _is_ours(root: Node, key: Node, url: Node) -> bool:
    """Whether a key and address are those of this gateway."""
    token = root.find(("gateway", "auth", "token"))
    if token is not None and token.content == key.content:
        return True
    ports = {str(_DEFAULT_PORT)} if root.find(("gateway", "port")) is None else set()
    for path in (("gateway", "port"), ("gateway", "extraPorts")):
        node = root.find(path)
        values = node.content if node is not None and isinstance(node.content, list) else [node]
        ports |= {str(value.content) for value in values if value is not None}
    try:
        parts = urlsplit(str(url.content))
        return parts.hostname in _LOOPBACK and str(parts.port) in ports
    except ValueError:
        return False
