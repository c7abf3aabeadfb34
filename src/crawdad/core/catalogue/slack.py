"""Words about the channel to Slack."""

MESSAGES: dict[str, tuple[str, str]] = {
    "slack.no_token": (
        "There are no tokens: set channels.slack.botToken and appToken.",
        "没有令牌：请设置 channels.slack.botToken 和 appToken。",
    ),
    "slack.bad_token": (
        "Slack does not accept channels.slack.{which} ({reason}).",
        "Slack 不接受 channels.slack.{which}（{reason}）。",
    ),
    "slack.cut": ("Slack ended the connection.", "Slack 断开了连接。"),
}
