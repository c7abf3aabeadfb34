"""Accounts, signing in to vendors, and budgets: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
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
    "settings.budgets": ("Keys with budgets.", "带预算的密钥。"),
    "settings.budgets.unpriced": (
        "Whether a key with a money budget may use a model whose price is not known; it then pays nothing for it.",
        "设有金额预算的密钥能否使用价格未知的模型；允许时不计费用。",
    ),
    "settings.budgets.assumedOutputTokens": (
        "How much output at most is reserved for a request that names no limit of its own.",
        "请求未指定输出上限时，最多预留的输出 Token 数。",
    ),
}
