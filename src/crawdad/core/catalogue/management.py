"""Words of the management contracts."""

MESSAGES: dict[str, tuple[str, str]] = {
    "config.bad_value": ("'{param}': {reason}", "“{param}”：{reason}"),
    "config.too_deep": ("'{param}' is nested deeper than {most} levels.", "“{param}”的嵌套超过 {most} 层。"),
    "config.unknown_mask": (
        "'{param}' is a masked value, but not that of the secret that is set. Send the whole secret, or leave it out.",
        "“{param}”是掩码，但与当前的密钥不符。请发送完整的密钥，或不发送该字段。",
    ),
    "config.no_api_key": (
        "'{param}' may not be emptied: nobody could come in any more. Choose another value.",
        "“{param}”不能清空，否则将无人能够访问。请改为其他值。",
    ),
    "config.identity_forbidden": (
        "Who may come in is for an administrator with every permission to change.",
        "只有拥有全部权限的管理员才能修改访问凭据与鉴权方式。",
    ),
    "mapping.too_many": ("'{param}' has more than {most} rules.", "“{param}”超过 {most} 条规则。"),
    "mapping.bad_name": (
        "'{param}': {name} cannot be a model name (it is empty, longer than 256 characters or not printable).",
        "“{param}”：{name} 不能作为模型名（为空、超过 256 个字符或含不可打印字符）。",
    ),
    "mapping.wildcard_target": (
        "'{param}': '{name}' leads to '{target}'; a target is one model, without '*'.",
        "“{param}”：“{name}”指向“{target}”；目标必须是一个具体模型，不能含“*”。",
    ),
    "mapping.circle": ("'{param}': rules lead in a circle: {circle}", "“{param}”：规则形成循环：{circle}"),
    "panel.too_large": ("What panels keep is limited to {limit} bytes.", "面板保存的数据不得超过 {limit} 字节。"),
}
