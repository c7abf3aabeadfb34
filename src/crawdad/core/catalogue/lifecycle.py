"""Stopping, starting and restarting the inside of the gateway."""

MESSAGES: dict[str, tuple[str, str]] = {
    "lifecycle.busy": (
        "The gateway is at another wish ({action}): try again in a moment.",
        "网关正在执行另一项操作（{action}），请稍后再试。",
    ),
    "lifecycle.failed": ("The gateway did not come that far: {error}", "网关操作未能完成：{error}"),
    "lifecycle.cut_off": (
        "The process ended before it had stopped; the one after it has started everything again.",
        "进程在停止完成之前已结束；其后的进程已重新启动全部内容。",
    ),
    "lifecycle.task.start": ("Start the gateway", "启动网关"),
    "lifecycle.task.stop": ("Stop the gateway", "停止网关"),
    "lifecycle.task.restart": ("Restart the gateway", "重启网关"),
}
