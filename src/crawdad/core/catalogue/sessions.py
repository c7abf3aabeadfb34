"""Words about sessions."""

MESSAGES: dict[str, tuple[str, str]] = {
    "sessions.bad_key": (
        "A session key is `agent:<agentId>:<name>` or a name alone, of at most 512 visible characters.",
        "会话键应为 `agent:<agentId>:<name>` 或单独的名称，最多 512 个可见字符。",
    ),
}
