"""Words of `crawdad accounts`."""

MESSAGES: dict[str, tuple[str, str]] = {
    "cli.accounts": ("Keep the accounts with model providers.", "管理模型服务商账号。"),
    "cli.accounts.list": ("List accounts in the order in which they serve.", "按使用顺序列出账号。"),
    "cli.accounts.add": (
        "Add an account, or renew the one of that label. The key is typed unseen, piped in, or taken from a variable.",
        "添加账号（名称已存在则更新）。密钥通过隐藏输入、管道或环境变量提供。",
    ),
    "cli.accounts.remove": ("Forget accounts.", "删除账号。"),
    "cli.accounts.pause": ("Let accounts serve nothing until they are resumed.", "暂停使用账号。"),
    "cli.accounts.resume": ("Let paused accounts serve again.", "恢复使用账号。"),
    "cli.accounts.reorder": ("Put accounts first, in this order.", "将账号按此顺序排到最前。"),
    "cli.accounts.test": ("Ask a provider whether it takes an account's credential.", "测试服务商是否接受账号的凭据。"),
    "cli.accounts.refresh": ("Look at all accounts anew.", "重新检查所有账号。"),
    "cli.accounts.export": ("Write accounts to a file.", "将账号导出到文件。"),
    "cli.accounts.import": (
        "Take accounts from an export, an older database, or text with keys in it.",
        "从导出文件、旧数据库或包含密钥的文本导入账号。",
    ),
    "cli.accounts.id_or_label": ("Its id or label.", "账号的 ID 或名称。"),
    "cli.accounts.ids_or_labels": ("Their ids or labels.", "账号的 ID 或名称。"),
    "cli.accounts.provider": (
        "The provider: one of the configuration, a well-known one (openai, anthropic, google, deepseek, …), "
        "openai_compatible or anthropic_compatible.",
        "服务商：配置中的、常见的（openai、anthropic、google、deepseek 等），"
        "或 openai_compatible、anthropic_compatible。",
    ),
    "cli.accounts.label": ("What to call it, such as an e-mail address.", "账号名称，例如邮箱地址。"),
    "cli.accounts.base_url": ("Its address, where it has one of its own.", "账号自己的服务地址（如有）。"),
    "cli.accounts.model": (
        "A model that it may serve, * allowed; may be given several times. All when not given.",
        "允许其提供的模型，可用 *；可多次给出。不给出则为全部。",
    ),
    "cli.accounts.key_env": ("The environment variable that holds the key.", "存放密钥的环境变量名。"),
    "cli.accounts.no_check": ("Do not ask the provider whether it takes the key.", "不向服务商验证密钥。"),
    "cli.accounts.reason": ("Why, for whoever looks later.", "暂停原因，供日后查看。"),
    "cli.accounts.export_file": (
        "The file, which must not exist yet; - prints it.",
        "目标文件，必须尚不存在；- 表示直接输出。",
    ),
    "cli.accounts.import_file": ("The file; - reads what is piped in.", "来源文件；- 表示从管道读取。"),
    "cli.accounts.secrets": ("With the keys, in clear.", "包含明文密钥。"),
    "cli.accounts.key_prompt": ("Key:", "密钥："),
    "cli.accounts.no_key": (
        "No key was given: type it, pipe it in, or name its variable with --key-env.",
        "未提供密钥：请输入、通过管道传入，或用 --key-env 指定环境变量。",
    ),
    "cli.accounts.added": ("The account '{label}' is kept.", "账号“{label}”已保存。"),
    "cli.accounts.removed": ("The account '{label}' is removed.", "账号“{label}”已删除。"),
    "cli.accounts.paused": ("The account '{label}' is paused.", "账号“{label}”已暂停。"),
    "cli.accounts.resumed": ("The account '{label}' serves again.", "账号“{label}”已恢复。"),
    "cli.accounts.exported": ("{count} accounts written to {file}.", "已将 {count} 个账号写入 {file}。"),
    "cli.accounts.imported": (
        "{imported} imported, {skipped} known already, {failed} failed.",
        "导入 {imported} 个，已存在 {skipped} 个，失败 {failed} 个。",
    ),
    "cli.accounts.ready": ("ready", "可用"),
    "cli.accounts.disabled": ("disabled", "已停用"),
    "cli.accounts.is_paused": ("paused", "已暂停"),
    "cli.accounts.refused": ("refused", "被拒绝"),
    "cli.accounts.rests": ("rests: {models}", "受限：{models}"),
    "cli.accounts.column.label": ("account", "账号"),
    "cli.accounts.column.provider": ("provider", "服务商"),
    "cli.accounts.column.state": ("state", "状态"),
    "cli.accounts.column.quota": ("left", "剩余"),
    "cli.accounts.column.models": ("models", "模型"),
    "cli.accounts.column.used": ("last used", "上次使用"),
    "cli.accounts.column.id": ("id", "ID"),
    "cli.accounts.login": (
        "Sign in with your own OAuth client and keep the account. Prints an address to open in a browser, on any machine.",
        "使用您自己的 OAuth 客户端登录并保存账号。会显示一个网址，可在任意一台机器的浏览器中打开。",
    ),
    "cli.accounts.login.provider": ("Where to sign in: google.", "登录哪家服务商：google。"),
    "cli.accounts.login.device": (
        "Show a short code to type on another device, where the provider allows that for the scopes asked for.",
        "显示一个短验证码，在其他设备上输入（取决于服务商是否允许所请求的权限）。",
    ),
    "cli.accounts.login.paste": (
        "Ask for the address that the browser is sent to, for a server that the browser cannot reach.",
        "粘贴浏览器最后跳转到的网址；适用于浏览器无法访问服务器的情况。",
    ),
    "cli.accounts.login.project": ("The Google Cloud project that pays.", "用于计费的 Google Cloud 项目。"),
    "cli.accounts.login.location": (
        "Use the project's models on Vertex AI in this location (global, us-east5, …) instead of the Gemini API.",
        "使用该项目在 Vertex AI 此位置（global、us-east5 等）的模型，而不是 Gemini API。",
    ),
    "cli.accounts.login.one_way": ("Choose one of --device and --paste.", "--device 和 --paste 只能选一个。"),
    "cli.accounts.login.open": (
        "Open this address in a browser:\n\n  {url}\n",
        "请在浏览器中打开以下网址：\n\n  {url}\n",
    ),
    "cli.accounts.login.then_paste": (
        "After you consent, the browser is sent to an address that it may not be able to open. Paste that address here:",
        "授权后浏览器会跳转到一个可能打不开的网址。请将该网址粘贴到此处：",
    ),
    "cli.accounts.login.enter": (
        "Open {url} on any device and type this code:\n\n  {code}\n",
        "请在任意设备上打开 {url} 并输入以下验证码：\n\n  {code}\n",
    ),
    "cli.accounts.login.waiting": ("Waiting (Ctrl-C to give up) …", "正在等待（按 Ctrl-C 放弃）……"),
    "cli.accounts.login.done": ("The account '{label}' was added.", "已添加账号“{label}”。"),
}
