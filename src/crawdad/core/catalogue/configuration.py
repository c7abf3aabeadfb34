"""Words about the configuration. A key that ends in `.fix` says what to do."""

MESSAGES: dict[str, tuple[str, str]] = {
    "configuration.path.bad": ("'{text}' is not a path to a setting.", "“{text}”不是有效的设置路径。"),
    "configuration.root": ("The configuration must be an object: {{ … }}.", "配置必须是一个对象：{{ … }}。"),
    "configuration.edit.too_deep": ("Values may be nested {limit} levels deep.", "值的嵌套不得超过 {limit} 层。"),
    "configuration.edit.unwritable": (
        "This value cannot be written as JSON5.",
        "该值无法写成 JSON5。",
    ),
}
