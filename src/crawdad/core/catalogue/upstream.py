"""Words about upstream providers."""

MESSAGES: dict[str, tuple[str, str]] = {
    "upstream.cut_short": (
        "The upstream stopped in the middle of its answer.",
        "上游在回答途中中断了。",
    ),
    "upstream.no_event": (
        "The upstream '{source}' kept the connection open without beginning its answer.",
        "上游“{source}”保持连接，但一直没有开始回答。",
    ),
    "upstream.unreadable": (
        "The upstream's answer could not be read: {reason}",
        "无法解析上游的回答：{reason}",
    ),
    "upstream.error_status": ("The upstream answered with status {status}.", "上游返回了状态码 {status}。"),
}
