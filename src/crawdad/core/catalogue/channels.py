"""Words about channels."""

MESSAGES: dict[str, tuple[str, str]] = {
    "channels.unknown": (
        "There is no channel {channel}. Channels that can send: {known}.",
        "没有渠道 {channel}。可以发送的渠道：{known}。",
    ),
    "channels.upgrade_refused": (
        "{host} refused the WebSocket with HTTP {status}.",
        "{host} 拒绝了 WebSocket 连接（HTTP {status}）。",
    ),
    "channels.unsupported": ("This channel cannot do that: {what}.", "此渠道不支持该操作：{what}。"),
}
