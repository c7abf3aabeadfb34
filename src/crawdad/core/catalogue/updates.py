"""Updates, and putting new things in the place of old ones."""

MESSAGES: dict[str, tuple[str, str]] = {
    "switch.ended": ("the application ended ({how})", "应用进程已结束（{how}）"),
    "switch.not_served": ("it did not come to serve", "未能正常提供服务"),
    "switch.waits_for_rows": (
        "A restore that was cut off waits for a database that does not answer. Bring the database back, or give that restore "
        "up: crawdad restore --abandon",
        "一次中断的恢复正在等待没有响应的数据库。请恢复该数据库，或放弃那次恢复：crawdad restore --abandon",
    ),
    "switch.under_way": (
        "Something else is being put in place ({purpose}); wait until that has ended.",
        "正在进行另一项替换（{purpose}），请等待其完成。",
    ),
    "switch.failed": ("It could not be put in place; all is as it was: {reason}", "无法替换，一切保持原样：{reason}"),
    "switch.fixed_place": (
        "{path} is a mount, or lies in a folder that cannot be written to: nothing can be put in its place by renaming.",
        "{path} 是挂载点，或所在目录不可写：无法通过重命名替换。",
    ),
    "updates.no_index": (
        "pip names no index that can be asked without credentials: set update.index.",
        "pip 没有可直接访问（无需凭据）的索引，请设置 update.index。",
    ),
    "updates.bad_index": ("That is no index of Python packages.", "该地址不是 Python 软件包索引。"),
    "updates.not_in_index": (
        "The index does not have it: {url}. Another index or package is named by update.index and update.package.",
        "索引中没有该软件包：{url}。可用 update.index 与 update.package 指定其他索引或软件包。",
    ),
    "updates.index_status": ("The index answered {status}: {url}", "索引返回 {status}：{url}"),
    "updates.not_https": ("The index leads to an address without HTTPS: {url}", "索引指向了非 HTTPS 地址：{url}"),
    "updates.too_large": ("{name} is too large.", "{name} 过大。"),
    "updates.wrong_hash": (
        "{name} is not what the index says it is (another SHA-256): it was thrown away.",
        "{name} 与索引声明不符（SHA-256 不同），已丢弃。",
    ),
    "updates.disk": ("It cannot be written: {reason}", "无法写入：{reason}"),
    "updates.failed": (
        "The new version cannot be installed; nothing has changed. {reason}",
        "无法安装新版本，未做任何更改。{reason}",
    ),
    "updates.other_version": (
        "What was installed says that it is {said}, not {wanted}; nothing has changed.",
        "已安装的内容自称 {said} 而非 {wanted}，未做任何更改。",
    ),
    "updates.unfit": (
        "Version {version} does not get on with what is here; nothing has changed. {problem}",
        "版本 {version} 无法使用当前数据，未做任何更改。{problem}",
    ),
    "updates.postgresql": (
        "This version has another schema, and on PostgreSQL that cannot be tried on a copy: make a pg_dump, install it with "
        "what installed this one, and start it.",
        "该版本的数据库结构不同，而 PostgreSQL 无法在副本上预演：请先执行 pg_dump，再用原安装方式安装并启动。",
    ),
    "updates.nothing_before": (
        "There is no version to go back to: none was put in place by an update.",
        "没有可回退的版本：当前版本并非通过更新安装。",
    ),
    "updates.newest": ("{version} is the newest.", "{version} 已是最新版本。"),
    "updates.managed.container": (
        "This runs in a container: newer versions come with a newer image.",
        "当前运行在容器中：请通过更新镜像来升级。",
    ),
    "updates.managed.system": (
        "This belongs to the system's Python: newer versions come from its packages.",
        "当前安装属于系统 Python：请通过系统软件包升级。",
    ),
    "updates.managed.managed": (
        "Something else brings newer versions here (CRAWDAD_UPDATES says so).",
        "此处由其他方式负责升级（由 CRAWDAD_UPDATES 指定）。",
    ),
    "updates.step.check": ("asking the index", "查询索引"),
    "updates.step.fetch": ("fetching {name}", "下载 {name}"),
    "updates.step.install": ("installing {version} beside the running version", "在当前版本旁安装 {version}"),
    "updates.step.rehearse": (
        "letting {version} try a copy of the database and the configuration",
        "由 {version} 预演数据库副本与配置",
    ),
    "updates.step.safety": ("making a backup", "创建备份"),
    "updates.performed.done": (
        "{version} is in place, and is tried at the next start.",
        "{version} 已就位，将在下次启动时试运行。",
    ),
    "updates.performed.restarting": ("The gateway starts anew as {version}.", "网关正以 {version} 重新启动。"),
    "updates.performed.waiting": (
        "{version} is ready, and is put in place when the gateway is started anew.",
        "{version} 已准备就绪，将在网关重新启动时生效。",
    ),
    "updates.task.run": ("Update Crawdad", "更新 Crawdad"),
    "cli.update": ("Look for a newer version, put it in place, go back.", "检查、安装新版本，或回退。"),
    "cli.update.check": ("Ask the index for a newer version.", "向索引查询新版本。"),
    "cli.update.run": (
        "Put the newest version in place, after it was tried on a copy.",
        "在副本上预演后安装最新版本。",
    ),
    "cli.update.status": ("How updates stand, without asking anybody.", "显示更新状态（不联网）。"),
    "cli.update.rollback": ("Go back to the version before.", "回退到上一版本。"),
    "cli.update.available": (
        "{latest} is newer than {current}: crawdad update run",
        "有新版本 {latest}（当前 {current}）：crawdad update run",
    ),
    "cli.update.never": ("Nobody has looked yet: crawdad update check", "尚未检查过更新：crawdad update check"),
    "cli.update.fact.version": ("this version", "当前版本"),
    "cli.update.fact.latest": ("newest known", "已知最新版本"),
    "cli.update.fact.checked": ("looked for", "检查时间"),
    "cli.update.fact.channel": ("channel", "渠道"),
    "cli.update.fact.installed": ("installed by updates", "通过更新安装的版本"),
    "cli.update.fact.pointer": ("put in place", "已启用的版本"),
    "cli.update.fact.last": ("last update", "上次更新"),
    "cli.update.outcome.kept": ("The gateway runs as {version}.", "网关正以 {version} 运行。"),
    "cli.update.outcome.undone": (
        "{version} did not come to serve: everything is as it was before. {reason}",
        "{version} 未能启动，一切已还原。{reason}",
    ),
}
