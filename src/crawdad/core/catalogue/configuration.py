"""Words about the configuration, its files and its secrets. A key that ends in `.fix` says what to do."""

_QUOTE_IT = ("Put it between quotes.", "请给它加上引号。")
_ASK_OWNER = ("Check that the file exists and may be read.", "请检查该文件是否存在且可读。")
_WRITE_ANOTHER = ("Write another value.", "请改写为其他值。")

SYNTAX: dict[str, tuple[str, str]] = {
    "configuration.syntax.empty": ("The file holds no value.", "文件中没有任何值。"),
    "configuration.syntax.empty.fix": (
        "Write {{}} for a configuration with nothing in it, or delete the file.",
        "如需空配置请写入 {{}}，或删除该文件。",
    ),
    "configuration.syntax.after_end": ("There is text after the end of the value.", "值结束之后还有多余的内容。"),
    "configuration.syntax.after_end.fix": (
        "Remove it, or check that no bracket was closed too early.",
        "请删除多余内容，或检查括号是否过早闭合。",
    ),
    "configuration.syntax.too_long": ("The file is longer than {limit} characters.", "文件超过 {limit} 个字符。"),
    "configuration.syntax.too_long.fix": (
        'Move parts of it to files of their own and name them with "$include".',
        "请将部分内容移到单独的文件，并用 “$include” 引用。",
    ),
    "configuration.syntax.too_many": ("There are more than {limit} values.", "值的数量超过 {limit} 个。"),
    "configuration.syntax.too_many.fix": ("Leave out what is not needed.", "请删除不需要的内容。"),
    "configuration.syntax.too_deep": ("Values are nested deeper than {limit} levels.", "值的嵌套超过 {limit} 层。"),
    "configuration.syntax.too_deep.fix": ("Write them flatter.", "请减少嵌套层级。"),
    "configuration.syntax.open_comment": ("This comment is never closed.", "此注释没有结束。"),
    "configuration.syntax.open_comment.fix": ("Close it with */.", "请用 */ 结束注释。"),
    "configuration.syntax.open_string": (
        "This text has no closing quote on its line.",
        "这段文本在本行内没有结束引号。",
    ),
    "configuration.syntax.open_string.fix": (
        "Add the quote; within the text write \\n for a new line and \\\" or \\' for a quote.",
        "请补上引号；文本内换行写作 \\n，引号写作 \\\" 或 \\'。",
    ),
    "configuration.syntax.escape": (
        "This text holds an escape (\\) that does not exist.",
        "文本中含有无效的转义（\\）。",
    ),
    "configuration.syntax.escape.fix": (
        "Write \\\\ for a backslash, \\u and four hexadecimal digits for a character.",
        "反斜杠写作 \\\\，字符写作 \\u 加四位十六进制数。",
    ),
    "configuration.syntax.key": ("A key must stand here.", "此处应为键名。"),
    "configuration.syntax.key.fix": (
        'Write a key, such as port or "my-key"; keys with other characters than letters, digits, _ and $ need quotes.',
        '请写键名，例如 port 或 "my-key"；含有字母、数字、_ 和 $ 以外字符的键名需加引号。',
    ),
    "configuration.syntax.colon": ("A colon must stand after the key.", "键名之后应有冒号。"),
    "configuration.syntax.colon.fix": (
        "Write key: value. Keys with other characters than letters, digits, _ and $ need quotes.",
        "请写成 key: value。含有字母、数字、_ 和 $ 以外字符的键名需加引号。",
    ),
    "configuration.syntax.comma": ("A comma or {bracket} must stand here.", "此处应为逗号或 {bracket}。"),
    "configuration.syntax.comma.fix": (
        "Put a comma after the value before this place; texts need quotes.",
        "请在前一个值之后加逗号；文本需要引号。",
    ),
    "configuration.syntax.unclosed": ("This bracket is never closed.", "此括号没有闭合。"),
    "configuration.syntax.unclosed.fix": ("Add the missing {bracket}.", "请补上缺少的 {bracket}。"),
    "configuration.syntax.value": ("This is not a value.", "这不是有效的值。"),
    "configuration.syntax.value.fix": (
        "Texts need quotes; numbers, true, false and null need none.",
        "文本需要引号；数字、true、false 和 null 不需要引号。",
    ),
    "configuration.syntax.missing_value": ("The file ends where a value must stand.", "文件在应有值的位置结束了。"),
    "configuration.syntax.missing_value.fix": (
        "Write the value and close the open brackets.",
        "请补上该值并闭合未闭合的括号。",
    ),
    "configuration.syntax.meaningless": ("Infinity and NaN are not settings.", "Infinity 和 NaN 不能作为设置值。"),
    "configuration.syntax.meaningless.fix": ("Write a number.", "请写一个数字。"),
    "configuration.syntax.huge": ("This number is too large.", "该数字过大。"),
    "configuration.syntax.huge.fix": ("Write a smaller number.", "请写一个较小的数字。"),
    "configuration.syntax.twice": (
        "The key '{name}' stands twice: on line {first} and on line {second}.",
        "键“{name}”出现了两次：第 {first} 行和第 {second} 行。",
    ),
    "configuration.syntax.twice.fix": ("Keep one of the two.", "请只保留其中一个。"),
}

FILES: dict[str, tuple[str, str]] = {
    "configuration.unreadable": ("'{path}' cannot be read: {reason}", "无法读取“{path}”：{reason}"),
    "configuration.unreadable.fix": _ASK_OWNER,
    "configuration.not_readable": (
        "The configuration cannot be read (line {line}, column {column}): {reason}",
        "配置无法读取（第 {line} 行第 {column} 列）：{reason}",
    ),
    "configuration.vanished": (
        "'{path}' has gone; the settings it held stay in force.",
        "“{path}”已不存在；其原有设置继续生效。",
    ),
    "configuration.vanished.fix": (
        "Put the file back (its backups end in .bak), or restart to run without it.",
        "请恢复该文件（备份以 .bak 结尾），或重启以在没有它的情况下运行。",
    ),
    "configuration.root": ("The configuration must be an object.", "配置必须是一个对象。"),
    "configuration.root.fix": ("Write {{ key: value, … }}.", "请写成 {{ key: value, … }}。"),
    "configuration.include": ("The included file cannot be used: {reason}", "无法使用所引用的文件：{reason}"),
    "configuration.include.fix": (
        "Correct the name; it is relative to this file and stays inside the folder of the configuration.",
        "请更正文件名；它相对于本文件，且必须位于配置目录之内。",
    ),
    "configuration.include.name": (
        '"$include" takes a file name or a list of them.',
        "“$include” 的值应为文件名或文件名列表。",
    ),
    "configuration.include.name.fix": (
        'Write "$include": "file.json5" or ["a.json5", "b.json5"].',
        '请写成 "$include": "file.json5" 或 ["a.json5", "b.json5"]。',
    ),
    "configuration.include.many": (
        "Too many files include each other (at most {depth} deep, {count} in all).",
        "引用的文件过多（最深 {depth} 层，总共 {count} 个）。",
    ),
    "configuration.include.large": (
        "The included files hold too much together (at most {limit} characters and {values} values).",
        "引用的文件总量过大（最多 {limit} 个字符、{values} 个值）。",
    ),
    "configuration.include.large.fix": ("Leave out what is not needed.", "请删除不需要的内容。"),
    "configuration.more": ("There are more problems like these.", "还有更多同类问题。"),
    "configuration.more.fix": ("Mend those that are told first.", "请先修正已列出的问题。"),
    "configuration.include.many.fix": ("Join some of the files.", "请合并部分文件。"),
    "configuration.include.cycle": ("'{path}' includes itself.", "“{path}”引用了自身。"),
    "configuration.include.cycle.fix": ('Remove this "$include".', "请删除此 “$include”。"),
    "configuration.conflict": (
        "The configuration was changed by somebody else in the meantime.",
        "在此期间，配置已被他人更改。",
    ),
    "files.missing": ("There is no file '{path}'.", "文件“{path}”不存在。"),
    "files.outside": ("'{path}' lies outside the folder '{folder}'.", "“{path}”位于目录“{folder}”之外。"),
    "files.not_regular": ("'{path}' is not an ordinary file.", "“{path}”不是普通文件。"),
    "files.too_large": ("'{path}' is larger than {limit} bytes.", "“{path}”超过 {limit} 字节。"),
    "files.not_utf8": ("'{path}' is not UTF-8 text (line {line}).", "“{path}”不是 UTF-8 文本（第 {line} 行）。"),
    "files.changed": ("'{path}' was changed by somebody else in the meantime.", "“{path}”在此期间已被他人更改。"),
    "files.busy": ("'{path}' is being written by another process.", "“{path}”正在被另一个进程写入。"),
    "files.failed": ("'{path}': {reason}.", "“{path}”：{reason}。"),
    "files.own_mount": (
        "'{path}' is mounted by itself and cannot be replaced ({reason}). Mount the folder it is in instead.",
        "“{path}”是单独挂载的文件，无法替换（{reason}）。请改为挂载其所在目录。",
    ),
}

VALUES: dict[str, tuple[str, str]] = {
    "configuration.variable.fix": (
        "Correct the environment variable {variable}.",
        "请更正环境变量 {variable}。",
    ),
    "configuration.variable.missing": (
        "The environment variable {variable} is not set.",
        "环境变量 {variable} 未设置。",
    ),
    "configuration.variable.missing.fix": (
        "Set it (a .env file will do), or write $${{{variable}}} if the text itself is meant.",
        "请设置该变量（可写入 .env 文件）；如需该文本本身，请写 $${{{variable}}}。",
    ),
    "configuration.reference.variable": (
        "The environment variable that this text names is not set.",
        "此文本所指的环境变量未设置。",
    ),
    "configuration.reference.variable.fix": (
        "Set it, or write the secret itself.",
        "请设置该变量，或直接写入密钥。",
    ),
    "configuration.reference.shape": ("This reference to a secret is not understood.", "无法识别此密钥引用。"),
    "configuration.reference.shape.fix": (
        'Write {{ source: "env", id: "NAME" }} or {{ source: "file", provider: "…", id: "/pointer" }}.',
        '请写成 {{ source: "env", id: "NAME" }} 或 {{ source: "file", provider: "…", id: "/pointer" }}。',
    ),
    "configuration.reference.provider": (
        "There is no file provider of secrets named '{provider}'.",
        "不存在名为“{provider}”的文件密钥来源。",
    ),
    "configuration.reference.provider.fix": (
        'Describe it under secrets.providers: {{ source: "file", path: "…" }}.',
        '请在 secrets.providers 下定义：{{ source: "file", path: "…" }}。',
    ),
    "configuration.reference.file": ("The file of secrets cannot be read: {reason}", "无法读取密钥文件：{reason}"),
    "configuration.reference.file.fix": _ASK_OWNER,
    "configuration.reference.nothing": ("There is no secret at '{id}' of '{file}'.", "“{file}”的“{id}”处没有密钥。"),
    "configuration.reference.nothing.fix": (
        "Correct the id: a JSON pointer such as /providers/openai/apiKey.",
        "请更正 id：应为 JSON 指针，例如 /providers/openai/apiKey。",
    ),
    "configuration.key.unknown": ("This key is not known.", "未知的键。"),
    "configuration.key.unknown.fix": ("Remove it, or leave it: it has no effect.", "请删除它；保留也不会生效。"),
    "configuration.key.near": ("This key is not known.", "未知的键。"),
    "configuration.key.near.fix": ("Did you mean '{near}'?", "您是否想写“{near}”？"),
    "configuration.missing": ("The key '{key}' is missing here.", "此处缺少键“{key}”。"),
    "configuration.missing.fix": ("Add {key}.", "请添加 {key}。"),
    "configuration.choice": ("This is not one of the possible values.", "该值不在可选范围内。"),
    "configuration.choice.fix": ("Use one of: {choices}.", "可用的值：{choices}。"),
    "configuration.choice.near": ("This is not one of the possible values.", "该值不在可选范围内。"),
    "configuration.choice.near.fix": (
        "Did you mean '{near}'? Possible are: {choices}.",
        "您是否想写“{near}”？可用的值：{choices}。",
    ),
    "configuration.bound.above": ("This number must be greater than {limit}.", "该数字必须大于 {limit}。"),
    "configuration.bound.above.fix": ("Write a greater number.", "请写一个更大的数字。"),
    "configuration.bound.least": ("This number must be at least {limit}.", "该数字不得小于 {limit}。"),
    "configuration.bound.least.fix": ("Write {limit} or more.", "请写 {limit} 或更大的数字。"),
    "configuration.bound.below": ("This number must be less than {limit}.", "该数字必须小于 {limit}。"),
    "configuration.bound.below.fix": ("Write a smaller number.", "请写一个更小的数字。"),
    "configuration.bound.most": ("This number must be at most {limit}.", "该数字不得大于 {limit}。"),
    "configuration.bound.most.fix": ("Write {limit} or less.", "请写 {limit} 或更小的数字。"),
    "configuration.kind.text": ("This must be a text.", "此处应为文本。"),
    "configuration.kind.text.fix": _QUOTE_IT,
    "configuration.kind.filled": ("This must not be empty.", "此处不能为空。"),
    "configuration.kind.filled.fix": ("Write the value, or remove the key.", "请填写值，或删除该键。"),
    "configuration.kind.integer": ("This must be a whole number.", "此处应为整数。"),
    "configuration.kind.integer.fix": ("Write a whole number without quotes.", "请写不带引号的整数。"),
    "configuration.kind.number": ("This must be a number.", "此处应为数字。"),
    "configuration.kind.number.fix": ("Write a number without quotes.", "请写不带引号的数字。"),
    "configuration.kind.boolean": ("This must be true or false.", "此处应为 true 或 false。"),
    "configuration.kind.boolean.fix": ("Write true or false without quotes.", "请写不带引号的 true 或 false。"),
    "configuration.kind.object": ("This must be an object.", "此处应为对象。"),
    "configuration.kind.object.fix": ("Write {{ key: value, … }}.", "请写成 {{ key: value, … }}。"),
    "configuration.kind.list": ("This must be a list.", "此处应为列表。"),
    "configuration.kind.list.fix": ("Write [ value, … ].", "请写成 [ value, … ]。"),
    "configuration.kind.other": ("This value cannot be used here.", "此处不能使用该值。"),
    "configuration.kind.other.fix": _WRITE_ANOTHER,
    "configuration.base_url": ("This must be a web address.", "此处应为网址。"),
    "configuration.base_url.fix": (
        "Write an address that begins with http:// or https://.",
        "请写以 http:// 或 https:// 开头的地址。",
    ),
    "configuration.bind": ("This is not an address to listen on.", "这不是可监听的地址。"),
    "configuration.bind.fix": (
        "Write loopback, lan, or the IP address of an interface.",
        "请写 loopback、lan 或某个网卡的 IP 地址。",
    ),
    "configuration.bind.custom": ("The address to listen on is missing.", "缺少要监听的地址。"),
    "configuration.bind.custom.fix": ("Add gateway.customBindHost.", "请添加 gateway.customBindHost。"),
    "configuration.bind.tailnet": (
        "Listening on the tailnet is not possible yet; the gateway listens on loopback.",
        "暂不支持监听 tailnet；网关将监听 loopback。",
    ),
    "configuration.bind.tailnet.fix": (
        "Write loopback, or the machine's tailnet address.",
        "请写 loopback，或本机的 tailnet 地址。",
    ),
    "configuration.hash_required": (
        "config base hash required; re-run config.get and retry",
        "需要配置的基准哈希；请重新执行 config.get 后重试",
    ),
    "configuration.hash_changed": (
        "config changed since last load; re-run config.get and retry",
        "配置自上次读取后已更改；请重新执行 config.get 后重试",
    ),
    "configuration.invalid": ("invalid config", "配置无效"),
    "configuration.no_such_path": ("config schema path not found", "配置架构中没有该路径"),
    "configuration.redacted": (
        "{path}: there is no stored secret that the placeholder could stand for",
        "{path}：没有可供占位符还原的已存密钥",
    ),
    "configuration.refused": ("{path}: {message} {fix}", "{path}：{message}{fix}"),
    "configuration.auth.proxy": (
        "Mode trusted-proxy needs proxies to trust and the header in which they name the user.",
        "trusted-proxy 模式需要可信代理以及给出用户名的请求头。",
    ),
    "configuration.auth.proxy.fix": (
        "Set gateway.trustedProxies and gateway.auth.trustedProxy.userHeader.",
        "请设置 gateway.trustedProxies 与 gateway.auth.trustedProxy.userHeader。",
    ),
    "configuration.hooks.token": ("Hooks are on without a token.", "已开启 hooks，但没有令牌。"),
    "configuration.hooks.token.fix": (
        "Set hooks.token, or hooks.enabled to false.",
        "请设置 hooks.token，或将 hooks.enabled 设为 false。",
    ),
    "configuration.backup.schedule": ("That is no cron expression.", "这不是有效的 cron 表达式。"),
    "configuration.backup.schedule.fix": (
        'Write backup.schedule: "30 3 * * *".',
        '请写 backup.schedule: "30 3 * * *"。',
    ),
    "configuration.workspace.own": (
        "{path} is, holds or lies in the gateway's own folder {home}, where no agent works.",
        "{path} 就是网关自身的目录 {home}、包含它或位于其中，智能体不能在那里工作。",
    ),
    "configuration.workspace.own.fix": (
        "Name a folder elsewhere, or one in {home} whose name begins with workspace.",
        "请写其他位置的文件夹，或 {home} 中名称以 workspace 开头的文件夹。",
    ),
    "configuration.workspace.system": (
        "{path} is a folder of the system, where no agent works.",
        "{path} 是系统目录，智能体不能在那里工作。",
    ),
    "configuration.workspace.system.fix": ("Name a folder of your own.", "请写自己的文件夹。"),
    "configuration.hooks.path": ("Hooks need a path of their own.", "hooks 需要独立的路径。"),
    "configuration.hooks.path.fix": ('Write hooks.path: "/hooks".', '请写 hooks.path: "/hooks"。'),
    "configuration.hooks.prefixes": (
        "The session key {key} of calls that name none is not allowed by these prefixes.",
        "未指定会话的调用所用的会话键 {key} 不符合这些前缀。",
    ),
    "configuration.hooks.prefixes.fix": ("Add {key} to the prefixes.", "请将 {key} 加入前缀。"),
    "configuration.auth.open": (
        "Without authentication the gateway may listen on this machine only.",
        "未启用身份验证时，网关只能监听本机。",
    ),
    "configuration.auth.open.fix": (
        'Set gateway.auth.mode to "token", or gateway.bind to "loopback".',
        '请将 gateway.auth.mode 设为 "token"，或将 gateway.bind 设为 "loopback"。',
    ),
    "configuration.token.placeholder": (
        "This secret is empty or one that everybody knows.",
        "此密钥为空，或是众所周知的占位值。",
    ),
    "configuration.token.placeholder.fix": (
        "Write a long random text, or remove the key: a token is then made at the first start.",
        "请写一段足够长的随机文本，或删除该键：首次启动时会自动生成令牌。",
    ),
    "configuration.token.short": (
        "This secret is shorter than {length} characters and may be guessed.",
        "此密钥短于 {length} 个字符，可能被猜中。",
    ),
    "configuration.token.short.fix": ("Write a longer random text.", "请写更长的随机文本。"),
    "configuration.provider.foreign": (
        "'{what}' is not supported; this entry is left out.",
        "不支持“{what}”；此项已跳过。",
    ),
    "configuration.provider.foreign.fix": (
        "Use one of the supported APIs with an API key, or leave the entry to OpenClaw.",
        "请使用受支持的 API 和 API 密钥，或将此项留给 OpenClaw 使用。",
    ),
    "configuration.vendor.self": (
        "The environment variable {variable} holds the key of a client of this gateway; no provider is made of it.",
        "环境变量 {variable} 保存的是本网关客户端的密钥；不会据此添加服务商。",
    ),
    "configuration.vendor.self.fix": (
        "To use the vendor's own service, set {variable} to its key where the gateway is started.",
        "如需使用厂商自己的服务，请在启动网关的环境中将 {variable} 设为其密钥。",
    ),
}

EDITS: dict[str, tuple[str, str]] = {
    "configuration.path.bad": ("'{text}' is not a path to a setting.", "“{text}”不是有效的设置路径。"),
    "configuration.edit.missing": ("There is nothing at '{path}'.", "“{path}”处没有任何值。"),
    "configuration.edit.barred": (
        "'{path}' cannot be set: '{parent}' holds a plain value or has no such place.",
        "无法设置“{path}”：“{parent}”是普通值，或没有该位置。",
    ),
    "configuration.edit.too_deep": ("Values may be nested {limit} levels deep.", "值的嵌套不得超过 {limit} 层。"),
    "configuration.no_provider": (
        "The configuration has no provider '{provider}'.",
        "配置中没有服务商“{provider}”。",
    ),
    "configuration.no_model": (
        "The provider '{provider}' has no model '{model}' in the configuration.",
        "配置中服务商“{provider}”没有模型“{model}”。",
    ),
    "configuration.edit.unwritable": ("This value cannot be written as JSON5.", "该值无法写成 JSON5。"),
    "configuration.edit.included": (
        "A file that this one includes also holds this value, so the change would not have the effect intended.",
        "本文件所引用的文件中也包含此值，因此更改不会达到预期效果。",
    ),
    "configuration.edit.included.fix": ("Change it there.", "请在该文件中修改。"),
    "configuration.edit.overridden": (
        "The environment variable {variable} takes precedence over the file.",
        "环境变量 {variable} 优先于文件中的值。",
    ),
    "configuration.edit.overridden.fix": (
        "Unset {variable} for the file's value to take effect.",
        "请取消设置 {variable}，文件中的值才会生效。",
    ),
}

SECRETS: dict[str, tuple[str, str]] = {
    "configuration.sealed": ("The sealed secret cannot be opened: {reason}", "无法打开已加密的密钥：{reason}"),
    "configuration.sealed.fix": (
        "Give back the key it was sealed with (CRAWDAD_SECRET_KEY or the file secret.key), or write the secret anew in "
        "plain text; it will be sealed again.",
        "请恢复加密时使用的密钥（CRAWDAD_SECRET_KEY 或 secret.key 文件），或重新以明文写入；系统会再次加密。",
    ),
    "configuration.unsealed": (
        "Secrets in '{path}' stay in plain text: {reason}",
        "“{path}”中的密钥仍为明文：{reason}",
    ),
    "configuration.unsealed.fix": (
        "Make the file and its folder writable, write ${{NAME}} in place of secrets, or set secrets.sealConfiguration "
        "to false.",
        "请使该文件及其目录可写，或用 ${{NAME}} 代替密钥，或将 secrets.sealConfiguration 设为 false。",
    ),
    "secret_box.no_key": ("There is no key file '{path}'.", "密钥文件“{path}”不存在。"),
    "secret_box.wrong_key": (
        "The key in {place} is not the one it was sealed with.",
        "{place} 中的密钥与加密时使用的不一致。",
    ),
    "secret_box.damaged": ("It is damaged.", "内容已损坏。"),
    "secret_box.short_key": (
        "The key in {place} is shorter than {length} characters.",
        "{place} 中的密钥短于 {length} 个字符。",
    ),
    "secret_box.key_file": (
        "The key file '{path}' cannot be used: {reason}.",
        "无法使用密钥文件“{path}”：{reason}。",
    ),
}

MESSAGES: dict[str, tuple[str, str]] = SYNTAX | FILES | VALUES | EDITS | SECRETS
