"""Words about the channel to QQ through OneBot."""

MESSAGES: dict[str, tuple[str, str]] = {
    "onebot.no_way": (
        'Set channels.qq.wsUrl, httpUrl, or mode: "reverse".',
        '请设置 channels.qq.wsUrl、httpUrl，或 mode: "reverse"。',
    ),
    "onebot.http_settings": (
        "With HTTP, channels.qq needs both httpUrl and secret (the key of X-Signature).",
        "使用 HTTP 方式时，channels.qq 需要同时设置 httpUrl 和 secret（X-Signature 的密钥）。",
    ),
    "onebot.token_needed": (
        "A reverse WebSocket needs channels.qq.accessToken: without, anybody could connect.",
        "反向 WebSocket 需要设置 channels.qq.accessToken，否则任何人都可以接入。",
    ),
    "onebot.token_refused": (
        "The QQ side refuses the access token ({reason}).",
        "QQ 端拒绝了访问令牌（{reason}）。",
    ),
    "onebot.waiting": ("Waiting for the QQ side to connect.", "正在等待 QQ 端连接。"),
    "onebot.not_connected": ("The QQ side is not connected.", "QQ 端未连接。"),
    "onebot.cut": ("The connection to the QQ side ended.", "与 QQ 端的连接已断开。"),
    "onebot.silent": ("The QQ side sends no heartbeats any more.", "QQ 端不再发送心跳。"),
    "onebot.qq_offline": ("QQ itself is offline: sign it in again.", "QQ 已离线，请重新登录。"),
    "onebot.no_answer": ("The QQ side did not answer {action}.", "QQ 端没有响应 {action}。"),
    "onebot.no_file": ("The QQ side does not have this file.", "QQ 端没有此文件。"),
    "onebot.no_web": (
        "Signing in needs channels.qq.napcat.webUrl and webToken.",
        "登录需要设置 channels.qq.napcat.webUrl 和 webToken。",
    ),
    "onebot.web_token": ("NapCat refuses the web token ({reason}).", "NapCat 拒绝了 WebUI 令牌（{reason}）。"),
    "onebot.web_second_factor": (
        "NapCat's web page wants a second factor, which cannot be given from here.",
        "NapCat 的 WebUI 要求双重验证，无法从这里完成。",
    ),
    "onebot.many_clients": ("Too many clients share this QQ account.", "共用此 QQ 账号的客户端过多。"),
    "napcat.code_unchanged": (
        "NapCat has made no new QR code. After QQ was thrown off, NapCat must be started again first.",
        "NapCat 没有生成新的二维码。QQ 被踢下线后，需要先重启 NapCat。",
    ),
    "napcat.no_restart": ("NapCat could not be started again: {reason}", "无法重启 NapCat：{reason}"),
    "napcat.no_session_folder": (
        "channels.qq.napcat.sessionPath is not the absolute path of a folder.",
        "channels.qq.napcat.sessionPath 不是一个文件夹的绝对路径。",
    ),
    "napcat.session_not_removed": (
        "QQ's session could not be removed ({name}: {reason}).",
        "无法删除 QQ 会话数据（{name}：{reason}）。",
    ),
    "onebot.web_rationed": (
        "NapCat allows few sign-ins a minute: try again shortly.",
        "NapCat 限制了每分钟的登录次数，请稍后再试。",
    ),
}
