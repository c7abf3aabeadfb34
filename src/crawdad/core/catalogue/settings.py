"""What every setting means: `settings.` and its dotted path. `<id>` and `<name>` stand for a key of one's own choice, `[]`
for an item of a list. `environment.` and a name: variables that set no key of the file.

`docs/configuration.md` is made of these.
"""

from __future__ import annotations

from crawdad.core.catalogue import (
    settings_agents,
    settings_channels,
    settings_doors,
    settings_heartbeat,
    settings_mcp,
    settings_memory,
    settings_plugins,
    settings_schedule,
    settings_sessions,
    settings_skills,
    settings_tools,
    settings_web,
)

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
    "settings.models": ("Providers, names and where they lead.", "服务商、模型名及其去向。"),
    "settings.models.mode": (
        "`merge` adds the providers whose key variables are set; `replace` uses those of the file alone.",
        "`merge` 会加入由环境变量密钥带来的服务商；`replace` 只使用文件中的。",
    ),
    "settings.models.aliases": (
        'A name of your own: the model it means (`fast: "deepseek/deepseek-chat"`).',
        '自定义名称及其所指的模型（`fast: "deepseek/deepseek-chat"`）。',
    ),
    "settings.models.default": (
        "Where names go that lead nowhere. When not set, they are a 404 that suggests near names.",
        "未知模型名的去处。未设置时返回 404 并给出相近名称。",
    ),
    "settings.models.discoverLocal": (
        "Whether to look for a local Ollama, LM Studio or vLLM when no provider is configured.",
        "未配置服务商时是否寻找本机的 Ollama、LM Studio 或 vLLM。",
    ),
    "settings.models.localServers": (
        'Where to look for one that is not at its customary address (`vllm: "http://127.0.0.1:8001/v1"`).',
        '不在惯常地址的本机服务的地址（`vllm: "http://127.0.0.1:8001/v1"`）。',
    ),
    "settings.models.demo": ("Whether `crawdad/demo` is offered.", "是否提供 `crawdad/demo`。"),
    "settings.models.providers.<id>": (
        "A provider, under a name of your choice: its models are called `<id>/<model>`.",
        "一个服务商，名称自定：其模型名为 `<id>/<model>`。",
    ),
    "settings.models.proxy": (
        "An HTTP proxy for every provider that names none itself; when not set, the one that the environment names.",
        "未单独设置代理的服务商所用的 HTTP 代理；未设置时使用环境变量。",
    ),
    "settings.models.firstByteTimeoutSeconds": (
        "How long a provider may take to begin its answer, where it says nothing itself.",
        "等待服务商开始回答的时间（秒），服务商未单独设置时生效。",
    ),
    "settings.models.background": (
        "Small errands that coding tools run beside the conversation (a title, a summary), in Anthropic's protocol.",
        "编程工具在对话之外的小任务（生成标题、摘要等），仅限 Anthropic 协议。",
    ),
    "settings.models.background.enabled": (
        "Whether they go to a model of their own.",
        "是否交给单独的模型处理。",
    ),
    "settings.models.background.model": (
        "That model: any name that can be asked for, such as one that a mapping rule leads on.",
        "该模型：任何可请求的名称，例如由映射规则指向的名称。",
    ),
    "settings.models.background.maxTokens": (
        "The largest answer that such a request may ask for. Requests with tools are never taken for one.",
        "此类请求允许的最大回答长度。带工具的请求不会被视为小任务。",
    ),
    "settings.models.background.phrases": (
        "What tells them: one of these stands in the last words or the system prompt.",
        "识别依据：最后一条用户消息或系统提示中包含其中之一。",
    ),
    "settings.models.providers.<id>.enabled": (
        "Whether it is used; `false` keeps what stands here for later.",
        "是否启用；`false` 表示保留配置但不使用。",
    ),
    "settings.models.providers.<id>.baseUrl": (
        "Its address, with or without `/v1` (`/v1beta` for Gemini).",
        "地址，可带可不带 `/v1`（Gemini 为 `/v1beta`）。",
    ),
    "settings.models.providers.<id>.apiKey": ("The key.", "密钥。"),
    "settings.models.providers.<id>.api": (
        "The protocol it speaks. OpenClaw's other values are reported and the provider is left out.",
        "对方使用的协议。OpenClaw 的其他取值会被提示，该服务商不启用。",
    ),
    "settings.models.providers.<id>.auth": (
        "`none`: the key is not sent. OpenClaw's `token` counts as `api-key`; its `oauth` and `aws-sdk` are reported and "
        "the provider is left out.",
        "`none`：不发送密钥。OpenClaw 的 `token` 等同 `api-key`；`oauth` 与 `aws-sdk` 会被提示，该服务商不启用。",
    ),
    "settings.models.providers.<id>.authHeader": (
        "Whether the key goes out as `Authorization: Bearer` where the protocol has a header of its own for it "
        "(`x-api-key`, `x-goog-api-key`).",
        "在协议自有密钥头（`x-api-key`、`x-goog-api-key`）的情况下，是否改用 `Authorization: Bearer`。",
    ),
    "settings.models.providers.<id>.headers": (
        "Headers of every request to it.",
        "发往该服务商的每个请求都带上的头。",
    ),
    "settings.models.providers.<id>.profile": (
        "The table of quirks of an OpenAI-compatible or Ollama provider, or `vertex` for a project's models on Vertex AI; "
        "guessed from its host when not set.",
        "OpenAI 兼容或 Ollama 服务商的特性表；`vertex` 表示 Vertex AI 项目中的模型。未设置时按主机名判断。",
    ),
    "settings.models.providers.<id>.discover": (
        "Whether to ask it for its list of models, at start and every ten minutes; what it lists is offered too.",
        "是否在启动时及每十分钟询问其模型列表；列出的模型也会提供。",
    ),
    "settings.models.providers.<id>.weight": (
        "Which of several providers with the same bare model name goes first: the heaviest.",
        "多个服务商有同名模型时，权重最大的优先。",
    ),
    "settings.models.providers.<id>.proxy": (
        "An HTTP proxy for it; when not set, the one that the environment names (`HTTPS_PROXY` and the like).",
        "访问它所用的 HTTP 代理；未设置时使用环境变量（`HTTPS_PROXY` 等）。",
    ),
    "settings.models.providers.<id>.connectTimeoutSeconds": ("How long connecting may take.", "连接超时（秒）。"),
    "settings.models.providers.<id>.firstByteTimeoutSeconds": (
        "How long it may take to begin its answer; when not set, `models.firstByteTimeoutSeconds`.",
        "等待回答开始的时间（秒）；未设置时使用 `models.firstByteTimeoutSeconds`。",
    ),
    "settings.models.providers.<id>.idleTimeoutSeconds": (
        "The longest silence within an answer.",
        "回答过程中允许的最长静默（秒）。",
    ),
    "settings.models.providers.<id>.models[]": (
        "A model. A bare string is its `id`. Needed only to say more than the provider's own list does, or where it has "
        "none.",
        "一个模型；只写字符串即为 `id`。仅在需要补充说明或服务商没有模型列表时才需要。",
    ),
    "settings.models.providers.<id>.models[].id": ("The provider's own name for it.", "服务商使用的模型名。"),
    "settings.models.providers.<id>.models[].name": ("The name shown to people.", "显示名称。"),
    "settings.models.providers.<id>.models[].api": (
        "The protocol for this model, where it is not the provider's.",
        "该模型的协议（与服务商不同时）。",
    ),
    "settings.models.providers.<id>.models[].reasoning": (
        "Read for OpenClaw's sake; nothing uses it yet.",
        "为兼容 OpenClaw 而读取；目前不起作用。",
    ),
    "settings.models.providers.<id>.models[].input": (
        "Read for OpenClaw's sake; nothing uses it yet.",
        "为兼容 OpenClaw 而读取；目前不起作用。",
    ),
    "settings.models.providers.<id>.models[].compat": (
        "Read for OpenClaw's sake; nothing uses it yet (`profile` of the provider does this).",
        "为兼容 OpenClaw 而读取；目前不起作用（请用服务商的 `profile`）。",
    ),
    "settings.models.providers.<id>.models[].contextWindow": (
        "Tokens; told in Gemini's list of models.",
        "上下文长度（token）；显示在 Gemini 格式的模型列表中。",
    ),
    "settings.models.providers.<id>.models[].maxTokens": (
        "Tokens of an answer; sent where the protocol requires a limit and the client gave none.",
        "回答的最大 token 数；协议要求上限而客户端未给时发送。",
    ),
    "settings.models.providers.<id>.models[].headers": (
        "Headers of every request for this model, beside the provider's.",
        "请求该模型时额外带上的头。",
    ),
    "settings.models.providers.<id>.models[].kind": (
        "What it does. A chat model whose name tells otherwise (`text-embedding-…`, `dall-e-…`) is taken at its name's word.",
        "模型用途。名称表明另有用途的（`text-embedding-…`、`dall-e-…`）以名称为准。",
    ),
    "settings.models.providers.<id>.models[].endpoints": (
        "Operations it offers beyond its kind's own, such as `images` or `chat`.",
        "除本类用途外还支持的操作，如 `images`、`chat`。",
    ),
    "settings.models.rules[]": (
        "A mapping rule. Exact names go before patterns, longer patterns before shorter, then the file's order counts.",
        "映射规则。精确名称优先于通配，较长的通配优先于较短的，其次按文件顺序。",
    ),
    "settings.models.rules[].match": (
        "The name that clients ask for; `*` stands for any run of characters.",
        "客户端请求的模型名；`*` 代表任意字符。",
    ),
    "settings.models.rules[].fallbacks": (
        "Models to try, in order, when the targets fail before their first event.",
        "目标在首个事件之前失败时，依次尝试的模型。",
    ),
    "settings.models.rules[].protocols": (
        "The client protocols that the rule is for: `openai-chat`, `openai-responses`, `anthropic-messages`, `gemini`; "
        "empty for all.",
        "规则适用的客户端协议：`openai-chat`、`openai-responses`、`anthropic-messages`、`gemini`；空表示全部。",
    ),
    "settings.models.rules[].keys": (
        "Ids or names of the keys that the rule is for; empty for all.",
        "规则适用的密钥（id 或名称）；空表示全部。",
    ),
    "settings.models.rules[].targets[]": (
        "Where requests go: one of the targets by weight, the others after it.",
        "请求的去处：按权重选择其一，其余在后备用。",
    ),
    "settings.models.rules[].targets[].model": (
        "`provider/model`, or any name that leads to one.",
        "`provider/model`，或任何可解析的名称。",
    ),
    "settings.models.rules[].targets[].weight": (
        "Its share; 0 takes it out where others have one.",
        "所占份额；其他目标有权重时，0 表示停用。",
    ),
    "settings.retry": (
        "Trying again: only before the first event has been heard.",
        "重试：仅在收到首个事件之前。",
    ),
    "settings.retry.attempts": (
        "Attempts a request in all; every offer of a plan is tried once in any case.",
        "每个请求的总尝试次数；候选去处各至少尝试一次。",
    ),
    "settings.retry.budgetSeconds": (
        "No new attempt begins, and no `Retry-After` is waited for, beyond this time.",
        "超过此时间不再开始新的尝试，也不再等待 `Retry-After`。",
    ),
    "settings.retry.baseSeconds": (
        "The first pause; it doubles from there, with jitter.",
        "首次等待；之后翻倍，并带随机抖动。",
    ),
    "settings.retry.maxSeconds": ("The longest pause of our own choice.", "自行选择的最长等待。"),
    "settings.accounts": ("Which account serves a request.", "由哪个账号处理请求。"),
    "settings.accounts.mode": (
        "`Balance` keeps a conversation with its account and moves it at once when that is limited, `CacheFirst` waits for it "
        "first, `PerformanceFirst` takes the accounts in turns.",
        "`Balance` 让对话固定使用一个账号，受限时立即切换；`CacheFirst` 会先等待该账号；`PerformanceFirst` 轮流使用各账号。",
    ),
    "settings.accounts.maxWaitSeconds": (
        "How long `CacheFirst` waits for a conversation's account before it moves the conversation.",
        "`CacheFirst` 在切换账号之前最多等待对话所用账号多少秒。",
    ),
    "settings.accounts.stickyMinutes": (
        "How long a conversation that falls silent stays with its account.",
        "对话静默多少分钟后不再固定于其账号。",
    ),
    "settings.accounts.stickySessions": (
        "How many conversations are remembered; the longest silent ones make room.",
        "最多记住多少个对话；静默最久的先被移除。",
    ),
    "settings.accounts.quotaProtection": (
        "Models that an account no longer serves before the last of its quota is gone.",
        "账号额度即将用尽时，停止用其提供的模型。",
    ),
    "settings.accounts.quotaProtection.enabled": ("Whether quotas are protected.", "是否保护额度。"),
    "settings.accounts.quotaProtection.thresholdPercentage": (
        "A model rests when no more than this is left of its quota (per cent), and serves again above it.",
        "剩余额度不高于此百分比时停用该模型，高于时恢复。",
    ),
    "settings.accounts.quotaProtection.monitoredModels": (
        "The models to protect; `*` stands for any characters.",
        "受保护的模型；`*` 代表任意字符。",
    ),
    "settings.accounts.refreshMinutes": (
        "How often every account is looked at (one list of models each). 0: only when asked.",
        "每隔多少分钟检查一次所有账号（各请求一次模型列表）。0 表示仅在手动刷新时检查。",
    ),
    "settings.accounts.labelHeader": (
        "Whether answers tell the label of the account that served them (`x-account-email`).",
        "应答是否通过 `x-account-email` 告知所用账号的名称。",
    ),
    "settings.logging": ("The process's log, and how long exchanges are kept.", "进程日志，以及交互记录的保留时间。"),
    "settings.logging.level": (
        "What is written to the log. OpenClaw's names are understood.",
        "日志级别，兼容 OpenClaw 的名称。",
    ),
    "settings.logging.file": (
        "A file instead of standard error; rotates at 20 MiB, five old ones are kept.",
        "写入文件而不是标准错误；20 MiB 轮换，保留五个旧文件。",
    ),
    "settings.logging.format": (
        "`auto`: coloured lines on a terminal, JSON otherwise.",
        "`auto`：终端上为彩色文本，否则为 JSON。",
    ),
    "settings.logging.retentionDays": (
        "Exchanges older than this are removed (looked at every hour).",
        "删除早于此天数的交互记录（每小时检查）。",
    ),
    "settings.logging.retentionMegabytes": (
        "When the exchanges take more than this, the oldest are removed.",
        "交互记录超过此大小（MB）时删除最旧的。",
    ),
    "settings.logging.bodies": (
        "What is kept of the bodies of requests and answers, without credentials and shortened.",
        "请求与响应正文的保留方式；凭据会被隐去，过长的会被截短。",
    ),
    "settings.logging.bodies.capture": (
        "`all`, only those of `errors`, or `off`. The monitor's switch overrides it until the next start.",
        "`all`（全部）、`errors`（仅出错的）或 `off`（不保留）。监控开关可临时覆盖，直到下次启动。",
    ),
    "settings.logging.bodies.maxBytes": (
        "How much is kept of a request, and of an answer.",
        "每个请求、每个响应最多保留的字节数。",
    ),
    "settings.logging.bodies.retentionDays": (
        "Bodies older than this are removed (looked at every hour).",
        "删除早于此天数的正文（每小时检查）。",
    ),
    "settings.logging.bodies.retentionMegabytes": (
        "When the bodies take more than this (compressed), the oldest are removed.",
        "正文（压缩后）超过此大小（MB）时删除最旧的。",
    ),
    "settings.logging.statistics": ("How usage is told, and for how long.", "用量统计的呈现方式与保留时间。"),
    "settings.logging.statistics.timezone": (
        "Whose hours, days and weeks statistics tell, as an IANA name (`Asia/Shanghai`), where nobody asks for others.",
        "统计默认采用的时区（IANA 名称，如 `Asia/Shanghai`），请求中可另行指定。",
    ),
    "settings.logging.statistics.retentionDays": (
        "Usage older than this is forgotten.",
        "删除早于此天数的用量统计。",
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
    "settings.secrets": ("Encryption at rest.", "静态加密。"),
    "settings.secrets.sealConfiguration": (
        "Whether secrets that stand in plain text in the file are replaced by their encrypted form.",
        "是否将文件中的明文密钥就地替换为加密形式。",
    ),
    "settings.oauth": ("Signing in to model providers in a person's name.", "以个人身份登录模型服务商。"),
    "settings.oauth.google": (
        "Your own OAuth client at Google ([how to make one](google-accounts.md)), and where the identity provider is.",
        "您自己的 Google OAuth 客户端（[如何创建](google-accounts.zh-CN.md)）以及身份提供方的地址。",
    ),
    "settings.oauth.google.clientId": (
        "The client's id, `….apps.googleusercontent.com`. Without it nobody can sign in.",
        "客户端 ID（`….apps.googleusercontent.com`）。未设置时无法登录。",
    ),
    "settings.oauth.google.clientSecret": ("The client's secret, where it has one.", "客户端密钥（如有）。"),
    "settings.oauth.google.project": (
        "The Google Cloud project that pays for accounts which name none of their own.",
        "账号未指定项目时用于计费的 Google Cloud 项目。",
    ),
    "settings.oauth.google.scopes": ("What is asked for when somebody signs in.", "登录时请求的权限范围。"),
    "settings.oauth.google.publicUrl": (
        "Where browsers reach this gateway (`https://crawdad.example`), for the web callback. When not set: the address "
        "that the request came to.",
        "浏览器访问本网关的地址（如 `https://crawdad.example`），用于网页回调。未设置时使用请求所用的地址。",
    ),
    "settings.oauth.google.authUrl": ("Where people consent.", "用户授权的地址。"),
    "settings.oauth.google.tokenUrl": ("Where codes and refresh tokens become access tokens.", "换取访问令牌的地址。"),
    "settings.oauth.google.deviceUrl": ("Where the device flow begins.", "设备流程的起始地址。"),
    "settings.oauth.google.userinfoUrl": ("Where to ask who signed in.", "查询登录者身份的地址。"),
    "settings.language": (
        "The language of errors where a request has no `Accept-Language`; `auto` is English. The command line follows "
        "`CRAWDAD_LANG` or the locale.",
        "请求未带 `Accept-Language` 时错误信息的语言；`auto` 为英文。命令行遵循 `CRAWDAD_LANG` 或系统语言。",
    ),
    "environment.CRAWDAD_HOME": ("The home directory (`~/.crawdad`).", "主目录（`~/.crawdad`）。"),
    "environment.CRAWDAD_CONFIG": (
        "The configuration file (`openclaw.json` in the home directory).",
        "配置文件（主目录中的 `openclaw.json`）。",
    ),
    "environment.CRAWDAD_URL": (
        "The gateway that commands speak with, instead of the one of the home directory.",
        "命令访问的网关，代替主目录对应的网关。",
    ),
    "environment.CRAWDAD_LANG": ("`en` or `zh` on the terminal.", "终端语言：`en` 或 `zh`。"),
    "environment.CRAWDAD_SECRET_KEY": (
        "The key that secrets are encrypted with, instead of `secret.key` in the home directory: 32 bytes in base64 or "
        "hexadecimal, or a passphrase of at least 16 characters.",
        "加密所用的密钥，代替主目录中的 `secret.key`：32 字节的 base64 或十六进制，或至少 16 个字符的口令。",
    ),
    "environment.CRAWDAD_HANG_SECONDS": (
        "Supervisor: silence of a serving process before it counts as hung (15).",
        "监护进程：服务进程静默多久视为卡死（15）。",
    ),
    "environment.CRAWDAD_START_SECONDS": (
        "Supervisor: how long a starting process may be silent, and how long a replacement may take (60).",
        "监护进程：启动中的进程可静默多久，替换进程最多用时（60）。",
    ),
    "environment.CRAWDAD_BACKOFF_SECONDS": (
        "Supervisor: pause before the second restart in a row; it doubles from there, up to 30 (0.5).",
        "监护进程：连续第二次重启前的等待，之后翻倍，至多 30（0.5）。",
    ),
    "environment.CRAWDAD_DEBUG": (
        "Any value: a fault of Crawdad's command line shows its traceback.",
        "任意值：命令行内部故障时显示堆栈。",
    ),
    "environment.CRAWDAD_BENCH_DIR": (
        "Where `make bench-peers` installs other gateways (`~/.cache/crawdad-bench`).",
        "`make bench-peers` 安装其他网关的目录（`~/.cache/crawdad-bench`）。",
    ),
    "environment.CRAWDAD_PYTHON": (
        "The interpreter that `make` builds `.venv` with.",
        "`make` 创建 `.venv` 所用的 Python。",
    ),
}

_PRICES: dict[str, tuple[str, str]] = {
    "input": ("Input.", "输入。"),
    "output": ("Output.", "输出。"),
    "cacheRead": (
        "Input read from a prompt cache; the price of input when not set.",
        "从提示缓存读取的输入；未设置时同输入价格。",
    ),
    "cacheWrite": (
        "Input written to a prompt cache; the price of input when not set.",
        "写入提示缓存的输入；未设置时同输入价格。",
    ),
    "cacheWrite1h": (
        "Input written to a prompt cache for an hour; the price of other cache writes when not set.",
        "写入一小时提示缓存的输入；未设置时同 cacheWrite。",
    ),
    "audioInput": ("Sound in the input; the price of input when not set.", "音频输入；未设置时同输入价格。"),
    "audioOutput": ("Sound in the output; the price of output when not set.", "音频输出；未设置时同输出价格。"),
    "imageInput": ("Pictures in the input; the price of input when not set.", "图像输入；未设置时同输入价格。"),
    "imageOutput": ("Pictures in the output; the price of output when not set.", "图像输出；未设置时同输出价格。"),
    "picture": (
        "One picture, of models that are paid by the picture.",
        "每张图片的价格，用于按张计费的模型。",
    ),
    "minute": (
        "A minute of sound, of models that are paid by its length.",
        "每分钟音频的价格，用于按时长计费的模型。",
    ),
    "characters": (
        "A million characters, of models that are paid by them.",
        "每百万字符的价格，用于按字符计费的模型。",
    ),
    "request": ("One request, beside what its tokens cost.", "每次请求的价格，与 token 费用另计。"),
    "webSearch": ("One search that the vendor makes on the side.", "服务商每次联网搜索的价格。"),
    "tiers[]": (
        "Other prices of requests with much input. What a tier leaves out stays as it is below it.",
        "长输入请求的其他价格；未列出的项沿用低一级的价格。",
    ),
    "tiers[].above": ("From more than this many input tokens on.", "输入 token 超过此数时适用。"),
    "tiers[].input": ("Input.", "输入。"),
    "tiers[].output": ("Output.", "输出。"),
    "tiers[].cacheRead": ("Input read from a prompt cache.", "从提示缓存读取的输入。"),
    "tiers[].cacheWrite": ("Input written to a prompt cache.", "写入提示缓存的输入。"),
    "tiers[].cacheWrite1h": ("Input written to a prompt cache for an hour.", "写入一小时提示缓存的输入。"),
}
MESSAGES |= {
    "settings.models.providers.<id>.models[].cost": (
        "Prices in US dollars per million tokens; they make the cost in the log and count against money budgets. Where none "
        "is set, `models.prices` counts, then what the vendor publishes (`crawdad prices list`). Zero is free.",
        "每百万 token 的美元价格，用于日志中的费用和金额预算。未设置时依次采用 `models.prices` 和"
        "厂商公布的价格（`crawdad prices list`）。0 表示免费。",
    ),
    "settings.models.prices.<id>": (
        "Prices by name: `provider/model` or `model`, `*` allowed; the most specific name counts. They go before published "
        "prices, and a model's own `cost` before them.",
        "按名称设置价格：`服务商/模型` 或 `模型`，可含 `*`，最具体的名称优先。优先于公布的价格，但次于模型自身的 `cost`。",
    ),
    "settings.budgets": ("Keys with budgets.", "带预算的密钥。"),
    "settings.budgets.unpriced": (
        "Whether a key with a money budget may use a model whose price is not known; it then pays nothing for it.",
        "设有金额预算的密钥能否使用价格未知的模型；允许时不计费用。",
    ),
    "settings.budgets.assumedOutputTokens": (
        "How much output at most is reserved for a request that names no limit of its own.",
        "请求未指定输出上限时，最多预留的输出 token 数。",
    ),
}
MESSAGES |= {
    f"settings.{prefix}.{name}": words
    for prefix in ("models.providers.<id>.models[].cost", "models.prices.<id>")
    for name, words in _PRICES.items()
}

for _part in (
    *(settings_agents, settings_doors, settings_heartbeat, settings_schedule),
    *(
        settings_channels,
        settings_sessions,
        settings_skills,
        settings_tools,
        settings_web,
        settings_memory,
        settings_mcp,
    ),
    settings_plugins,
):
    MESSAGES.update(_part.MESSAGES)
