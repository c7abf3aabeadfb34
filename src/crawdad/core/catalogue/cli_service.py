"""Words of `crawdad service` and `crawdad probe`."""

MESSAGES: dict[str, tuple[str, str]] = {
    "cli.probe": (
        "Ask the running gateway whether it is ready: exit code 0 when it is, 3 when not. For health checks.",
        "询问运行中的网关是否就绪：就绪时退出码为 0，否则为 3。用于健康检查。",
    ),
    "cli.probe.live": ("Ask only whether it answers at all (/healthz).", "只询问它是否有响应（/healthz）。"),
    "cli.probe.port": (
        "Its port; otherwise what the supervisor says, CRAWDAD_PORT, or 18789.",
        "网关端口；默认取守护进程报告的端口、CRAWDAD_PORT 或 18789。",
    ),
    "cli.probe.ready": ("ready: {host} port {port}", "就绪：{host} 端口 {port}"),
    "cli.probe.not_ready": ("not ready: {host} port {port}", "未就绪：{host} 端口 {port}"),
    "cli.service": (
        "Let systemd (Linux) or launchd (macOS) start Crawdad and keep it running.",
        "由 systemd（Linux）或 launchd（macOS）启动 Crawdad 并保持其运行。",
    ),
    "cli.service.install": (
        "Install and start the service; again, to bring it up to date.",
        "安装并启动服务；再次运行可更新服务。",
    ),
    "cli.service.uninstall": ("Stop and remove the service. The home directory stays.", "停止并移除服务，主目录保留。"),
    "cli.service.status": (
        "What the service manager says; exit code 0 while it runs.",
        "显示服务状态；正在运行时退出码为 0。",
    ),
    "cli.service.logs": ("What the service printed.", "显示服务的输出。"),
    "cli.service.system": (
        "The system's service (root only) in place of the user's own.",
        "安装为系统服务（需要 root），而不是当前用户的服务。",
    ),
    "cli.service.user": ("With --system: the user it runs as.", "与 --system 一起使用：服务以哪个用户运行。"),
    "cli.service.name": (
        "The service's name, for a second one with another --home.",
        "服务名称，用于以另一个 --home 安装第二个服务。",
    ),
    "cli.service.no_start": ("Only install it.", "只安装，不启动。"),
    "cli.service.privileges": (
        "Let programs that agents start gain privileges (sudo, rootless Podman).",
        "允许智能体启动的程序提升权限（sudo、无 root 的 Podman）。",
    ),
    "cli.service.print": ("Print the unit and do nothing else.", "只打印单元文件，不做任何改动。"),
    "cli.service.lines": ("How many of the last lines.", "显示最后多少行。"),
    "cli.service.installed": ("Installed: {file}", "已安装：{file}"),
    "cli.service.kept": ("The file that was there before is now {file}.", "原有文件已保存为 {file}。"),
    "cli.service.left": (
        "These variables are set here, but the service does not see them: {names}. Put what it needs into {home}/.env.",
        "以下变量在此处已设置，但服务看不到它们：{names}。请把服务需要的写入 {home}/.env。",
    ),
    "cli.service.linger": (
        "It stops when you log out, and does not start with the machine, until you run 'loginctl enable-linger'.",
        "注销后服务会停止，也不会随系统启动；运行 “loginctl enable-linger” 可改变这一点。",
    ),
    "cli.service.removed": ("Removed: {file}", "已移除：{file}"),
    "cli.service.absent": (
        "There is no such service ({file}). 'crawdad service install' makes it.",
        "没有该服务（{file}）。可用 “crawdad service install” 安装。",
    ),
    "cli.service.foreign": (
        "{file} was not made by '{mark}' and is left alone. Remove it yourself, or choose another --name.",
        "{file} 不是由 “{mark}” 创建的，不会改动它。请自行移除，或用 --name 选择其他名称。",
    ),
    "cli.service.no_manager": (
        "Neither systemd nor launchd runs here. Let your container or init system run 'crawdad up'; "
        "'crawdad service install --print' shows what a unit would say.",
        "此处既没有运行 systemd 也没有 launchd。请让容器或 init 系统运行 “crawdad up”；"
        "“crawdad service install --print” 可显示单元文件的内容。",
    ),
    "cli.service.not_root": ("--system needs root (sudo).", "--system 需要 root 权限（sudo）。"),
    "cli.service.no_user": (
        "There is no user '{user}'. Make one: useradd --system --home-dir {home} --shell /usr/sbin/nologin {user}",
        "用户 “{user}” 不存在。可创建：useradd --system --home-dir {home} --shell /usr/sbin/nologin {user}",
    ),
    "cli.service.bad_name": (
        "'{name}' is no name: letters, digits, '-' and '_' only.",
        "“{name}” 不是有效的名称：只能包含字母、数字、“-” 和 “_”。",
    ),
    "cli.service.refused": ("'{command}' failed: {reason}", "“{command}” 失败：{reason}"),
    "cli.service.late": ("no answer within {seconds} s", "{seconds} 秒内没有响应"),
}
