"""The plugins that are part of Crawdad: the memory of agents, the channels, and the vendors of models. They register as any
other does, can be switched off as any other (`plugins.entries.<id>.enabled`), and their ids are nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from urllib.parse import urlsplit

from crawdad import __version__
from crawdad.core.channels import ChannelKind
from crawdad.core.plugin_manifest import Manifest, Offers, PluginPermissions, Words
from crawdad.core.plugin_settings import PluginsSettings
from crawdad.core.plugins import FoundPlugin
from crawdad.core.tools import Tool, ToolScope
from crawdad.plugins.api import BundledApi
from crawdad.services.accounts.vendors import VENDORS, VendorBook
from crawdad.services.plugins.library import standing_of

Register = Callable[[BundledApi], None]

MEMORY_CORE = Manifest(
    id="memory-core",
    version=__version__,
    entry="crawdad:memory_core",
    name=Words("Memory", "记忆"),
    description=Words("Searches and reads the notes of agents.", "搜索并读取智能体的笔记。"),
    kind="memory",
    offers=Offers(tools=("memory_search", "memory_get")),
)
"""The memory of agents, which another plugin may take over (`plugins.slots.memory`)."""

_CHANNELS: Mapping[str, tuple[str, Words]] = {
    "webchat": ("webchat", Words("Web chat", "网页聊天")),
    "qq": ("onebot", Words("QQ (OneBot 11)", "QQ（OneBot 11）")),
    "openclaw-weixin": ("weixin", Words("WeChat", "微信")),
    "telegram": ("telegram", Words("Telegram", "Telegram")),
    "feishu": ("feishu", Words("Feishu / Lark", "飞书")),
    "wechat": ("wechatbot", Words("WeChat (bridge)", "微信（网桥）")),
    "qqbot": ("qqbot", Words("QQ (official bot)", "QQ 官方机器人")),
    "dingtalk": ("dingtalk", Words("DingTalk", "钉钉")),
    "wecom": ("wecom", Words("WeCom", "企业微信")),
    "discord": ("discord", Words("Discord", "Discord")),
    "slack": ("slack", Words("Slack", "Slack")),
    "email": ("email", Words("E-mail", "电子邮件")),
}
"""Id → its folder of `adapters.channels`, and its name."""


def _channel(name: str, words: Words) -> Manifest:
    description = Words(f"The channel {words.en}.", f"渠道：{words.zh}。")
    entry = f"crawdad.adapters.channels.{_CHANNELS[name][0]}:CHANNEL"
    return Manifest(name, __version__, entry, name=words, description=description, offers=Offers(channels=(name,)))


def _vendor(name: str) -> Manifest:
    host = urlsplit(VENDORS[name].base_url).netloc
    return Manifest(
        id=name,
        version=__version__,
        entry="crawdad:vendor",
        name=Words(name, name),
        description=Words(f"Models of {host}.", f"来自 {host} 的模型。"),
        offers=Offers(providers=(name,)),
        permissions=PluginPermissions(network=(host,)),
    )


VENDOR_PLUGINS = tuple(_vendor(name) for name in VENDORS)
BUNDLED = (MEMORY_CORE, *(_channel(name, words) for name, (_, words) in _CHANNELS.items()), *VENDOR_PLUGINS)


def bundled_plugins(memory_tools: Sequence[Tool], memory_offered: Callable[[ToolScope], bool]) -> dict[str, Register]:
    """The `register` function of each, by id."""

    def memory_core(api: BundledApi) -> None:
        for tool in memory_tools:
            api.register_own_tool(tool, memory_offered)

    return {
        MEMORY_CORE.id: memory_core,
        **{name: _register_channel for name in _CHANNELS},
        **{name: _register_vendor for name in VENDORS},
    }


def know_vendors(book: VendorBook, settings: PluginsSettings) -> None:
    """Put the vendors that are switched on into `book`, where no host of plugins does: on the command line, in safe mode."""
    for manifest in VENDOR_PLUGINS:
        found = FoundPlugin(manifest.id, "bundled", "", manifest)
        if standing_of(found, settings, {}, {}).wanted:
            book.add(manifest.id, VENDORS[manifest.id])


def channel_kinds() -> list[ChannelKind]:
    """The channels that come with Crawdad. They are of no use to the command line, which must not wait for them."""
    return [channel_kind(name) for name in _CHANNELS]


def channel_kind(name: str) -> ChannelKind:
    """One of them, by its id."""
    kind: ChannelKind = import_module(f"crawdad.adapters.channels.{_CHANNELS[name][0]}").CHANNEL
    return kind


def _register_channel(api: BundledApi) -> None:
    api.register_channel(channel_kind(api.id))


def _register_vendor(api: BundledApi) -> None:
    api.register_provider(api.id, VENDORS[api.id])
