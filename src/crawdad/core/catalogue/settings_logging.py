"""Logs, and how long what happened is kept: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.logging": ("The process's log, and how long exchanges are kept.", "进程日志，以及交互记录的保留时间。"),
    "settings.logging.level": (
        "What is written to the log. OpenClaw's names are understood.",
        "日志级别，兼容 OpenClaw 的名称。",
    ),
    "settings.logging.file": (
        "A file instead of standard error; rotates at 20 MiB, five old ones are kept.",
        "写入文件而不是标准错误；20 MiB 轮换，保留五个旧文件。",
    ),
    "settings.logging.rotation": (
        "When the log's file is moved aside for a new one. The newest old one stays as it is, the others are compressed.",
        "日志文件的轮转。最近一份旧文件保持原样，更早的会被压缩。",
    ),
    "settings.logging.rotation.megabytes": ("How large it grows, in MiB.", "单个文件的大小上限（MiB）。"),
    "settings.logging.rotation.files": ("How many old ones stay.", "保留多少份旧文件。"),
    "settings.logging.rotation.days": ("How old they may become, in days.", "旧文件的最长保留天数。"),
    "settings.logging.rotation.compress": ("Whether old ones are compressed.", "是否压缩旧文件。"),
    "settings.logging.format": (
        "`auto`: coloured lines on a terminal, JSON otherwise.",
        "`auto`：终端上为彩色文本，否则为 JSON。",
    ),
    "settings.logging.retentionDays": (
        "Exchanges older than this are removed (looked at every hour).",
        "删除早于此天数的交互记录（每小时检查）。",
    ),
    "settings.logging.retentionMegabytes": (
        "When the exchanges take more than this, the oldest are removed.",
        "交互记录超过此大小（MB）时删除最旧的。",
    ),
    "settings.logging.bodies": (
        "What is kept of the bodies of requests and answers, without credentials and shortened.",
        "请求与响应正文的保留方式；凭据会被隐去，过长的会被截短。",
    ),
    "settings.logging.bodies.capture": (
        "`all`, only those of `errors`, or `off`. The monitor's switch overrides it until the next start.",
        "`all`（全部）、`errors`（仅出错的）或 `off`（不保留）。监控开关可临时覆盖，直到下次启动。",
    ),
    "settings.logging.bodies.maxBytes": (
        "How much is kept of a request, and of an answer.",
        "每个请求、每个响应最多保留的字节数。",
    ),
    "settings.logging.bodies.retentionDays": (
        "Bodies older than this are removed (looked at every hour).",
        "删除早于此天数的正文（每小时检查）。",
    ),
    "settings.logging.bodies.retentionMegabytes": (
        "When the bodies take more than this (compressed), the oldest are removed.",
        "正文（压缩后）超过此大小（MB）时删除最旧的。",
    ),
    "settings.logging.statistics": ("How usage is told, and for how long.", "用量统计的呈现方式与保留时间。"),
    "settings.logging.statistics.timezone": (
        "Whose hours, days and weeks statistics tell, as an IANA name (`Asia/Shanghai`), where nobody asks for others.",
        "统计默认采用的时区（IANA 名称，如 `Asia/Shanghai`），请求中可另行指定。",
    ),
    "settings.logging.statistics.retentionDays": (
        "Usage older than this is forgotten.",
        "删除早于此天数的用量统计。",
    ),
    "settings.logging.activity": (
        "The activity log: what happened, as people read it.",
        "活动日志：供人阅读的事件记录。",
    ),
    "settings.logging.activity.retentionDays": (
        "Entries older than this are removed.",
        "删除早于此天数的条目。",
    ),
    "settings.logging.activity.maxEntries": (
        "When there are more, the oldest are removed.",
        "超过此条数时删除最旧的条目。",
    ),
    "settings.logging.activity.pushSecret": (
        "What programs on other machines show as `X-Event-Token` to push entries without a key.",
        "其他机器上的程序不用密钥推送条目时，在 `X-Event-Token` 中出示的口令。",
    ),
}
