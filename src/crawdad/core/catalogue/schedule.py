"""Words about jobs, words that wait for agents, and heartbeats."""

MESSAGES: dict[str, tuple[str, str]] = {
    "cron.missing": ("A job needs these fields: {fields}.", "任务缺少以下字段：{fields}。"),
    "cron.at_past": ("The time of the job is over already.", "任务的时间已经过去。"),
    "cron.at_far": ("The time of the job is more than ten years ahead.", "任务的时间在十年之后，过于遥远。"),
    "cron.bad_at": (
        "{value} is no moment: write ISO 8601 (`2026-03-01T08:00:00+01:00`) or milliseconds.",
        "{value} 不是有效的时刻：请使用 ISO 8601（如 `2026-03-01T08:00:00+08:00`）或毫秒数。",
    ),
    "cron.bad_expression": (
        "'{text}' is no cron expression: five fields, or six with seconds in front. At fault: '{part}'.",
        "“{text}”不是有效的 cron 表达式：应为五个字段，或在前面加上秒共六个字段。出错之处：“{part}”。",
    ),
    "cron.never": ("This schedule never comes.", "此时间表永远不会触发。"),
    "cron.bad_zone": ("The time zone '{zone}' is not known.", "未知的时区：“{zone}”。"),
    "cron.target": (
        "A job for the session '{target}' needs a payload of kind '{kind}'.",
        "目标会话为“{target}”的任务需要类型为“{kind}”的 payload。",
    ),
    "cron.announce_main": (
        "Only jobs with a session of their own announce an answer; one for the main session may use a webhook.",
        "只有独立会话的任务可以使用 announce；主会话的任务可以使用 webhook。",
    ),
    "cron.webhook_url": (
        "A webhook needs an http or https address without a password.",
        "webhook 需要不含密码的 http 或 https 地址。",
    ),
    "cron.not_found": ("There is no job '{id}'.", "没有任务“{id}”。"),
    "cron.too_many": ("There are {most} jobs already; more are not allowed.", "已有 {most} 个任务，不能再增加。"),
    "cron.too_deep": (
        "This job was made by a job itself, {depth} deep; more are not allowed ('cron.limits.maxDepth').",
        "此任务本身由任务创建（第 {depth} 层），不能再派生（“cron.limits.maxDepth”）。",
    ),
    "cron.too_often_made": (
        "This agent has made {most} jobs within the hour; more are not allowed ('cron.limits.madePerHour').",
        "此智能体一小时内已创建 {most} 个任务，不能再创建（“cron.limits.madePerHour”）。",
    ),
    "cron.too_short": (
        "A job that an agent makes runs every {seconds} seconds at most ('cron.limits.minIntervalSeconds').",
        "智能体创建的任务间隔不得短于 {seconds} 秒（“cron.limits.minIntervalSeconds”）。",
    ),
    "cron.too_many_runs": (
        "This agent has started {most} jobs within the hour; more are not allowed ('cron.limits.runsPerHour').",
        "此智能体一小时内已启动 {most} 次任务，不能再启动（“cron.limits.runsPerHour”）。",
    ),
    "cron.owner_gone": (
        "The key '{owner}' that this job belongs to was revoked, has expired or may no longer use agents.",
        "此任务所属的密钥“{owner}”已被吊销、已过期或不再允许使用智能体。",
    ),
    "cron.not_owner": ("A job is changed by its owner alone.", "只有任务的所有者可以修改任务。"),
    "cron.missed": ("The time was missed by {seconds} s.", "错过预定时间 {seconds} 秒。"),
    "cron.stale": ("Nobody began this run in time.", "此次运行未能及时开始。"),
    "cron.empty": ("There are no words to send.", "没有要发送的内容。"),
    "cron.interrupted": (
        "The gateway ended while the job ran. It was not run again.",
        "任务运行期间网关退出，任务未重新运行。",
    ),
    "cron.timeout": ("The job took longer than {seconds} s.", "任务运行超过 {seconds} 秒。"),
    "cron.failed": ("The agent's turn failed.", "智能体运行失败。"),
    "cron.waits_for_tools": (
        "The agent waits for a tool that nobody runs here.",
        "智能体在等待此处无人运行的工具。",
    ),
    "cron.no_route": (
        "It is not known where to deliver: the main session has had no message from a channel.",
        "不知道发送到哪里：主会话尚未收到任何渠道的消息。",
    ),
    "cron.webhook_status": ("The webhook answered {status}.", "webhook 返回了 {status}。"),
    "cron.delivery_unknown": (
        "The gateway ended while the answer was on its way.",
        "网关在发送回答时退出，送达情况未知。",
    ),
    "cron.bad_store": ("This is no file of OpenClaw's jobs.", "这不是 OpenClaw 的任务文件。"),
    "cron.announced": ("Cron job '{name}': {text}", "定时任务“{name}”：{text}"),
    "heartbeat.unfriendly_wake": (
        "A heartbeat may not wake itself; the words stand before the next one.",
        "心跳不能唤醒自身；内容将在下一次心跳时出现。",
    ),
    "cron.bad_id": ("This cannot be the id of a job.", "这不能作为任务的 ID。"),
    "cron.id_twice": ("Two jobs have the id {id}.", "有两个任务的 ID 都是 {id}。"),
}
