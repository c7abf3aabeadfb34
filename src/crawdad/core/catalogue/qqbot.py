"""Words about the channel to QQ's official bots."""

MESSAGES: dict[str, tuple[str, str]] = {
    "qqbot.no_app": (
        "There is no bot: sign in by QR code, or set channels.qqbot.appId and clientSecret.",
        "尚未绑定机器人：请扫码登录，或设置 channels.qqbot.appId 和 clientSecret。",
    ),
    "qqbot.secret_file": (
        "The secret's file {path} cannot be read ({reason}).",
        "无法读取密钥文件 {path}（{reason}）。",
    ),
    "qqbot.bad_secret": (
        "QQ does not accept the bot's id and secret ({reason}).",
        "QQ 不接受该机器人的 AppID 和密钥（{reason}）。",
    ),
    "qqbot.cut": ("QQ's gateway ended the connection.", "QQ 网关断开了连接。"),
    "qqbot.nothing_to_answer": (
        "QQ lets a bot speak only when somebody has written to it lately.",
        "QQ 只允许机器人在收到消息后的一段时间内回复。",
    ),
    "qqbot.no_task": ("QQ gave no task to be scanned.", "QQ 未返回可扫码的绑定任务。"),
    "qqbot.bad_seal": (
        "What the scan brought cannot be opened. Begin again.",
        "无法解开扫码返回的凭据，请重新扫码。",
    ),
}
