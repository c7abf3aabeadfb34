"""Words about other people's programs: the command line tools that are pointed here, the tunnel."""

MESSAGES: dict[str, tuple[str, str]] = {
    "approvals.file_hash_required": (
        "exec approvals base hash required; re-run exec.approvals.get and retry",
        "需要执行审批的基准哈希；请重新调用 exec.approvals.get 后重试",
    ),
    "approvals.file_changed": (
        "exec approvals changed since last load; re-run exec.approvals.get and retry",
        "执行审批自上次读取后已改变；请重新调用 exec.approvals.get 后重试",
    ),
    "approvals.file_skills": (
        "Programs of skills cannot be allowed as a whole here.",
        "此处不能整体允许技能的程序。",
    ),
    "approvals.file_agent": (
        "Rules of the agent {agent} stand in agents.list[].tools.exec of the configuration.",
        "智能体 {agent} 的规则位于配置的 agents.list[].tools.exec。",
    ),
    "approvals.file_grant": (
        "What {agent} may run for good is added by answering when it asks; use the list of '*' for all agents.",
        "{agent} 可长期执行的命令须在其请求时批准；若面向全部智能体，请使用“*”的列表。",
    ),
    "approvals.file_pattern": (
        "'{pattern}' is no program's name or path; patterns are not allowed.",
        "“{pattern}”不是程序名或路径；不允许使用通配模式。",
    ),
    "files.read_only": ("'{path}' is read-only.", "“{path}”是只读的。"),
    "sync.unreadable": (
        "it cannot be read, so it was left as it is ({reason})",
        "文件无法解析，未作任何修改（{reason}）",
    ),
    "sync.not_a_table": ("'{key}' is no table there", "其中的“{key}”不是表"),
    "sync.in_file": ("{file}: {reason}", "{file}：{reason}"),
    "sync.bad_url": ("'{url}' is no http:// or https:// address.", "“{url}”不是有效的 http:// 或 https:// 地址。"),
    "sync.bad_value": (
        "'{param}' has characters that do not belong there (blanks, quotes or control characters).",
        "“{param}”含有不允许的字符（空白、引号或控制字符）。",
    ),
    "sync.no_tool": (
        "There is no tool '{name}'. There are Claude, Codex and Gemini.",
        "没有名为“{name}”的工具。可用的有 Claude、Codex 和 Gemini。",
    ),
    "sync.no_file": ("There is no file '{name}'.", "没有文件“{name}”。"),
    "tunnel.open_door": (
        "A tunnel would let everybody in: authentication is off. Switch it on first (gateway.auth.mode).",
        "未启用身份验证，建立隧道将对所有人开放。请先启用（gateway.auth.mode）。",
    ),
    "tunnel.closed_door": (
        "The tunnel was closed: authentication was switched off.",
        "身份验证已被关闭，隧道已断开。",
    ),
    "tunnel.missing": (
        "cloudflared is not installed. Install it with: {command} (or put it into {folder}).",
        "未安装 cloudflared。安装命令：{command}（或将其放入 {folder}）。",
    ),
    "tunnel.not_downloaded": (
        "Crawdad downloads no programs. Install cloudflared with: {command} (or put it into {folder}).",
        "Crawdad 不会下载程序。请安装 cloudflared：{command}（或将其放入 {folder}）。",
    ),
    "tunnel.no_token": (
        "A named tunnel needs its token, from the Cloudflare dashboard.",
        "命名隧道需要令牌（在 Cloudflare 控制台获取）。",
    ),
    "tunnel.bad_token": ("This is no tunnel token.", "隧道令牌格式不正确。"),
    "tunnel.foreign_port": (
        "A tunnel leads to this gateway alone ({ports}), not to port {port}.",
        "隧道只能指向本网关的端口（{ports}），不能指向端口 {port}。",
    ),
    "tunnel.failed": ("cloudflared could not be started: {reason}", "无法启动 cloudflared：{reason}"),
    "tunnel.ended": (
        "cloudflared ended ({code}). {reason} It is started again in {seconds} s.",
        "cloudflared 已退出（{code}）。{reason} 将在 {seconds} 秒后重启。",
    ),
    "system.unsupported": (
        "Not on a server: {what}.",
        "服务器上不支持：{what}。",
    ),
    "system.open_folder": ("opening a folder on somebody's screen", "在屏幕上打开文件夹"),
    "system.autostart": (
        "starting with the desktop; use systemd, launchd or the container's restart policy",
        "随桌面启动；请使用 systemd、launchd 或容器的重启策略",
    ),
    "system.bad_name": (
        "'{path}' is no file name. Files are saved in {folder} and nowhere else.",
        "“{path}”不是有效的文件名。文件只能保存在 {folder}。",
    ),
    "system.always_on": (
        "The management API cannot be switched off over itself.",
        "管理接口不能通过自身关闭。",
    ),
}
