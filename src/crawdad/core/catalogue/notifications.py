"""What operators are told of what happens to the gateway."""

MESSAGES: dict[str, tuple[str, str]] = {
    "notifications.title.info": ("[{place}] {what}", "[{place}] {what}"),
    "notifications.title.warning": ("[{place}] Warning: {what}", "[{place}] 警告：{what}"),
    "notifications.title.urgent": ("[{place}] Urgent: {what}", "[{place}] 紧急：{what}"),
    "notifications.digest": ("[{place}] {count} notifications", "[{place}] {count} 条通知"),
    "notifications.earlier": ("({count} earlier ones are not shown.)", "（更早的 {count} 条未显示）"),
    "notifications.repeats": ("(It happened {count} more times.)", "（另外发生了 {count} 次）"),
    "notifications.kind.health.ok": ("the gateway is well again", "网关已恢复正常"),
    "notifications.kind.health.degraded": ("the gateway is not well", "网关状态异常"),
    "notifications.kind.health.down": ("the gateway is down", "网关不可用"),
    "notifications.kind.healing.healed": ("the gateway healed itself", "网关已自行修复"),
    "notifications.kind.healing.told": ("the gateway found a fault", "网关发现故障"),
    "notifications.kind.healing.failed": ("a fault could not be mended", "故障未能修复"),
    "notifications.kind.gateway.crashed": ("the gateway crashed and was started again", "网关崩溃后已重新启动"),
    "notifications.kind.gateway.safe_mode": ("the gateway is in safe mode", "网关处于安全模式"),
    "notifications.kind.backup.failed": ("a backup failed", "备份失败"),
    "notifications.kind.restore.undone": ("a restore was taken back", "恢复已被撤销"),
    "notifications.kind.update.available": ("a newer version is available", "有新版本可用"),
    "notifications.kind.update.failed": ("an update failed", "更新失败"),
    "notifications.kind.account.disabled": ("an account was disabled", "账号已停用"),
    "notifications.kind.account.exhausted": ("an account has nothing left", "账号额度已用完"),
    "notifications.kind.channel.signed_out": ("a channel was signed out", "渠道已退出登录"),
    "notifications.kind.channel.connected": ("a channel is connected again", "渠道已重新连接"),
    "notifications.kind.budget.reached": ("a budget is used up", "预算已用完"),
    "notifications.kind.cron.failing": ("a scheduled job keeps failing", "定时任务连续失败"),
    "notifications.kind.approval.waiting": ("an approval is waited for", "有操作等待批准"),
    "notifications.kind.plugin.down": ("a plugin was set down", "插件已被停用"),
    "notifications.kind.test": ("a test", "测试"),
    "notifications.test": (
        "This is a test. Whoever reads it will be told of what happens to the gateway.",
        "这是一条测试通知。收到此消息说明网关的通知可以送达。",
    ),
    "notifications.health_ok": ("The gateway is well again (it was {before}).", "网关已恢复正常（此前为 {before}）。"),
    "notifications.health_degraded": (
        "The gateway still serves, but these parts are not well: {parts}.",
        "网关仍在服务，但以下部分异常：{parts}。",
    ),
    "notifications.health_down": (
        "The gateway does not serve. Not well: {parts}.",
        "网关无法提供服务。异常部分：{parts}。",
    ),
    "notifications.healing": ("The gateway did something about a fault: {cause}.", "网关处理了一个故障：{cause}。"),
    "notifications.crashed": (
        "The process ended unexpectedly ({how}) and was started again.",
        "进程意外结束（{how}），已重新启动。",
    ),
    "notifications.hung": (
        "The process no longer answered, was ended ({how}) and started again.",
        "进程失去响应，已被结束（{how}）并重新启动。",
    ),
    "notifications.cut_off": (
        "The gateway had ended without having been stopped (killed as a whole, or the machine lost its power) and was started "
        "again.",
        "网关未经正常停止便已结束（整体被杀死或机器断电），现已重新启动。",
    ),
    "notifications.safe_mode": (
        "The process kept failing ({how}). The gateway now runs in safe mode: panels only, no channels, plugins or agents. "
        "`crawdad doctor` says what is wrong; once that is put right, `kill -HUP` to the supervisor or a new start ends it.",
        "进程反复失败（{how}）。网关现处于安全模式：仅提供管理面板，渠道、插件与智能体均未运行。"
        "请用 `crawdad doctor` 查看原因；修复后对监护进程执行 `kill -HUP`（或重新启动）即可退出安全模式。",
    ),
    "notifications.backup_failed": ("A backup was not made: {reason}", "备份未能完成：{reason}"),
    "notifications.update_available": (
        "Version {version} can be installed (here is {current}): crawdad update run",
        "可安装版本 {version}（当前为 {current}）：crawdad update run",
    ),
    "notifications.update_failed": ("The update failed: {reason}", "更新失败：{reason}"),
    "notifications.update_undone": (
        "Version {version} did not come to serve; the gateway went back to the one before by itself: {reason}",
        "版本 {version} 未能正常服务，网关已自动回到之前的版本：{reason}",
    ),
    "notifications.restore_undone": (
        "With what was restored ({backup}) the gateway did not come to serve; it went back to what was there before: {reason}",
        "恢复的内容（{backup}）未能使网关正常服务，网关已回到恢复之前的状态：{reason}",
    ),
    "notifications.account_disabled": ("Account {account} was disabled: {reason}", "账号 {account} 已停用：{reason}"),
    "notifications.account_exhausted": (
        "Account {account} has used up its allowance (model: {model}).",
        "账号 {account} 的额度已用完（模型：{model}）。",
    ),
    "notifications.channel_signed_out": (
        "{account} is signed out; somebody has to sign in again.",
        "{account} 已退出登录，需要重新登录。",
    ),
    "notifications.channel_connected": ("{account} is connected again.", "{account} 已重新连接。"),
    "notifications.budget_reached": (
        "{subject} has used up its budget of {limit} {unit} ({period}).",
        "{subject} 已用完预算：{limit} {unit}（{period}）。",
    ),
    "notifications.cron_failing": (
        "The job “{job}” failed {count} times in a row: {error}",
        "任务“{job}”已连续失败 {count} 次：{error}",
    ),
    "notifications.approval_waiting": (
        "Agent {agent} asks to be allowed: {summary}",
        "智能体 {agent} 请求批准：{summary}",
    ),
    "notifications.plugin_down": (
        "The plugin {plugin} was set down: {reason}. All else goes on; `crawdad plugins enable {plugin}` lets it try again.",
        "插件 {plugin} 已被停用：{reason}。其余功能不受影响；执行 `crawdad plugins enable {plugin}` 可再次启用。",
    ),
    "notifications.no_target": (
        "There is no target “{name}” that is told of anything.",
        "没有可用的通知目标“{name}”。",
    ),
    "notifications.missing": ("Not set: {keys}", "尚未设置：{keys}"),
    "notifications.no_answer": ("No answer came in time.", "未在规定时间内得到应答。"),
    "notifications.no_channels": ("The channels are not running at the moment.", "渠道当前未运行。"),
    "notifications.bad_secret": (
        "The secret begins with whsec_, but what follows is not base64.",
        "密钥以 whsec_ 开头，但其后不是 base64。",
    ),
    "notifications.status": ("It was answered with HTTP {status}.", "对方返回 HTTP {status}。"),
    "notifications.too_many": ("More than {most} were waiting for this target.", "等待该目标的通知超过 {most} 条。"),
    "control.notifications.targets": ("Who is told of what happens to the gateway.", "通知目标列表。"),
    "control.notifications.history": ("What was told, the newest first.", "通知记录，最新的在前。"),
    "control.notifications.test": ("Send a test to a target.", "向某个通知目标发送测试。"),
}
