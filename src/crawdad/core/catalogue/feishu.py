"""Words about the channel to Feishu."""

MESSAGES: dict[str, tuple[str, str]] = {
    "feishu.no_app": (
        "Set channels.feishu.appId and appSecret.",
        "请设置 channels.feishu.appId 和 appSecret。",
    ),
    "feishu.bad_secret": (
        "Feishu does not accept the app's id and secret ({reason}).",
        "飞书不接受该应用的 App ID 和 App Secret（{reason}）。",
    ),
    "feishu.cut": ("The long connection to Feishu ended.", "与飞书的长连接已断开。"),
    "feishu.webhook_settings": (
        "With connectionMode webhook, channels.feishu needs encryptKey or verificationToken.",
        "使用 webhook 方式时，channels.feishu 需要设置 encryptKey 或 verificationToken。",
    ),
}
