"""What is wrong with a part of the gateway."""

MESSAGES: dict[str, tuple[str, str]] = {
    "health.heartbeat": ("The event loop last turned {seconds} s ago.", "事件循环上次运行是在 {seconds} 秒前。"),
    "health.event_loop": ("The event loop was late by {ms} ms.", "事件循环延迟了 {ms} 毫秒。"),
    "health.memory": ("The process takes {percent} % of the memory.", "进程占用了 {percent}% 的内存。"),
    "health.memory_slope": (
        "Memory grows by {megabytes} MiB an hour.",
        "内存占用每小时增长 {megabytes} MiB。",
    ),
    "health.files": ("{open} of {most} files are open.", "已打开 {open} 个文件，上限为 {most} 个。"),
    "health.disk": (
        "{percent} % of the disk are taken, {megabytes} MiB are free.",
        "磁盘已使用 {percent}%，剩余 {megabytes} MiB。",
    ),
    "health.database_slow": ("The database took {ms} ms to answer.", "数据库响应耗时 {ms} 毫秒。"),
    "health.database_down": ("The database does not answer: {error}", "数据库没有响应：{error}"),
    "health.clock": ("The clock was set by {seconds} s.", "系统时钟被调整了 {seconds} 秒。"),
    "health.front_door_slow": ("The gateway took {ms} ms to answer.", "网关响应耗时 {ms} 毫秒。"),
    "health.front_door_down": ("The gateway does not answer requests: {error}", "网关没有响应请求：{error}"),
    "health.inside": ("The gateway's inside is {state}.", "网关内部状态：{state}。"),
    "health.channels": ("Channels that are not connected: {names}", "未连接的渠道：{names}"),
    "health.cron": ("The next job is late by {seconds} s.", "下一个定时任务已延误 {seconds} 秒。"),
    "health.accounts": ("Providers without an account that may serve: {names}", "没有可用账号的服务商：{names}"),
    "health.upstreams": ("Providers that only fail at the moment: {names}", "当前持续失败的服务商：{names}"),
    "health.probe": ("This part could not be looked at: {error}", "无法检查此部分：{error}"),
}
