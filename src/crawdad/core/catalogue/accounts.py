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
    "accounts.no_file": ("There is no file '{path}' in the data directory.", "数据目录中没有文件“{path}”。"),
    "accounts.no_accounts_in": (
        "'{path}' is neither JSON nor a database with a table of accounts.",
        "“{path}”既不是 JSON，也不是含账号表的数据库。",
    ),
    "accounts.nothing_to_import": (
        "There is no older database or export in the data directory.",
        "数据目录中没有旧数据库或导出文件。",
    ),
    "accounts.no_entries": (
        "There are no accounts here: an array of them, an export, or text with tokens in it is wanted.",
        "其中没有账号：应为账号数组、导出文件，或包含令牌的文本。",
    ),
    "accounts.newer_export": (
        "This export (version {version}) is of a newer program.",
        "此导出（版本 {version}）来自更新版本的程序。",
    ),
    "accounts.bad_mode": (
        "The mode is `generate` or `capture`.",
        "mode 只能是 `generate` 或 `capture`。",
    ),
    "accounts.device_bound": (
        "A device identity is bound to the account. It is a record only: nothing sends it anywhere.",
        "已为账号绑定设备标识。它仅作记录，不会发送到任何地方。",
    ),
    "accounts.restored": (
        "The current account has the installation's own identity again.",
        "当前账号已恢复为本安装自身的标识。",
    ),
    "accounts.no_current": ("There is no current account.", "没有当前账号。"),
    "accounts.tested": (
        "Connection test: {success} of {total} accounts answered.",
        "连接测试：{total} 个账号中有 {success} 个成功。",
    ),
    "accounts.test_open": (
        "Connection test of '{label}': it answers, and does not tell whether it takes the credential.",
        "“{label}”连接测试：服务商有应答，但未表明是否接受凭据。",
    ),
    "accounts.test_good": ("Connection test of '{label}': it answers.", "“{label}”连接测试：成功。"),
    "accounts.test_refused": (
        "Connection test of '{label}': the vendor refuses the credential.",
        "“{label}”连接测试：服务商拒绝了凭据。",
    ),
    "accounts.no_version": ("There is no device identity '{id}'.", "没有设备标识“{id}”。"),
    "accounts.version_in_use": (
        "The current device identity and the baseline cannot be removed.",
        "当前设备标识和基准标识不能删除。",
    ),
}
