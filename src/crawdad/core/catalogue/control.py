"""The control channel: its own words, and what each of its methods is for."""

MESSAGES: dict[str, tuple[str, str]] = {
    "control.full": ("Too many clients are connected.", "连接的客户端过多。"),
    "control.bad_date": ("'{date}' is no date of the form YYYY-MM-DD.", "“{date}” 不是 YYYY-MM-DD 形式的日期。"),
    "control.health": ("How the gateway, its agents and sessions are.", "网关、智能体与会话的健康状况。"),
    "control.status": ("Sessions and the pulse of the agents at a glance.", "会话与智能体心跳概览。"),
    "control.logs.tail": (
        "The last lines of the log, or those since a cursor.",
        "日志的最后若干行，或自游标以来的新行。",
    ),
    "control.quota_forbidden": (
        "The vendor refused the last check of this account.",
        "供应商拒绝了对此账户的最近一次检查。",
    ),
    "control.usage.status": ("What is left of each account, by the vendor's word.", "按供应商报告的各账户剩余额度。"),
    "control.usage.cost": ("Tokens and costs by day.", "按日统计的令牌用量与费用。"),
    "control.config.get": (
        "The configuration, its secrets hidden, with the hash that a write must name.",
        "配置（密钥已隐藏）及写入时须提供的哈希。",
    ),
    "control.config.set": ("Replace the configuration file.", "替换配置文件。"),
    "control.config.apply": ("Replace the configuration file and take it up.", "替换配置文件并立即生效。"),
    "control.config.patch": ("Merge a JSON5 object into the configuration.", "将 JSON5 对象合并到配置中。"),
    "control.config.schema": (
        "The configuration as JSON Schema, with hints for forms.",
        "配置的 JSON Schema 及表单提示。",
    ),
    "control.config.schema.lookup": ("One setting of the schema.", "架构中的单个设置。"),
    "control.models.list": ("The models that can be asked for.", "可用的模型。"),
    "control.system-presence": ("Who is connected or was lately.", "当前或近期在线的客户端。"),
    "control.system-event": ("Tell the gateway something, for its main session.", "向网关的主会话告知一件事。"),
    "control.last-heartbeat": ("What the last heartbeat came to.", "最近一次心跳的结果。"),
    "control.set-heartbeats": ("Switch heartbeats on or off.", "开启或关闭心跳。"),
    "control.device.pair.list": ("Devices that wait and devices that were let in.", "等待配对与已配对的设备。"),
    "control.device.pair.approve": ("Let a device in.", "批准设备配对。"),
    "control.device.pair.reject": ("Do not let a device in.", "拒绝设备配对。"),
    "control.device.pair.remove": ("Forget a device and close its connections.", "移除设备并关闭其连接。"),
    "control.device.token.rotate": ("A new token for a device instead of the old.", "为设备更换新令牌。"),
    "control.device.token.revoke": ("End a device's token and its connections.", "吊销设备令牌并断开其连接。"),
    "control.exec.approval.request": ("Ask whether a command may run, and wait.", "请求批准执行命令并等待结果。"),
    "control.exec.approval.waitDecision": ("Wait for a decision that was asked for.", "等待已请求的决定。"),
    "control.exec.approval.resolve": ("Decide whether a command may run.", "决定命令是否可执行。"),
}
