"""What every setting means: `settings.` and its dotted path. `<id>` and `<name>` stand for a key of one's own choice, `[]`
for an item of a list. `environment.` and a name: variables that set no key of the file.

Here are the front door and where everything is kept; the modules beside this one have the rest, a subject each.
`docs/configuration.md` is made of these.
"""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.gateway": ("The front door.", "网关入口。"),
    "settings.gateway.port": (
        "The port to listen on. 0 takes any free one.",
        "监听端口。0 表示任选一个空闲端口。",
    ),
    "settings.gateway.bind": (
        "`loopback` (this machine alone), `lan` (all interfaces) or one address. Loopback and lan listen on IPv4 and, "
        "where the machine has it, IPv6.",
        "`loopback`（仅本机）、`lan`（所有网卡）或某个地址。前两者同时监听 IPv4 和（若可用）IPv6。",
    ),
    "settings.gateway.extraPorts": (
        "More ports that serve the same, for tools that insist on one.",
        "提供同样服务的其他端口，供写死端口的工具使用。",
    ),
    "settings.gateway.auth": ("Who may come in.", "谁可以访问。"),
    "settings.gateway.auth.mode": (
        "`none` lets everybody in; it is refused unless `gateway.bind` is a loopback address.",
        "`none` 表示不验证；仅当 `gateway.bind` 为本机回环地址时允许。",
    ),
    "settings.gateway.auth.token": (
        "A token with every right (only with the right to use models when `adminToken` is set). Without it and without "
        "any key, the first start makes one.",
        "拥有全部权限的令牌（设置了 `adminToken` 时仅能使用模型）。未设置且没有任何密钥时，首次启动会生成一个。",
    ),
    "settings.gateway.auth.adminToken": ("A separate token with every right.", "单独的、拥有全部权限的令牌。"),
    "settings.gateway.auth.password": (
        "OpenClaw's name for a token: it counts as `token` where that is not set.",
        "OpenClaw 对令牌的叫法：未设置 `token` 时作为 `token` 使用。",
    ),
    "settings.gateway.trustedProxies": (
        "Addresses or networks (`10.0.0.0/8`) of reverse proxies whose `X-Forwarded-For` is believed.",
        "其 `X-Forwarded-For` 可信的反向代理地址或网段（`10.0.0.0/8`）。",
    ),
    "settings.gateway.allowedHosts": (
        "Host names beside localhost and addresses under which requests are answered. On loopback others are always "
        "refused (a hostile page could have rebound them); elsewhere only when this list is not empty.",
        "除 localhost 和 IP 地址之外允许的主机名。仅监听本机时其他名称一律拒绝（防 DNS 重绑定）；否则仅在此列表非空时拒绝。",
    ),
    "settings.gateway.allowedOrigins": (
        "Origins of browser pages that may call the gateway (CORS); `*` for all.",
        "允许调用网关的网页来源（CORS）；`*` 表示全部。",
    ),
    "settings.gateway.maxBodyBytes": (
        "The largest request body, decompressed.",
        "请求体的最大字节数（解压后）。",
    ),
    "settings.gateway.drainSeconds": (
        "How long running requests may go on after a stop or replacement was asked for.",
        "停止或替换进程时，正在进行的请求最多还能持续多少秒。",
    ),
    "settings.gateway.keepAliveSeconds": (
        "How long a stream may be silent before the client gets a comment or ping.",
        "流静默多少秒后向客户端发送注释或 ping。",
    ),
    "settings.gateway.privateNetworks": (
        "Whether URLs that clients name (images, files) may point into private networks.",
        "客户端给出的 URL（图片、文件）是否可以指向内网。",
    ),
    "settings.database": ("Where exchanges, keys and stored responses are kept.", "交互记录、密钥和已存响应的存放处。"),
    "settings.database.url": (
        "`postgresql://user:password@host/name`, or `sqlite:///path`. When not set: `crawdad.db` in the home directory.",
        "`postgresql://用户:密码@主机/库名` 或 `sqlite:///路径`。未设置时为主目录中的 `crawdad.db`。",
    ),
    "settings.cluster": ("What several processes share beside the database.", "多个进程除数据库外共享的状态。"),
    "settings.cluster.url": (
        "`redis://host:6379/0` (Redis or Valkey). When not set, limits are counted in each process for itself.",
        "`redis://主机:6379/0`（Redis 或 Valkey）。未设置时各进程自行计算限额。",
    ),
    "settings.cluster.prefix": (
        "What the keys in Redis begin with. Installations that share a Redis but not a database need one each, or another "
        "database number in `cluster.url`: else they hear each other's events.",
        "Redis 中键名的前缀。共用 Redis 但不共用数据库的多个安装须各用一个，或在 `cluster.url` 中使用不同的库号，"
        "否则会互相收到对方的事件。",
    ),
    "settings.secrets": ("Encryption at rest.", "静态加密。"),
    "settings.secrets.sealConfiguration": (
        "Whether secrets that stand in plain text in the file are replaced by their encrypted form.",
        "是否将文件中的明文密钥就地替换为加密形式。",
    ),
    "settings.language": (
        "The language of errors where a request has no `Accept-Language`, and of jobs and heartbeats. `auto`: English for "
        "errors, and for the others that in which the console was used last. The command line follows `CRAWDAD_LANG` or the "
        "locale.",
        "请求未带 `Accept-Language` 时错误信息的语言，以及定时任务和心跳所用的语言。`auto`：错误信息为英文，任务和心跳使用最近"
        "一次使用控制台的语言。命令行遵循 `CRAWDAD_LANG` 或系统语言。",
    ),
}
