"""Backups and restores."""

MESSAGES: dict[str, tuple[str, str]] = {
    "backups.not_found": ("There is no backup {id}.", "没有备份 {id}。"),
    "backups.ambiguous": (
        "{count} backups begin with {id}; write more of the name.",
        "有 {count} 个备份以 {id} 开头，请写得更完整。",
    ),
    "backups.damaged": ("The backup {id} is damaged.", "备份 {id} 已损坏。"),
    "backups.file_damaged": ("What is kept of {path} is damaged or missing.", "备份中的 {path} 已损坏或缺失。"),
    "backups.fault.missing": ("a piece of it is missing", "部分内容缺失"),
    "backups.fault.damaged": ("a piece of it is damaged", "部分内容损坏"),
    "backups.too_large": ("{path} is longer than {limit} bytes.", "{path} 超过 {limit} 字节。"),
    "backups.bad_path": ("A path in the backup leads out of its folder: {path}", "备份中的路径越出了所在目录：{path}"),
    "backups.busy": ("Another process works on the backups for long already.", "另一个进程一直在处理备份。"),
    "backups.disk": ("The backups cannot be read or written: {reason}", "无法读写备份：{reason}"),
    "backups.no_copy": ("The database cannot be copied: {reason}", "无法复制数据库：{reason}"),
    "backups.strange_schema": (
        "The database holds something that Crawdad does not make ({name}): it is not used.",
        "数据库中含有并非 Crawdad 创建的对象（{name}），不予使用。",
    ),
    "backups.newer": (
        "Crawdad {version} made this backup: its database has schema {found}, and Crawdad {current} knows up to {known}. "
        "Nothing was changed. Install Crawdad {version} or newer (crawdad update run) and restore it with that, or take an "
        "older backup (crawdad backup list).",
        "此备份由 Crawdad {version} 创建：其数据库结构版本为 {found}，而 Crawdad {current} 最高支持 {known}。未作任何更改。"
        "请安装 Crawdad {version} 或更新的版本（crawdad update run）后再恢复，或改用较早的备份（crawdad backup list）。",
    ),
    "backups.postgresql": (
        "PostgreSQL does not answer: what it holds is not in the backup, and cannot be put back.",
        "PostgreSQL 没有响应：其数据未包含在备份中，也无法恢复。",
    ),
    "backups.no_part": ("The backup does not hold that: {part}.", "备份中没有该部分：{part}。"),
    "backups.faulty": (
        "{count} files of the backup cannot be used, the first is {path}: {problem}",
        "备份中有 {count} 个文件不可用，第一个是 {path}：{problem}",
    ),
    "backups.unknown_root": (
        "The backup would put {root} at {path}, where this installation has nothing of that kind.",
        "备份要将 {root} 放到 {path}，但当前安装在该处没有此类目录。",
    ),
    "backups.refused": (
        "Nothing was replaced: the rehearsal did not pass ({step}). {problem}",
        "未做任何替换：预演未通过（{step}）。{problem}",
    ),
    "backups.kept_beside": (
        "The present database cannot be copied; its files stay beside {path}.",
        "当前数据库无法复制，其文件将保留在 {path} 旁边。",
    ),
    "backups.gave_up": (
        "A restore that was cut off was given up, as for {hours} hours the database could not be asked whether it had "
        "taken it: nothing of it is in place. {reason} Should the database come back with it, it is taken back there, too.",
        "一次中断的恢复已放弃：{hours} 小时内一直无法向数据库确认是否已写入，未替换任何内容。{reason}"
        "如果数据库恢复后其中确有所恢复的数据，也会一并撤回。",
    ),
    "backups.abandoned": (
        "It was given up: the database that it was being written into did not answer.",
        "已放弃：正在写入的数据库没有响应。",
    ),
    "backups.none_waits": ("No restore waits for a database.", "没有正在等待数据库的恢复。"),
    "backups.rows_taken_back": (
        "The gateway did not come to serve with what was restored: the database holds again what it held before (backup "
        "{backup}). "
        "What had been written into it since, by other gateways of the cluster too, is kept in backup {kept}.",
        "恢复的内容未能使网关正常服务：数据库已还原为恢复之前的内容（备份 {backup}）。"
        "其间写入的数据（包括集群中其他网关写入的）保存在备份 {kept} 中。",
    ),
    "backups.other_of_name": ("Another backup is called {id} already.", "已有另一个名为 {id} 的备份。"),
    "backups.target_exists": ("{path} is there already.", "{path} 已存在。"),
    "backups.short_passphrase": (
        "A passphrase needs at least {length} characters.",
        "口令至少需要 {length} 个字符。",
    ),
    "backups.archive.member": ("The file is no backup: it holds {name}.", "该文件不是备份：其中含有 {name}。"),
    "backups.archive.broken": ("The file is no whole backup: {reason}", "该文件不是完整的备份：{reason}"),
    "backups.archive.piece": (
        "A piece of the backup is damaged or missing ({name}).",
        "备份的部分内容损坏或缺失（{name}）。",
    ),
    "backups.archive.encrypted": ("The file is encrypted: give its passphrase.", "该文件已加密，请提供口令。"),
    "backups.archive.passphrase": (
        "The passphrase is another one, or the file was changed.",
        "口令不正确，或文件已被改动。",
    ),
    "backups.step.contents": ("looking through the contents", "检查内容"),
    "backups.step.key": ("trying the key", "检查密钥"),
    "backups.step.configuration": ("reading the configuration", "读取配置"),
    "backups.step.cron": ("reading the cron jobs", "读取定时任务"),
    "backups.step.migration": (
        "checking the database and bringing it up to date, on a copy",
        "在副本上检查并升级数据库",
    ),
    "backups.step.workspaces": ("laying files ready", "准备文件"),
    "backups.step.safety": ("keeping what is there now", "备份当前数据"),
    "backups.step.database": ("copying the database", "复制数据库"),
    "backups.step.server": ("writing the database", "写入数据库"),
    "backups.step.files": ("reading files", "读取文件"),
    "backups.performed.done": ("It is in place.", "已恢复。"),
    "backups.performed.restarting": (
        "The gateway lets go of what it has in use and starts anew with it.",
        "网关将停止使用当前数据，并以恢复的数据重新启动。",
    ),
    "backups.performed.waiting": (
        "It is ready, and will be put in place when the gateway is started the next time.",
        "已准备就绪，将在网关下次启动时生效。",
    ),
    "backups.task.create": ("Make a backup", "创建备份"),
    "backups.task.verify": ("Look through the backup {id}", "校验备份 {id}"),
    "backups.task.restore": ("Restore the backup {id}", "恢复备份 {id}"),
    "control.backups.list": ("The backups that there are, the newest first.", "现有备份，最新的在前。"),
    "control.backups.show": (
        "What a backup holds, and what its configuration says; secrets are masked.",
        "备份的内容及其中的配置（机密已遮蔽）。",
    ),
    "control.backups.create": (
        "Make a backup, as a task. It is waited for as long as `timeoutMs` says; `work.get` tells of it after that.",
        "创建备份（任务）。最多等待 `timeoutMs`，之后可用 `work.get` 查询。",
    ),
    "control.backups.verify": (
        "Look through all contents of a backup, as a task; its result says whether it is whole, and the faults.",
        "校验备份的全部内容（任务），结果说明备份是否完整并列出问题。",
    ),
    "control.backups.restore": (
        "Put a backup, or some parts of it, in place of what there is now, as a task: rehearsed first, what gives way is kept.",
        "用备份（或其中部分内容）替换当前内容（任务）：先行演练，被替换的内容会另存备份。",
    ),
    "control.backups.standing": (
        "How a restore that takes a restart stands, by `result.switch` of its task: `state` is `kept` once the gateway serves"
        " with what was restored, `undone` where it did not, null where another came after it.",
        "需要重启的恢复进行到哪一步（以其任务的 `result.switch` 查询）：网关用恢复的内容提供服务后 `state` 为 `kept`，"
        "未能成功则为 `undone`，之后又有别的替换则为 null。",
    ),
    "control.backups.diff": (
        "What differs between two backups, or between one and the configuration of now; secrets are masked.",
        "比较两个备份，或将备份与当前配置比较（机密已遮蔽）。",
    ),
    "control.backups.delete": ("Delete backups: all that are named, or none.", "删除所列备份：全部删除或一个也不删。"),
}
