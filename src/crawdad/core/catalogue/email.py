"""Words about the channel to e-mail."""

MESSAGES: dict[str, tuple[str, str]] = {
    "email.no_login": (
        "There is no sign-in: set channels.email.imapUsername and imapPassword.",
        "没有登录信息：请设置 channels.email.imapUsername 和 imapPassword。",
    ),
    "email.bad_login": (
        "{host} does not accept the user name and password ({reason}). Many providers want an app password.",
        "{host} 不接受该用户名和密码（{reason}）。许多服务商要求使用授权码。",
    ),
    "email.no_folder": ("The mailbox has no folder {folder}.", "邮箱中没有文件夹 {folder}。"),
    "email.refused": ("The mail server refused the letter (code {code}).", "邮件服务器拒收该邮件（代码 {code}）。"),
    "email.gone": ("The letter is no longer in the mailbox.", "邮箱中已没有这封邮件。"),
    "email.cut": ("The mailbox is closed.", "邮箱连接已断开。"),
}
