"""Words about the channel to Discord."""

MESSAGES: dict[str, tuple[str, str]] = {
    "discord.no_token": (
        "There is no bot token: set channels.discord.token.",
        "没有机器人令牌：请设置 channels.discord.token。",
    ),
    "discord.bad_token": (
        "Discord does not accept the bot token ({reason}). Make a new one in the developer portal.",
        "Discord 不接受该机器人令牌（{reason}）。请在开发者门户重新生成。",
    ),
    "discord.intents": (
        "Discord does not let the bot read messages: switch on the message content intent in the developer portal.",
        "Discord 不允许此机器人读取消息：请在开发者门户开启 Message Content Intent。",
    ),
    "discord.cut": ("Discord's gateway ended the connection.", "Discord 网关断开了连接。"),
}
