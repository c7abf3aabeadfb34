"""Backups, updates and healing: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.backup": ("What is kept of the installation.", "安装数据的备份。"),
    "settings.backup.enabled": (
        "Whether the configuration is kept at every change and snapshots are made at their times.",
        "是否在每次配置变更时保存配置，并按计划创建快照。",
    ),
    "settings.backup.schedule": (
        "When a snapshot of everything is made, as a cron expression. One that was missed is made at the next start.",
        "创建完整快照的时间（cron 表达式）。错过的快照会在下次启动时补做。",
    ),
    "settings.backup.timezone": (
        "The zone of the schedule. Unset: that of `cron.timezone`, else the machine's.",
        "计划所用的时区。未设置时使用 `cron.timezone`，否则使用本机时区。",
    ),
    "settings.backup.workspaces": (
        "Whether snapshots hold the agents' workspaces, skills and plugins.",
        "快照是否包含智能体工作区、技能与插件。",
    ),
    "settings.backup.exclude": (
        "Names of files and folders that snapshots of workspaces leave out; `*` stands for anything.",
        "工作区快照跳过的文件与文件夹名称，`*` 匹配任意字符。",
    ),
    "settings.backup.retention": (
        "How many backups stay. The newest of each kind always does.",
        "备份的保留数量。每类备份的最新一份始终保留。",
    ),
    "settings.backup.retention.configurations": (
        "How many backups of the configuration alone.",
        "仅含配置的备份的保留份数。",
    ),
    "settings.backup.retention.snapshots": ("How many snapshots of everything.", "完整快照的保留份数。"),
    "settings.backup.retention.days": ("How old a backup may become, in days.", "备份的最长保留天数。"),
    "settings.update": ("Newer versions.", "版本更新。"),
    "settings.update.channel": (
        "`stable`: releases alone; `beta` and `dev`: alphas, betas and candidates too.",
        "`stable` 仅正式版本；`beta` 与 `dev` 还包括测试版与候选版。",
    ),
    "settings.update.index": (
        "The index of Python packages that is asked, such as a mirror. Unset: the one that pip is set up for.",
        "查询更新所用的 Python 软件包索引，可设为镜像站。未设置时使用 pip 所配置的索引。",
    ),
    "settings.update.package": ("The name of the package there.", "索引中的软件包名称。"),
    "settings.update.checkOnStart": (
        "Whether a start asks for a newer version. It is never installed by itself.",
        "启动时是否查询新版本（不会自动安装）。",
    ),
    "settings.update.keepVersions": (
        "How many installed versions stay, to be gone back to.",
        "保留多少个已安装版本，以便回退。",
    ),
    "settings.healing": ("What the gateway does about itself.", "网关的自愈行为。"),
    "settings.healing.enabled": (
        "Whether anything is done where something is wrong. Off: the supervisor still replaces a dead process and falls back "
        "to safe mode, and nothing else is touched.",
        "出现问题时是否自动处理。关闭后，监护进程仍会替换退出的进程并在必要时进入安全模式，其余一概不动。",
    ),
    "settings.healing.mostPerHour": (
        "How often the same cause is acted upon within an hour before somebody is told instead.",
        "同一原因一小时内最多自动处理的次数，超过后改为通知管理员。",
    ),
    "settings.healing.stableMinutes": (
        "For how long the gateway must have done well with a configuration before that counts as the last good one.",
        "网关以某份配置正常运行多少分钟后，该配置才算作“最近一次可用的配置”。",
    ),
    "settings.healing.reports": ("How many reports stay.", "故障报告的保留份数。"),
    "settings.healing.memory": (
        "When memory counts as short: shares of what the process may take, in percent.",
        "内存不足的判定，以进程可用内存的百分比表示。",
    ),
    "settings.healing.memory.shedPercent": ("From here on load is shed.", "达到该比例后开始减载。"),
    "settings.healing.memory.replacePercent": (
        "From here on the process is replaced, in good order.",
        "达到该比例后有序替换进程。",
    ),
    "settings.healing.memory.limitMegabytes": (
        "What the process may take. Unset: the container's limit, else the machine's memory.",
        "进程可用内存上限（MB）。未设置时使用容器限制，否则为本机内存。",
    ),
    "settings.healing.analysis": (
        "A paragraph in reports that a model writes from facts without secrets.",
        "由模型根据已脱敏的事实为报告撰写的分析。",
    ),
    "settings.healing.analysis.model": (
        "The model that is asked. Unset: none.",
        "用于分析的模型。未设置时不进行分析。",
    ),
    "settings.healing.analysis.mostPerDay": ("How many such paragraphs a day.", "每天最多分析的次数。"),
    "environment.CRAWDAD_UPDATES": (
        "Who brings newer versions: `self`, or anything else for somebody else. Unset: what it looks like (a container, the "
        "system's Python, an environment of its own).",
        "由谁负责升级：`self` 表示自身，其他值表示由外部负责。未设置时自动判断（容器、系统 Python、独立环境）。",
    ),
    "environment.CRAWDAD_STARTED_BY": (
        "Set by `crawdad` itself where another version goes on in its place (not to be set by hand).",
        "由 `crawdad` 在切换到另一版本继续执行时自行设置（请勿手动设置）。",
    ),
    "environment.CRAWDAD_STARTED_WITH": (
        "Set beside it: the interpreter that it was started with, for `crawdad service install` (not to be set by hand).",
        "与其一同设置：最初启动所用的解释器，供 `crawdad service install` 使用（请勿手动设置）。",
    ),
    "environment.CRAWDAD_BACKUP_PASSPHRASE": (
        "The passphrase of `crawdad backup export --encrypt` and `import --decrypt`.",
        "`crawdad backup export --encrypt` 与 `import --decrypt` 所用的口令。",
    ),
}
