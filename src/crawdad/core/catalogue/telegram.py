"""Words about the channel to Telegram."""

MESSAGES: dict[str, tuple[str, str]] = {
    "telegram.no_token": (
        "There is no bot token: set channels.telegram.botToken or tokenFile.",
        "没有机器人令牌：请设置 channels.telegram.botToken 或 tokenFile。",
    ),
    "telegram.token_file": (
        "The token file {path} cannot be read ({reason}).",
        "无法读取令牌文件 {path}（{reason}）。",
    ),
    "telegram.bad_token": (
        "Telegram does not accept the bot token ({reason}). Ask @BotFather for a new one.",
        "Telegram 不接受该机器人令牌（{reason}）。请向 @BotFather 申请新的令牌。",
    ),
    "telegram.conflict": (
        "Another program receives this bot's messages ({reason}). A bot can have one receiver only.",
        "另一个程序正在接收此机器人的消息（{reason}）。一个机器人只能有一个接收方。",
    ),
    "telegram.webhook_secret": (
        "channels.telegram.webhookUrl needs channels.telegram.webhookSecret beside it.",
        "设置 channels.telegram.webhookUrl 时必须同时设置 channels.telegram.webhookSecret。",
    ),
    "telegram.webhook_taken": (
        "Another program has moved the bot's webhook elsewhere.",
        "另一个程序已将此机器人的 webhook 指向别处。",
    ),
}
