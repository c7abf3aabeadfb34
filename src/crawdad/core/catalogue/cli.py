"""Words of the command line and of the supervisor."""

MESSAGES: dict[str, tuple[str, str]] = {
    "up.ready": ("Crawdad is listening on {url}", "Crawdad 已启动，监听 {url}"),
    "up.token_new": (
        "Token (shown only this once, keep it): {token}",
        "令牌（仅显示这一次，请妥善保存）：{token}",
    ),
    "up.token_environment": ("Token: the value of CRAWDAD_TOKEN", "令牌：环境变量 CRAWDAD_TOKEN 的值"),
    "up.token_known": (
        "Token: the one shown at the first start; 'crawdad keys create NAME' makes another",
        "令牌：首次启动时显示的令牌；也可用 “crawdad keys create 名称” 新建一个",
    ),
    "up.no_token": (
        "Token: none needed (gateway.auth.mode is 'none')",
        "令牌：无需令牌（gateway.auth.mode 为 “none”）",
    ),
    "up.try": ("Try it:", "试一试："),
    "up.already_running": (
        "Crawdad is already running in {home} (process {pid}). Stop it first, or choose another --home.",
        "Crawdad 已在 {home} 中运行（进程 {pid}）。请先停止它，或用 --home 指定其他目录。",
    ),
    "up.home_unusable": (
        "The home directory {home} cannot be used: {reason}. Choose another with --home or CRAWDAD_HOME.",
        "无法使用主目录 {home}：{reason}。请用 --home 或 CRAWDAD_HOME 指定其他目录。",
    ),
    "up.exit_code": ("exit code {code}", "退出码 {code}"),
    "up.crashed": (
        "The application ended unexpectedly ({how}); starting it again in {seconds} s. Connections wait.",
        "应用进程意外结束（{how}）；{seconds} 秒后重新启动，连接会等待。",
    ),
    "up.hung": (
        "The application has not answered for {seconds} s; replacing it.",
        "应用进程已 {seconds} 秒没有响应，正在替换。",
    ),
    "up.safe_mode": (
        "Starting in safe mode: without plugins and channels. 'crawdad doctor' tells what is wrong.",
        "以安全模式启动：不加载插件和渠道。运行 “crawdad doctor” 查看问题所在。",
    ),
    "up.replaced": ("The application has been replaced.", "应用进程已替换。"),
    "up.replacement_failed": (
        "The replacement did not become ready; the running application stays.",
        "新的应用进程未能就绪，继续使用当前进程。",
    ),
    "up.stopping": (
        "Finishing running requests (up to {seconds} s). Press Ctrl-C again to stop at once.",
        "正在等待进行中的请求完成（最多 {seconds} 秒）。再次按 Ctrl-C 立即停止。",
    ),
    "address.taken": (
        "Port {port} on {host} is already in use by {holder}.\n"
        "Stop that program, or use another port: CRAWDAD_PORT={other}, or 'crawdad config set gateway.port {other}'.",
        "{host} 的端口 {port} 已被{holder}占用。\n"
        "请停止该程序，或换一个端口：CRAWDAD_PORT={other}，或 “crawdad config set gateway.port {other}”。",
    ),
    "address.refused": (
        "Cannot listen on {host} port {port}: {reason}.\n"
        "The settings gateway.bind and gateway.port (CRAWDAD_PORT) choose another address.",
        "无法监听 {host} 的端口 {port}：{reason}。\n"
        "可通过设置 gateway.bind 和 gateway.port（CRAWDAD_PORT）选择其他地址。",
    ),
    "address.holder": ("{name} (process {pid})", "{name}（进程 {pid}）"),
    "address.holder_unknown": ("another program", "其他程序"),
    "http.bad_request": ("The request is not valid HTTP.", "请求不是有效的 HTTP。"),
    "http.request_timeout": ("The request did not arrive in time.", "请求未能及时送达。"),
    "http.uri_too_long": ("The URL is too long.", "URL 过长。"),
    "http.header_fields_too_large": (
        "The request has too many header fields, or they are too large.",
        "请求头过多或过大。",
    ),
}
