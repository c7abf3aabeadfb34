"""Words about the channel to WeCom."""

MESSAGES: dict[str, tuple[str, str]] = {
    "wecom.no_bot": (
        "There is no bot: set channels.wecom.botId and secret.",
        "尚未配置机器人：请设置 channels.wecom.botId 和 secret。",
    ),
    "wecom.bad_secret": (
        "WeCom does not accept the bot's id and secret ({reason}).",
        "企业微信不接受该机器人的 ID 和密钥（{reason}）。",
    ),
    "wecom.cut": ("There is no connection to WeCom.", "与企业微信的连接已断开。"),
    "wecom.no_answer": ("WeCom does not answer.", "企业微信没有应答。"),
    "wecom.taken": (
        "Another program has connected as this bot. A bot has one connection: end the other, then start the account.",
        "另一个程序已用此机器人建立连接。一个机器人只能有一个连接，请停止另一方后重新启动此账号。",
    ),
    "wecom.no_stream": ("The answer can no longer be added to.", "该回复已无法继续更新。"),
}
