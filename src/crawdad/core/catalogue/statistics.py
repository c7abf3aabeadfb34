"""Words about logs and statistics."""

MESSAGES: dict[str, tuple[str, str]] = {
    "statistics.zone": (
        "'{zone}' is no time zone that this machine knows. Use an IANA name such as Asia/Shanghai.",
        "本机不认识时区“{zone}”。请使用 IANA 名称，例如 Asia/Shanghai。",
    ),
    "logs.not_found": ("There is no exchange '{id}' in the log.", "日志中没有记录“{id}”。"),
    "logs.bad_event": ("'{id}' is not the number of an event that we gave out.", "事件编号“{id}”无效。"),
    "logs.too_many": (
        "{most} clients follow the log already. Try again later.",
        "已有 {most} 个客户端在跟踪日志，请稍后再试。",
    ),
}
