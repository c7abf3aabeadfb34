"""Words about budgets and prices."""

MESSAGES: dict[str, tuple[str, str]] = {
    "budgets.unit.usd": ("US dollars", "美元"),
    "budgets.unit.tokens": ("tokens", "个 Token"),
    "budgets.unit.requests": ("requests", "次请求"),
    "budgets.period.minute": ("per minute", "每分钟"),
    "budgets.period.day": ("per day", "每天"),
    "budgets.period.month": ("per month", "每月"),
    "budgets.period.total": ("in total", "总计"),
    "budgets.exhausted": (
        "The budget of this key is used up: {limit} {unit} {period}. It begins anew at {reset}.",
        "此密钥的预算已用完：{period} {limit} {unit}。将于 {reset} 重新开始。",
    ),
    "budgets.exhausted_for_good": (
        "The budget of this key is used up: {limit} {unit} {period}. It does not begin anew.",
        "此密钥的预算已用完：{period} {limit} {unit}，且不会重新开始。",
    ),
    "budgets.reserved": (
        "What is left of this key's budget ({limit} {unit} {period}) is set aside for requests under way. Try again soon.",
        "此密钥的剩余预算（{period} {limit} {unit}）已预留给正在进行的请求。请稍后重试。",
    ),
    "budgets.unpriced": (
        "This key has a money budget, and the price of the model '{model}' is not known. Set it in 'models.prices' or in the "
        "model's 'cost', or allow it with 'budgets.unpriced'.",
        "此密钥设有金额预算，但模型“{model}”的价格未知。请在“models.prices”或模型的“cost”中设置价格，或通过“budgets.unpriced”允许使用。",
    ),
    "budgets.too_many": (
        "Too many requests wait for their budget. Try again in a moment.",
        "等待预算的请求过多，请稍后重试。",
    ),
    "budgets.bad_notation": (
        "'{text}' is no budget. Write for example 5usd/day, 2M tokens/month, 60 requests/minute or 100usd.",
        "“{text}”不是有效的预算。请写成例如 5usd/day、2M tokens/month、60 requests/minute 或 100usd。",
    ),
}
