"""Words about credentials and rights."""

MESSAGES: dict[str, tuple[str, str]] = {
    "identity.missing": (
        "No API key was given. Send it as 'Authorization: Bearer <key>', 'x-api-key' or 'x-goog-api-key'.",
        "未提供 API 密钥。请通过 “Authorization: Bearer <密钥>”、“x-api-key” 或 “x-goog-api-key” 发送。",
    ),
    "identity.unknown": ("Incorrect API key provided.", "提供的 API 密钥不正确。"),
    "identity.expired": ("This API key has expired.", "此 API 密钥已过期。"),
    "identity.forbidden": (
        "This key lacks the permission '{permission}'.",
        "此密钥缺少权限“{permission}”。",
    ),
    "identity.wider": (
        "A key cannot have a wider limit than the one that makes it: {field}.",
        "密钥的限制不能比创建它的密钥更宽：{field}。",
    ),
    "identity.model_forbidden": ("This key may not use the model '{model}'.", "此密钥无权使用模型“{model}”。"),
    "identity.protocol_forbidden": (
        "This key may not use the protocol '{protocol}'.",
        "此密钥无权使用协议“{protocol}”。",
    ),
    "identity.address_forbidden": (
        "This key may not be used from {address}.",
        "此密钥不能从 {address} 使用。",
    ),
    "identity.rate_limited": (
        "Rate limit reached for this key: {limit} {unit} per minute. Try again in {seconds} s.",
        "此密钥已达到速率上限：每分钟 {limit} {unit}。请在 {seconds} 秒后重试。",
    ),
    "identity.wider_than_maker": (
        "A key cannot hold more than the key that makes it: '{param}' {value}.",
        "密钥的权限不能超过创建它的密钥：“{param}” {value}。",
    ),
    "identity.own_key": ("A key cannot change itself.", "密钥不能修改自身。"),
    "identity.too_deep": (
        "A key can descend from at most {most} others.",
        "密钥最多只能有 {most} 级上级密钥。",
    ),
    "identity.too_many": ("'{param}' has more than {most} entries.", "“{param}”超过 {most} 项。"),
    "identity.no_admin": (
        "This key is for models only. Sign in with an administrator's token.",
        "此密钥仅可用于调用模型。请使用管理员令牌登录。",
    ),
    "identity.admin_only": (
        "This is an administrator's token; it opens no model routes. Use an API key.",
        "这是管理员令牌，不能用于调用模型。请使用 API 密钥。",
    ),
    "identity.no_such_key": (
        "There is no live key '{name}' (or more than one of that name: use its id).",
        "没有名为“{name}”的有效密钥（若有多个同名密钥，请使用其 id）。",
    ),
    "identity.same_token": (
        "'{param}' is the same as 'gateway.auth.token': whoever may use models could administer. Choose another.",
        "“{param}”与“gateway.auth.token”相同：能使用模型的人都将拥有管理权限。请另选一个。",
    ),
    "identity.weak_token": (
        "'{param}' is empty, a placeholder or shorter than {least} characters. Choose a long random value.",
        "“{param}”为空、是占位符或少于 {least} 个字符。请使用足够长的随机值。",
    ),
}
