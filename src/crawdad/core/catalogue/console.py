"""Words about the web console."""

MESSAGES: dict[str, tuple[str, str]] = {
    "console.unproven": (
        "The cookie alone changes nothing: the header x-crawdad-csrf is missing or not that of this session. "
        "Load the page anew.",
        "仅凭 Cookie 不能进行修改：缺少 x-crawdad-csrf 请求头，或它不属于当前会话。请刷新页面。",
    ),
    "console.not_built": (
        "The web console has not been built on this machine. Run 'make ui' where Crawdad lies, then load this page anew. "
        "Everything else works.",
        "此机器上尚未构建网页控制台。请在 Crawdad 所在目录执行 make ui，然后刷新本页；其他功能不受影响。",
    ),
}
