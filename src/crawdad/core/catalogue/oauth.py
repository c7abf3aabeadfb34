"""Words about signing in with OAuth and about credentials that are exchanged for access tokens."""

MESSAGES: dict[str, tuple[str, str]] = {
    "oauth.not_configured": (
        "Signing in with Google needs an OAuth client of your own. Make one in the Google Cloud console (type 'Desktop app', "
        "or 'Web application' with the redirect URI {redirect_uri}), then set oauth.google.clientId and "
        "oauth.google.clientSecret (or CRAWDAD_GOOGLE_CLIENT_ID and CRAWDAD_GOOGLE_CLIENT_SECRET). "
        "See docs/google-accounts.md.",
        "使用 Google 登录需要您自己的 OAuth 客户端。请在 Google Cloud 控制台创建（类型选“桌面应用”，或选“Web 应用”并将重定向 "
        "URI 设为 {redirect_uri}），然后设置 oauth.google.clientId 和 oauth.google.clientSecret（或环境变量 "
        "CRAWDAD_GOOGLE_CLIENT_ID、CRAWDAD_GOOGLE_CLIENT_SECRET）。详见 docs/google-accounts.zh-CN.md。",
    ),
    "oauth.endpoint": (
        "'{url}' cannot be trusted with secrets: only https addresses, and http on this machine, can.",
        "“{url}”不可用于传送机密：只接受 https 地址，或本机的 http 地址。",
    ),
    "oauth.provider_error": (
        "The identity provider answered with an error: {reason}",
        "身份提供方返回错误：{reason}",
    ),
    "oauth.credential_revoked": (
        "The identity provider no longer takes this credential ({reason}). Add the account again.",
        "身份提供方不再接受此凭据（{reason}）。请重新添加该账号。",
    ),
    "oauth.clock_skew": (
        "The identity provider refused a signed request because of its time ({reason}). Set this machine's clock right.",
        "身份提供方因时间不符拒绝了已签名的请求（{reason}）。请校准本机时钟。",
    ),
    "oauth.client_refused": (
        "The identity provider does not accept the OAuth client ({reason}). Check oauth.google.clientId and clientSecret.",
        "身份提供方不接受该 OAuth 客户端（{reason}）。请检查 oauth.google.clientId 和 clientSecret。",
    ),
    "oauth.client_changed": (
        "This account signed in with another OAuth client than the one that is configured now. Sign in again.",
        "此账号登录时使用的 OAuth 客户端与当前配置的不同。请重新登录。",
    ),
    "oauth.authorization_pending": ("Nobody has consented yet.", "用户尚未授权。"),
    "oauth.slow_down": ("The identity provider asks to be asked less often.", "身份提供方要求降低查询频率。"),
    "oauth.expired_token": ("The code has expired. Start again.", "验证码已过期，请重新开始。"),
    "oauth.access_denied": ("The sign-in was refused on the consent page.", "授权页面上拒绝了登录。"),
    "oauth.denied": (
        "The consent page sent back an error instead of a code: {reason}",
        "授权页面返回了错误而不是授权码：{reason}",
    ),
    "oauth.invalid_scope": (
        "The identity provider does not grant these scopes this way ({reason}). Google's device flow knows no Google Cloud "
        "scopes: sign in with the browser and paste the URL instead.",
        "身份提供方不通过此方式授予这些权限（{reason}）。Google 的设备流程不支持 Google Cloud 权限："
        "请改用浏览器登录并粘贴网址。",
    ),
    "oauth.no_refresh_token": (
        "The identity provider gave no refresh token, so the sign-in would end within the hour. Remove Crawdad's access in the "
        "Google account and sign in again.",
        "身份提供方没有给出刷新令牌，登录将在一小时内失效。请在 Google 账号中移除本应用的访问权限后重新登录。",
    ),
    "oauth.missing_scope": (
        "Consent was given, but not to everything: {scopes} is missing. Sign in again and tick every box.",
        "已授权，但缺少部分权限：{scopes}。请重新登录并勾选全部项目。",
    ),
    "oauth.pasted": (
        "This holds no code. Paste the code itself, or the whole address from the browser.",
        "其中没有授权码。请粘贴授权码本身，或浏览器中的完整地址。",
    ),
    "oauth.unknown_flow": (
        "This sign-in is not known here: it has expired, was used already, or never began. Start again.",
        "没有这个登录流程：它已过期、已被使用或从未开始。请重新开始。",
    ),
    "oauth.which_flow": (
        "Several sign-ins are under way. Paste the whole address from the browser, or give the state with the code.",
        "有多个登录流程正在进行。请粘贴浏览器中的完整地址，或同时提供 state。",
    ),
    "oauth.no_flow": ("No sign-in is under way. Start one first.", "没有正在进行的登录流程。请先开始。"),
    "oauth.used": ("This sign-in was already used.", "此登录流程已被使用。"),
    "oauth.expired": ("The sign-in was not finished in time. Start again.", "登录超时，请重新开始。"),
    "oauth.cancelled": ("The sign-in was cancelled.", "登录已取消。"),
    "oauth.interrupted": ("The sign-in was interrupted. Start again.", "登录被中断，请重新开始。"),
    "oauth.service_account": (
        "This is not the key of a Google service account: {reason}",
        "这不是 Google 服务账号的密钥：{reason}",
    ),
    "oauth.service_account.json": ("it is no JSON object.", "不是 JSON 对象。"),
    "oauth.service_account.type": (
        "its type is '{type}'. Make a JSON key for a service account in the Google Cloud console.",
        "其类型为“{type}”。请在 Google Cloud 控制台为服务账号创建 JSON 密钥。",
    ),
    "oauth.service_account.field": ("'{field}' is missing or malformed.", "缺少“{field}”或格式不正确。"),
    "oauth.service_account.key": ("its private key cannot be read.", "无法读取其中的私钥。"),
    "oauth.project": ("'{value}' is no name of a project.", "“{value}”不是有效的项目名。"),
    "oauth.location": ("'{value}' is no name of a location.", "“{value}”不是有效的位置名。"),
    "oauth.vertex_project": (
        "Vertex AI needs the project (and location) whose models are to be used.",
        "使用 Vertex AI 需要指定项目（和位置）。",
    ),
    "oauth.page.done": ("The account was added.", "账号已添加。"),
    "oauth.page.failed": ("The account was not added.", "账号未添加。"),
    "oauth.page.close": ("You can close this page.", "可以关闭此页面。"),
    "oauth.kind": (
        "The account '{label}' has no access token to refresh.",
        "账号“{label}”没有可刷新的访问令牌。",
    ),
}
