"""The doors to the agents: what the settings mean (see `catalogue.settings`)."""

_CHAT = "settings.gateway.http.endpoints.chatCompletions"
_RESPONSES = "settings.gateway.http.endpoints.responses"


def _inputs(path: str, english: str, chinese: str) -> dict[str, tuple[str, str]]:
    """What files and pictures from clients have in common."""
    return {
        path: (f"{english} that clients hand to an agent.", f"客户端交给智能体的{chinese}。"),
        f"{path}.allowUrl": (f"{english} may be named by URL.", f"{chinese}可以用 URL 指定。"),
        f"{path}.urlAllowlist": (
            "Hosts they may come from (`*.example.org`: those below it); empty: any public one.",
            "允许的来源主机（`*.example.org`：其子域）；留空则任何公网主机均可。",
        ),
        f"{path}.allowedMimes": ("Media types that are taken.", "接受的媒体类型。"),
        f"{path}.maxBytes": ("Largest size of one, in bytes.", "单个的大小上限（字节）。"),
        f"{path}.maxRedirects": ("Redirects that are followed when one is fetched.", "获取时最多跟随的重定向次数。"),
        f"{path}.timeoutMs": ("Time for fetching one, in milliseconds.", "获取单个的时限（毫秒）。"),
    }


MESSAGES: dict[str, tuple[str, str]] = {
    "settings.gateway.http": ("The HTTP endpoints to agents.", "通往智能体的 HTTP 端点。"),
    "settings.gateway.http.endpoints": ("The HTTP endpoints to agents, one by one.", "各个通往智能体的 HTTP 端点。"),
    _CHAT: ("`/v1/chat/completions`.", "`/v1/chat/completions` 端点。"),
    f"{_CHAT}.enabled": ("Whether it is there.", "是否开启。"),
    f"{_CHAT}.maxBodyBytes": (
        "Largest request, in bytes; nothing: `gateway.maxBodyBytes`.",
        "请求大小上限（字节）；不设则用 `gateway.maxBodyBytes`。",
    ),
    f"{_CHAT}.maxImageParts": ("Most pictures in one message to an agent.", "发给智能体的一条消息最多包含的图片数。"),
    f"{_CHAT}.maxTotalImageBytes": ("Their size together, in bytes.", "这些图片的总大小上限（字节）。"),
    **_inputs(f"{_CHAT}.images", "Pictures", "图片"),
    _RESPONSES: ("`/v1/responses`.", "`/v1/responses` 端点。"),
    f"{_RESPONSES}.enabled": ("Whether it is there.", "是否开启。"),
    f"{_RESPONSES}.toolItems": (
        "Whether answers show the agent's own calls of tools, as items of the type `mcp_call`.",
        "回答是否以 `mcp_call` 项目展示智能体自身的工具调用。",
    ),
    f"{_RESPONSES}.resumeSeconds": (
        "How long the run of a stream goes on whose client is gone, unless it comes back for it; 0: it is stopped at once.",
        "流的客户端断开后，运行再持续多少秒等待其续接；0 表示立即停止。",
    ),
    f"{_RESPONSES}.maxBodyBytes": (
        "Largest request, in bytes; nothing: `gateway.maxBodyBytes`.",
        "请求大小上限（字节）；不设则用 `gateway.maxBodyBytes`。",
    ),
    f"{_RESPONSES}.maxUrlParts": (
        "Most files and pictures named by URL in one request.",
        "一次请求中用 URL 指定的文件与图片数上限。",
    ),
    **_inputs(f"{_RESPONSES}.files", "Files", "文件"),
    f"{_RESPONSES}.files.maxChars": ("Most characters taken of one file.", "单个文件最多读取的字符数。"),
    f"{_RESPONSES}.files.pdf": ("How PDF files are read.", "如何读取 PDF 文件。"),
    f"{_RESPONSES}.files.pdf.maxPages": ("How many pages of one are read.", "单个 PDF 读取的页数。"),
    f"{_RESPONSES}.files.pdf.maxPixels": (
        "How many pixels the pictures of its pages have in all, where pages are turned into pictures (with `pypdfium2`).",
        "把页面转成图片时（需要 `pypdfium2`），全部图片的像素总数上限。",
    ),
    f"{_RESPONSES}.files.pdf.minTextChars": (
        "With less text than this on those pages, the model is shown the PDF itself.",
        "若这些页面的文字少于此数，则把 PDF 本身交给模型。",
    ),
    **_inputs(f"{_RESPONSES}.images", "Pictures", "图片"),
    "settings.gateway.tools": ("Which tools `/tools/invoke` has.", "`/tools/invoke` 提供哪些工具。"),
    "settings.gateway.tools.allow": ("Tools taken off its list of denied ones.", "从默认禁止名单中去除的工具。"),
    "settings.gateway.tools.deny": (
        "More tools that it denies; nothing overrides this.",
        "额外禁止的工具；无法被覆盖。",
    ),
    "settings.gateway.media": (
        "Files that agents make for people, at `/media/<id>`.",
        "智能体为用户生成的文件，位于 `/media/<id>`。",
    ),
    "settings.gateway.media.ttlSeconds": ("How long one can be fetched.", "文件可获取的时长（秒）。"),
    "settings.gateway.media.maxBytes": ("Largest size of one, in bytes.", "单个文件的大小上限（字节）。"),
    "settings.gateway.uploads": (
        "Files that a panel puts into the workspace of an agent; `gateway.maxBodyBytes` does not limit these.",
        "面板上传到智能体工作区的文件；不受 `gateway.maxBodyBytes` 限制。",
    ),
    "settings.gateway.uploads.maxFiles": ("How many files one request may bring.", "单次请求最多可上传的文件数。"),
    "settings.gateway.uploads.maxFileBytes": ("Largest size of one, in bytes.", "单个文件的大小上限（字节）。"),
    "settings.gateway.auth.allowTailscale": (
        "Whoever comes through `tailscale serve` is let in when Tailscale itself says who it is; nothing: where "
        "`gateway.tailscale.mode` is `serve` and `mode` is `token`.",
        "经 `tailscale serve` 到达且身份由 Tailscale 自身确认的访问者可直接进入；不设：当 `gateway.tailscale.mode` 为 "
        "`serve` 且 `mode` 为 `token` 时启用。",
    ),
    "settings.gateway.auth.rateLimit": ("Locking out whoever keeps guessing credentials.", "锁定反复猜测凭据者。"),
    "settings.gateway.auth.rateLimit.maxAttempts": ("Wrong guesses that lock out.", "触发锁定的错误次数。"),
    "settings.gateway.auth.rateLimit.windowMs": ("Within how many milliseconds.", "统计窗口（毫秒）。"),
    "settings.gateway.auth.rateLimit.lockoutMs": ("For how many milliseconds.", "锁定时长（毫秒）。"),
    "settings.gateway.auth.rateLimit.exemptLoopback": (
        "Whether programs on this machine are spared.",
        "是否豁免本机程序。",
    ),
    "settings.gateway.auth.trustedProxy": (
        "Mode `trusted-proxy`: a proxy among `gateway.trustedProxies` says who comes.",
        "`trusted-proxy` 模式：由 `gateway.trustedProxies` 中的代理说明访问者身份。",
    ),
    "settings.gateway.auth.trustedProxy.userHeader": ("The header that names the user.", "给出用户名的请求头。"),
    "settings.gateway.auth.trustedProxy.requiredHeaders": (
        "Headers that must be there as well.",
        "还必须存在的请求头。",
    ),
    "settings.gateway.auth.trustedProxy.allowUsers": ("Who may come in; empty: everybody.", "允许的用户；留空则全部。"),
    "settings.gateway.tailscale": ("Tailscale in front of the gateway.", "网关前的 Tailscale。"),
    "settings.gateway.tailscale.mode": (
        "`serve` where `tailscale serve` leads here; Crawdad does not set it up itself.",
        "由 `tailscale serve` 转发到此时设为 `serve`；Crawdad 不会自行配置。",
    ),
    "settings.gateway.shell": (
        "A prompt for single commands of this machine, over `/v1/ws/shell`.",
        "通过 `/v1/ws/shell` 执行本机单条命令的提示符。",
    ),
    "settings.gateway.shell.enabled": ("Whether there is one.", "是否启用。"),
    "settings.gateway.shell.commands": (
        "The commands that it takes, word for word; one that ends in `*` takes any further words.",
        "允许执行的命令，须逐词一致；以 `*` 结尾的命令可带任意后续参数。",
    ),
    "settings.gateway.nodes": ("Machines and phones that run commands.", "执行命令的机器与手机（节点）。"),
    "settings.gateway.nodes.allowCommands": (
        "Commands that nodes may be asked for besides the usual ones of their platform.",
        "除所在平台的常用命令外，还允许节点执行的命令。",
    ),
    "settings.gateway.nodes.denyCommands": (
        "Commands that no node is ever asked for.",
        "任何节点都不得执行的命令。",
    ),
    "settings.hooks": ("Messages from other systems.", "来自其他系统的消息。"),
    "settings.hooks.enabled": ("Whether `/hooks` is there; it needs a token.", "是否开启 `/hooks`；需要令牌。"),
    "settings.hooks.token": ("What the other systems prove themselves with.", "其他系统用于验证身份的令牌。"),
    "settings.hooks.path": ("Where they call.", "调用路径。"),
    "settings.hooks.allowQueryToken": (
        "Take the token from the address as well (`?token=…`, `/hooks/<token>/…`); addresses end up in logs.",
        "也接受地址中的令牌（`?token=…`、`/hooks/<token>/…`）；地址可能被写入日志。",
    ),
    "settings.hooks.maxBodyBytes": ("Largest call, in bytes.", "单次调用的大小上限（字节）。"),
    "settings.hooks.defaultSessionKey": (
        "The session of calls that name none; nothing: a new one each.",
        "未指定会话的调用所用的会话；不设则每次新建。",
    ),
    "settings.hooks.allowRequestSessionKey": ("Whether a call may name a session.", "调用是否可以指定会话。"),
    "settings.hooks.allowedSessionKeyPrefixes": (
        "What a session's key must begin with; nothing: anything.",
        "会话键必须具有的前缀；不设则不限。",
    ),
    "settings.hooks.allowedAgentIds": (
        "Agents that a call may name; nothing or `*`: any.",
        "调用可指定的智能体；不设或 `*` 表示全部。",
    ),
    "settings.hooks.presets": ("Mappings that come with Crawdad: `gmail`.", "内置映射：`gmail`。"),
    "settings.hooks.mappings[]": (
        "What other systems' own payloads become; the first that fits counts.",
        "其他系统自有数据的转换规则；以首个匹配者为准。",
    ),
    "settings.hooks.mappings[].id": ("Its name.", "名称。"),
    "settings.hooks.mappings[].match": ("Which calls it is for; nothing said: all.", "适用的调用；不设则全部。"),
    "settings.hooks.mappings[].match.path": ("The path below `hooks.path`.", "`hooks.path` 之下的路径。"),
    "settings.hooks.mappings[].match.source": ("`source` in the payload.", "数据中的 `source` 字段。"),
    "settings.hooks.mappings[].action": (
        "Run an agent (`agent`) or tell it something (`wake`).",
        "运行智能体（`agent`）或仅通知它（`wake`）。",
    ),
    "settings.hooks.mappings[].wakeMode": (
        "Have the agent look at once (`now`) or with its next heartbeat.",
        "让智能体立即查看（`now`）或等到下次心跳。",
    ),
    "settings.hooks.mappings[].name": ("What the source is called (template).", "来源名称（模板）。"),
    "settings.hooks.mappings[].agentId": ("Which agent.", "使用哪个智能体。"),
    "settings.hooks.mappings[].sessionKey": ("Which session (template).", "使用哪个会话（模板）。"),
    "settings.hooks.mappings[].messageTemplate": (
        "The message for `agent` (template: `{{payload.a.b[0]}}`, `{{headers.x}}`, `{{query.x}}`, `{{path}}`, `{{now}}`).",
        "`agent` 的消息（模板：`{{payload.a.b[0]}}`、`{{headers.x}}`、`{{query.x}}`、`{{path}}`、`{{now}}`）。",
    ),
    "settings.hooks.mappings[].textTemplate": ("The words for `wake` (template).", "`wake` 的文字（模板）。"),
    "settings.hooks.mappings[].deliver": ("Whether the answer is sent on to a channel.", "是否将回复发送到渠道。"),
    "settings.hooks.mappings[].allowUnsafeExternalContent": (
        "Hand the message on without marking it as coming from outside.",
        "传递消息时不标记为外部内容。",
    ),
    "settings.hooks.mappings[].channel": (
        "Which channel; `last`: the one last used.",
        "发送渠道；`last` 为最近使用者。",
    ),
    "settings.hooks.mappings[].to": ("To whom (template).", "收件人（模板）。"),
    "settings.hooks.mappings[].model": ("Which model (template).", "使用哪个模型（模板）。"),
    "settings.hooks.mappings[].thinking": ("How much it thinks (template).", "思考程度（模板）。"),
    "settings.hooks.mappings[].timeoutSeconds": ("How long the agent may take.", "智能体可用的时长（秒）。"),
    "settings.hooks.mappings[].transform": (
        "A Python module below `hooks/transforms` that changes the result.",
        "`hooks/transforms` 中用于修改结果的 Python 模块。",
    ),
    "settings.hooks.mappings[].transform.module": ("Its file.", "模块文件。"),
    "settings.hooks.mappings[].transform.export": (
        "The function in it; nothing: `transform`.",
        "其中的函数；不设则为 `transform`。",
    ),
    "settings.hooks.transformsDir": (
        "Where the modules are, below `hooks/transforms` of the configuration's folder.",
        "模块所在目录，位于配置目录的 `hooks/transforms` 之下。",
    ),
    "settings.hooks.transformSeconds": ("How long one may take.", "单次转换的时限（秒）。"),
}
