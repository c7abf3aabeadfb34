"""Notifications: what the settings mean (see `catalogue.settings`)."""

_AT = "settings.notifications.targets.<id>"

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.notifications": ("Who is told of what happens to the gateway.", "网关状态通知。"),
    "settings.notifications.enabled": ("Whether anybody is told of anything.", "是否发送通知。"),
    "settings.notifications.dedupeSeconds": (
        "For how long the same thing is not told again. How often it happened meanwhile is told with the next one.",
        "同一事项在此时间（秒）内不重复通知；期间发生的次数会在下一次通知中说明。",
    ),
    "settings.notifications.cronFailures": (
        "How often in a row a scheduled job has to fail before it is told.",
        "定时任务连续失败多少次后通知。",
    ),
    "settings.notifications.keepDays": ("How long it is remembered what was told.", "通知记录保留天数。"),
    "settings.notifications.quietHours": (
        "When urgent things alone are told. The rest is gathered, and told as one digest at their end.",
        "免打扰时段：仅发送紧急通知，其余的汇总后在时段结束时一并发送。",
    ),
    "settings.notifications.quietHours.enabled": ("Whether there are any.", "是否启用免打扰时段。"),
    "settings.notifications.quietHours.start": ("When they begin, such as `22:00`.", "开始时间，例如 `22:00`。"),
    "settings.notifications.quietHours.end": (
        "When they end. Hours that end before they begin go over midnight.",
        "结束时间；早于开始时间表示跨越午夜。",
    ),
    "settings.notifications.quietHours.timezone": (
        "Their zone, and that of the times in notifications. Unset: that of `cron.timezone`, else the machine's.",
        "时段所用的时区，也是通知中时间的时区。未设置时使用 `cron.timezone`，否则使用本机时区。",
    ),
    _AT: ("Somebody who is told, under a name of your choice.", "一个通知目标，名称自定。"),
    f"{_AT}.enabled": ("Whether it is told of anything.", "是否启用。"),
    f"{_AT}.kind": (
        "`webhook`, `feishu-webhook` (the custom bot of a group), `feishu-app`, `smtp` (letters), or the id of a channel "
        "that is configured here (`telegram`, `feishu`, `qq`, `wechat`, `email`, …).",
        "`webhook`、`feishu-webhook`（飞书群自定义机器人）、`feishu-app`（飞书应用）、`smtp`（邮件），"
        "或本机已配置渠道的 id（`telegram`、`feishu`、`qq`、`wechat`、`email` 等）。",
    ),
    f"{_AT}.to": (
        "The chat, or the address of a letter. Of a channel as everywhere else: `group:123`, a user's id.",
        "聊天对象或邮件地址。渠道的写法与其他地方相同：`group:123` 或用户 id。",
    ),
    f"{_AT}.account": ("The channel's account. Empty: its default one.", "渠道账号；为空时使用默认账号。"),
    f"{_AT}.url": ("Where a webhook is called. It is kept like a secret.", "webhook 地址，按密钥保存。"),
    f"{_AT}.secret": ("What the calls of a webhook are signed with.", "webhook 的签名密钥。"),
    f"{_AT}.appId": ("The Feishu app.", "飞书应用的 App ID。"),
    f"{_AT}.appSecret": ("Its secret.", "飞书应用的 App Secret。"),
    f"{_AT}.domain": ("`feishu`, `lark`, or the address of another server.", "`feishu`、`lark` 或其他服务器地址。"),
    f"{_AT}.smtp": ("The server that delivers letters.", "发送邮件的服务器。"),
    f"{_AT}.smtp.host": ("Its name.", "服务器地址。"),
    f"{_AT}.smtp.port": ("Its port.", "端口。"),
    f"{_AT}.smtp.security": (
        "`tls` (from the first byte), `starttls` or `none`.",
        "`tls`（全程加密）、`starttls` 或 `none`。",
    ),
    f"{_AT}.smtp.username": ("Who signs in there.", "登录用户名。"),
    f"{_AT}.smtp.password": ("The password.", "登录密码。"),
    f"{_AT}.smtp.fromAddress": ("From whom letters come. Empty: the user name.", "发件人地址；为空时使用用户名。"),
    f"{_AT}.events": (
        "Which kinds it is told of, `*` allowed (`health.*`).",
        "接收哪些类型的通知，可用 `*`（例如 `health.*`）。",
    ),
    f"{_AT}.level": (
        "The least that it is told of: `info`, `warning` or `urgent`.",
        "最低级别：`info`、`warning` 或 `urgent`。",
    ),
    f"{_AT}.language": ("`en` or `zh`.", "`en` 或 `zh`。"),
    "environment.FEISHU_ENABLED": (
        "Whether `FEISHU_APP_ID`, `FEISHU_APP_SECRET` and `FEISHU_CHAT_ID` make a target of notifications (`feishu-env`), "
        "as OpenClaw Buddy has it.",
        "是否用 `FEISHU_APP_ID`、`FEISHU_APP_SECRET` 与 `FEISHU_CHAT_ID` 构成通知目标（`feishu-env`），"
        "与 OpenClaw Buddy 相同。",
    ),
    "environment.FEISHU_APP_ID": ("The app of that target.", "该目标的飞书应用 App ID。"),
    "environment.FEISHU_APP_SECRET": ("Its secret.", "该目标的飞书应用 App Secret。"),
    "environment.FEISHU_CHAT_ID": ("The chat that is told.", "该目标的会话 id。"),
}
