"""What the gateway does about itself."""

MESSAGES: dict[str, tuple[str, str]] = {
    "healing.cause.configuration": ("The configuration cannot be used", "配置不可用"),
    "healing.cause.database": ("The database is damaged", "数据库已损坏"),
    "healing.cause.database_away": ("The database does not answer", "数据库没有响应"),
    "healing.cause.plugin": ("A plugin harms the process", "插件危害进程运行"),
    "healing.cause.port": ("Another program holds the port", "端口被其他程序占用"),
    "healing.cause.disk": ("The disk is full", "磁盘已满"),
    "healing.cause.memory": ("The process takes too much memory", "进程占用内存过多"),
    "healing.cause.files": ("Too many files are open", "打开的文件过多"),
    "healing.cause.event_loop": ("The event loop is held up", "事件循环受阻"),
    "healing.cause.front_door": ("The gateway does not answer requests", "网关没有响应请求"),
    "healing.cause.inside": ("The gateway's inside could not be entered", "网关内部未能启动"),
    "healing.cause.channels": ("Channels are not connected", "渠道未连接"),
    "healing.cause.upstreams": ("Providers only fail", "服务商持续失败"),
    "healing.cause.accounts": ("Providers have no account that may serve", "服务商没有可用账号"),
    "healing.cause.network": ("The network seems to be down", "网络似乎已中断"),
    "healing.cause.cron": ("Jobs do not begin at their times", "定时任务未按时开始"),
    "healing.cause.crash": ("The process ended by itself", "进程意外退出"),
    "healing.cause.hang": ("The process gave no sign of life", "进程失去响应"),
    "healing.remedy.tell": ("telling somebody", "通知管理员"),
    "healing.remedy.reconnect": ("connecting channels anew", "重新连接渠道"),
    "healing.remedy.reset_upstreams": (
        "ending rests of providers, asking for their lists",
        "解除服务商冷却并重新查询列表",
    ),
    "healing.remedy.enter": ("entering the inside again", "重新启动网关内部"),
    "healing.remedy.set_down_plugin": ("setting down the plugin", "停用插件"),
    "healing.remedy.shed_load": ("shedding load", "减载"),
    "healing.remedy.free_disk": ("making room on the disk", "清理磁盘空间"),
    "healing.remedy.recycle": ("leaving and entering the inside", "在进程内重启网关内部"),
    "healing.remedy.replace": ("replacing the process, its sockets open", "替换进程（监听端口保持打开）"),
    "healing.remedy.restore_configuration": ("putting back the last good configuration", "恢复最近一次可用的配置"),
    "healing.remedy.salvage_database": (
        "saving what can be read of the damaged database",
        "抢救损坏数据库中仍可读取的内容",
    ),
    "healing.remedy.restore_database": ("restoring the database from a backup", "从备份恢复数据库"),
    "healing.remedy.safe_mode": ("safe mode, the panels alone", "安全模式（仅保留面板）"),
    "healing.place.application": ("the running application", "运行中的应用"),
    "healing.place.start": ("the look before a start", "启动前检查"),
    "healing.place.supervisor": ("the supervisor", "监护进程"),
    "healing.status.running": ("done, not yet verified", "已执行，尚未验证"),
    "healing.status.healed": ("it helped", "已恢复"),
    "healing.status.failed": ("it did not help", "未能恢复"),
    "healing.status.told": ("somebody has to see to it", "需要人工处理"),
    "healing.summary": ("{cause}. Done: {remedy}; {result}.", "{cause}。处理：{remedy}；{result}。"),
    "healing.report.title": ("Fault report: {cause}", "故障报告：{cause}"),
    "healing.report.at": ("When", "时间"),
    "healing.report.cause": ("Cause", "原因"),
    "healing.report.confidence": ("{percent} % sure", "可信度 {percent}%"),
    "healing.report.remedy": ("What was done", "处理措施"),
    "healing.report.place": ("By", "执行者"),
    "healing.report.result": ("Result", "结果"),
    "healing.report.verified": ("Verified", "验证"),
    "healing.report.after": ("{tries} looks, {seconds} s", "检查 {tries} 次，用时 {seconds} 秒"),
    "healing.report.error": ("What did not work", "失败原因"),
    "healing.report.seen": ("What was seen", "观察到的现象"),
    "healing.report.timeline": ("What happened", "处理过程"),
    "healing.report.difference": ("What differs in the configuration", "配置差异"),
    "healing.report.difference_note": (
        "From the good configuration to the one that was put away (`+`); secrets are masked.",
        "由可用配置到被搁置的配置（`+` 为被搁置的内容），敏感信息已隐藏。",
    ),
    "healing.report.analysis": ("What a model says about it", "模型分析"),
    "healing.report.analysis_note": (
        "Written by one of your models from the facts above, and checked by nobody.",
        "由您的模型根据以上事实撰写，未经核实。",
    ),
    "healing.no_report": ("There is no such report.", "没有这份报告。"),
    "healing.bad_report_name": ("The name of the report is not valid.", "报告名称无效。"),
    "healing.seen.memory": (
        "The process takes {used} of {limit} MiB ({percent} %).",
        "进程占用 {used} / {limit} MiB（{percent}%）。",
    ),
    "healing.seen.plugin_down": ("{plugin}: {reason}", "{plugin}：{reason}"),
    "healing.seen.crash": ("The process {pid} ended: {how}.", "进程 {pid} 已退出：{how}。"),
    "healing.seen.cut_off": (
        "The gateway had ended without having been stopped: it was killed, supervisor and all, or the machine lost its power.",
        "网关未经正常停止便已结束：网关连同监护进程被杀死，或机器断电。",
    ),
    "healing.seen.hang": (
        "The process {pid} gave no sign of life for {seconds} s.",
        "进程 {pid} 已有 {seconds} 秒没有响应。",
    ),
    "healing.seen.step": (
        "The process died while code of the plugin {plugin} ran.",
        "进程退出时正在运行插件 {plugin} 的代码。",
    ),
    "healing.seen.steps": (
        "{count} times within the hour a process died while code of the plugin {plugin} ran.",
        "一小时内有 {count} 次进程在运行插件 {plugin} 的代码时退出。",
    ),
    "healing.seen.plugin_new": (
        "The plugin {plugin} was added or changed since the gateway last did well.",
        "自网关上次正常运行以来，插件 {plugin} 是新增的或有改动。",
    ),
    "healing.seen.failures": (
        "{count} processes failed in a row: {how}.",
        "连续 {count} 个进程失败：{how}。",
    ),
    "healing.seen.invalid": ("{problem}", "{problem}"),
    "healing.seen.changed": (
        "The configuration was changed since the gateway last did well, and no process has come to serve with it.",
        "自网关上次正常运行以来配置已更改，此后没有进程成功提供服务。",
    ),
    "healing.seen.port": ("{host} port {port} is held by {holder}.", "{host} 端口 {port} 被 {holder} 占用。"),
    "healing.seen.disk": ("{megabytes} MiB are free on the disk.", "磁盘剩余 {megabytes} MiB。"),
    "healing.seen.gone.disk": ("The disk, which was full, has room again.", "此前写满的磁盘已有空间。"),
    "healing.seen.gone.read_only": (
        "The home directory, which took nothing, can be written again.",
        "此前不可写的数据目录已恢复可写。",
    ),
    "healing.seen.gone.port": ("The port, which was taken, is free again.", "此前被占用的端口已空闲。"),
    "healing.seen.gone.configuration": (
        "The configuration, which could not be used, was changed.",
        "此前无法使用的配置已被修改。",
    ),
    "healing.seen.nothing": ("Nothing was found that explains it.", "未找到可以解释的原因。"),
    "healing.step.begin": ("Diagnosed. Next: {remedy}.", "已诊断，处理措施：{remedy}。"),
    "healing.step.well": ("The part is well again.", "该部分已恢复正常。"),
    "healing.step.not_well": ("Within {seconds} s it did not become well.", "在 {seconds} 秒内未恢复正常。"),
    "healing.step.serves": ("A process serves again.", "进程已恢复服务。"),
    "healing.step.failed": ("It could not be done: {error}", "未能执行：{error}"),
    "healing.step.shed": (
        "Rubbish was collected, new background work is refused, cron waits: {megabytes} MiB less.",
        "已回收内存，不再接收新的后台任务，定时任务暂停：减少 {megabytes} MiB。",
    ),
    "healing.step.resumed": ("Load is taken again.", "已恢复正常负载。"),
    "healing.step.asked_replacement": (
        "The supervisor was asked for another process; the sockets stay open.",
        "已请求监护进程更换进程，监听端口保持打开。",
    ),
    "healing.step.recycled": ("The inside was left and entered anew.", "已重启网关内部。"),
    "healing.step.entered": ("The inside was entered.", "网关内部已启动。"),
    "healing.step.reconnected": ("Connected anew: {names}", "已重新连接：{names}"),
    "healing.step.reset": (
        "{count} rests were ended; the providers' lists are asked for anew.",
        "已解除 {count} 个冷却，并重新查询服务商的模型列表。",
    ),
    "healing.step.freed": (
        "{megabytes} MiB were freed ({files} files of our own).",
        "已释放 {megabytes} MiB（自有文件 {files} 个）。",
    ),
    "healing.step.set_down": (
        "The plugin {plugin} was set down; `crawdad plugins reload {plugin}` takes it up again.",
        "已停用插件 {plugin}；可用 `crawdad plugins reload {plugin}` 重新启用。",
    ),
    "healing.step.restored_configuration": (
        "The configuration of {backup} was put back; the one before it is kept in {safety}.",
        "已恢复备份 {backup} 中的配置；此前的配置保存在 {safety}。",
    ),
    "healing.step.restored_database": (
        "The database of {backup} takes the place of the damaged one, whose files are kept beside it. What was written since "
        "is not in it; keys that were revoked since count again until they are revoked anew.",
        "已用备份 {backup} 的数据库替换损坏的数据库，损坏的文件保留在旁边。"
        "此后写入的内容不在其中；此后吊销的密钥会重新生效，需要再次吊销。",
    ),
    "healing.step.salvaged_database": (
        "What can be read of the damaged database was laid over {backup} and takes its place; the damaged files are kept "
        "beside it. {read} rows were read.",
        "已将损坏数据库中可读取的内容合并到 {backup} 并替换原数据库，损坏的文件保留在旁边。共读取 {read} 行。",
    ),
    "healing.step.salvaged_nothing_before": ("an empty one", "空数据库"),
    "healing.step.salvaged_table": (
        "{table}: {read} rows read, {snapshot} from the backup, {lost} lost.",
        "{table}：读取 {read} 行，取自备份 {snapshot} 行，丢失 {lost} 行。",
    ),
    "healing.step.salvaged_more": ("and {count} more tables that are not whole", "另有 {count} 个不完整的表"),
    "healing.step.salvaged_withheld": (
        "{table}: {count} rows of the backup were not put back, or as revoked, because nobody can tell whether they still "
        "hold. Keys are made anew with `crawdad keys create`.",
        "{table}：备份中的 {count} 行未恢复（或以吊销状态恢复），因为无法确认是否仍然有效。"
        "可用 `crawdad keys create` 新建密钥。",
    ),
    "healing.step.unknown": ("an unknown number", "数量未知"),
    "healing.step.asked_mending": (
        "The process ends so that its database can be looked at while nobody uses it.",
        "进程退出，以便在无人使用时检查数据库。",
    ),
    "healing.step.replaced": ("The supervisor started another process.", "监护进程已启动新进程。"),
    "healing.step.begun_again": ("The gateway was started again.", "网关已重新启动。"),
    "healing.step.left_safe_mode": (
        "The supervisor started the whole application again, beside the one in safe mode.",
        "监护进程在安全模式进程之外重新启动了完整应用。",
    ),
    "healing.step.kept_rejected": ("The rejected configuration is kept as {name}.", "被拒绝的配置已保存为 {name}。"),
    "healing.why.unsupervised": (
        "No supervisor runs that could replace the process.",
        "没有监护进程可以替换本进程。",
    ),
    "healing.why.nothing_to_free": (
        "Nothing on the disk is the gateway's to remove.",
        "磁盘上没有网关可以删除的文件。",
    ),
    "healing.why.no_room": (
        "Saving what can be read of the database takes {needed} MiB on the disk; {free} are free.",
        "抢救数据库需要 {needed} MiB 磁盘空间，剩余 {free} MiB。",
    ),
    "healing.why.salvage_ended": (
        "Saving what can be read of the database did not come to its end: {reason}",
        "抢救数据库未能完成：{reason}",
    ),
    "healing.why.no_backup": ("There is no backup that can be put back.", "没有可以恢复的备份。"),
    "healing.why.protected": (
        "The last good configuration differs in settings of security ({paths}): a crash does not bring it back. It can be put "
        "back with `crawdad restore {backup} --only config`.",
        "最近一次可用的配置在安全相关设置上有差异（{paths}），不会因崩溃而自动恢复。"
        "可用 `crawdad restore {backup} --only config` 手动恢复。",
    ),
    "healing.why.off": ("Healing is switched off (`healing.enabled`).", "自愈已关闭（`healing.enabled`）。"),
    "healing.why.postgresql": (
        "The database is a PostgreSQL server: its own tools restore it.",
        "数据库为 PostgreSQL，请使用其自带工具恢复。",
    ),
    "healing.why.exhausted": (
        "What is done about this was tried {count} times within the hour.",
        "一小时内已针对此问题尝试 {count} 次。",
    ),
    "healing.why.busy": ("Another task is under way: {task}", "另一项任务正在进行：{task}"),
    "healing.switched_on": ("Self-healing is on.", "自愈已开启。"),
    "healing.switched_off": ("Self-healing is off.", "自愈已关闭。"),
    "activity.healing": ("{words}", "{words}"),
    "responses.shedding": (
        "Memory is short: no new background work is taken at the moment.",
        "内存不足：暂不接收新的后台任务。",
    ),
}
