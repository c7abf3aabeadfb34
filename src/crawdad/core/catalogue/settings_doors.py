"""The doors to the agents: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.gateway.tools": ("Which tools `/tools/invoke` has.", "`/tools/invoke` 提供哪些工具。"),
    "settings.gateway.tools.allow": ("Tools taken off its list of denied ones.", "从默认禁止名单中去除的工具。"),
    "settings.gateway.tools.deny": (
        "More tools that it denies; nothing overrides this.",
        "额外禁止的工具；无法被覆盖。",
    ),
    "settings.hooks": ("Messages from other systems.", "来自其他系统的消息。"),
    "settings.hooks.enabled": ("Whether `/hooks` is there; it needs a token.", "是否开启 `/hooks`；需要令牌。"),
    "settings.hooks.token": ("What the other systems prove themselves with.", "其他系统用于验证身份的令牌。"),
}
