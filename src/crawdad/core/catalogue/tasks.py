"""Work that takes a while."""

MESSAGES: dict[str, tuple[str, str]] = {
    "tasks.too_many": ("Too much is under way already; try again soon.", "正在执行的任务过多，请稍后再试。"),
    "tasks.busy": (
        "Another task of this kind ({what}) is under way; wait for it or cancel it.",
        "同类任务（{what}）正在执行，请等待其结束或取消它。",
    ),
    "tasks.not_found": ("There is no task {id}.", "没有任务 {id}。"),
    "tasks.over": ("Task {id} is over already.", "任务 {id} 已经结束。"),
    "tasks.interrupted": (
        "The process that did this ended before it was done.",
        "执行该任务的进程在完成之前已结束。",
    ),
    "tasks.cancelled": ("Somebody cancelled it.", "任务已被取消。"),
    "tasks.broken": (
        "It failed in a way that nobody foresaw ({error}); the log says more.",
        "任务意外失败（{error}），详见日志。",
    ),
    "control.healing.events": ("What the gateway did about itself, the newest first.", "网关自愈记录，最新的在前。"),
    "control.healing.report": ("A report in full.", "一份故障报告的全文。"),
    "control.healing.policy": ("What is done about what.", "自愈策略表。"),
    "control.work.list": ("Work that takes a while, the newest first.", "耗时任务列表，最新的在前。"),
    "control.work.get": (
        "How a task stands, with its log, once it is over or after `timeoutMs`.",
        "某个任务的状态与日志；给出 `timeoutMs` 时会等待其结束。",
    ),
    "control.work.cancel": ("Have a task end.", "取消任务。"),
}
