"""Words about requests and answers that cannot be read or said."""

MESSAGES: dict[str, tuple[str, str]] = {
    "wire.not_json": ("The body is not valid JSON: {reason}", "请求体不是有效的 JSON：{reason}"),
    "wire.not_object": ("The body must be a JSON object.", "请求体必须是 JSON 对象。"),
    "wire.missing": ("Missing required field: '{param}'.", "缺少必填字段：“{param}”。"),
    "wire.type": ("Field '{param}' must be {expected}.", "字段“{param}”必须是{expected}。"),
    "wire.value": ("Field '{param}' has an invalid value: {value}.", "字段“{param}”的值无效：{value}。"),
    "wire.unknown_part": (
        "Content of type '{type}' at '{param}' is not known to this protocol.",
        "“{param}”处的内容类型“{type}”不属于该协议。",
    ),
    "wire.cannot_say": (
        "The upstream protocol ({protocol}) has no way to carry {feature}.",
        "上游协议（{protocol}）无法承载{feature}。",
    ),
    "wire.last_item": (
        "{param}: an item of type {kind} must be the last one of the input.",
        "{param}：类型为 {kind} 的项必须是输入中的最后一项。",
    ),
    "wire.no_summary": (
        "The model gave no summary of the conversation.",
        "模型没有给出对话摘要。",
    ),
    "wire.too_deep": ("The body is nested too deeply.", "请求体嵌套层级过深。"),
    "wire.stopped": (
        "The model stopped without a usable answer ({reason}).",
        "模型未能给出可用的回答便停止了（{reason}）。",
    ),
    "wire.tool_name": (
        "The tool name '{name}' is too long for the upstream protocol.",
        "工具名称“{name}”对上游协议来说过长。",
    ),
    "wire.schema_too_large": (
        "The JSON Schema at '{param}' is too large or too deep for this upstream model.",
        "“{param}”处的 JSON Schema 对该上游模型来说过大或嵌套过深。",
    ),
    "wire.upstream_only": (
        "The protocol '{protocol}' is spoken to upstreams only.",
        "协议“{protocol}”仅用于上游。",
    ),
}
