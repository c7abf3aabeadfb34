"""Cron: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.cron": ("Work at set times.", "定时任务。"),
    "settings.cron.enabled": ("Whether jobs run at their times.", "任务是否按时运行。"),
    "settings.cron.maxConcurrentRuns": (
        "How many jobs run at a time, over all processes that share the database.",
        "同时运行的任务数上限（共用数据库的所有进程合计）。",
    ),
    "settings.cron.timezone": (
        "The zone of cron expressions that name none, such as `Europe/Berlin`. Unset: the machine's.",
        "未指定时区的 cron 表达式所用的时区，如 `Asia/Shanghai`。未设置时使用本机时区。",
    ),
    "settings.cron.webhook": (
        "Where the ends of jobs with `notify` are posted to.",
        "带有 `notify` 的任务结束时向此地址发送通知。",
    ),
    "settings.cron.webhookToken": (
        "What webhooks are sent with, as `Authorization: Bearer`.",
        "发送 webhook 时使用的 `Authorization: Bearer` 令牌。",
    ),
    "settings.cron.sessionRetention": (
        "How long the sessions of runs are kept (`24h`); `false`: for good.",
        "运行会话的保留时间（如 `24h`）；`false` 表示一直保留。",
    ),
    "settings.cron.runLog": ("How much is kept of what jobs did.", "任务运行记录的保留量。"),
    "settings.cron.runLog.keepLines": ("How many runs of each job.", "每个任务保留的运行次数。"),
    "settings.cron.limits": (
        "What keeps jobs that make jobs within bounds.",
        "防止任务不断创建任务的限制。",
    ),
    "settings.cron.limits.jobsPerOwner": ("How many jobs one key may have.", "每个密钥可拥有的任务数。"),
    "settings.cron.limits.madePerAgent": (
        "How many jobs may stand that one agent has made by its tool.",
        "单个智能体通过工具创建且仍存在的任务数上限。",
    ),
    "settings.cron.limits.madePerHour": (
        "How many jobs one agent may make in an hour.",
        "单个智能体每小时可创建的任务数。",
    ),
    "settings.cron.limits.maxDepth": (
        "How many jobs a job may descend from: with 1 a job may make jobs, and those none.",
        "任务的最大派生层数：为 1 时，任务可以创建任务，但被创建的任务不能再创建。",
    ),
    "settings.cron.limits.minIntervalSeconds": (
        "The shortest interval of a job that an agent makes.",
        "智能体创建的任务的最短间隔（秒）。",
    ),
    "settings.cron.limits.runsPerHour": (
        "How often in an hour one agent may start jobs, or wake itself, by its tool.",
        "单个智能体每小时可通过工具启动任务或唤醒自身的次数。",
    ),
}
