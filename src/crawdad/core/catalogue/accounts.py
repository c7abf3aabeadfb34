"""Words about accounts."""

MESSAGES: dict[str, tuple[str, str]] = {
    "accounts.unknown": ("There is no account '{id}'.", "没有账号“{id}”。"),
    "accounts.none": (
        "No account can serve this model: all are paused, disabled, or do not have it.",
        "没有账号可以提供此模型：账号均已暂停、停用或不含此模型。",
    ),
    "accounts.protected": (
        "What is left of every account's quota for this model is protected.",
        "所有账号在此模型上的剩余额度均处于保护状态。",
    ),
    "accounts.all_rest": (
        "All accounts have to wait for this model; the first of them can serve again in {seconds} s.",
        "所有账号在此模型上均受限；最早 {seconds} 秒后可再次使用。",
    ),
    "accounts.refused": (
        "The vendor refused the credential of '{label}': {message}",
        "服务商拒绝了“{label}”的凭据：{message}",
    ),
    "accounts.no_address": (
        "Nobody knows the address of the provider '{provider}': name its base URL.",
        "不知道服务商“{provider}”的地址：请填写 base URL。",
    ),
    "accounts.bad_url": (
        "'{url}' is no address of a provider: http or https, a host, no credential in it.",
        "“{url}”不是可用的服务商地址：须为 http 或 https，含主机名，且不含凭据。",
    ),
    "accounts.odd_key": (
        "A key is printable ASCII without spaces.",
        "密钥只能是不含空格的可打印 ASCII 字符。",
    ),
    "accounts.twice": (
        "The account '{label}' has this credential already.",
        "账号“{label}”已使用此凭据。",
    ),
    "accounts.too_many": ("There can be {most} accounts at most.", "最多只能有 {most} 个账号。"),
    "accounts.switching": ("Another switch of accounts is under way.", "另一次账号切换正在进行。"),
    "accounts.no_oauth": (
        "A refresh token needs an OAuth client of your own: set `oauth.google.clientId` and `clientSecret`.",
        "使用 refresh token 需要您自己的 OAuth 客户端：请设置 `oauth.google.clientId` 和 `clientSecret`。",
    ),
    "accounts.no_tokens": (
        "'{label}' needs access tokens, which nobody here can fetch.",
        "“{label}”需要访问令牌，但此处无法获取。",
    ),
    "accounts.no_version": ("There is no device identity '{id}'.", "没有设备标识“{id}”。"),
    "accounts.version_in_use": (
        "The current device identity and the baseline cannot be removed.",
        "当前设备标识和基准标识不能删除。",
    ),
}
