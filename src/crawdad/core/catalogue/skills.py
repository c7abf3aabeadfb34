"""Words about skills."""

MESSAGES: dict[str, tuple[str, str]] = {
    "skills.disabled": ("it is switched off", "已停用"),
    "skills.not_allowed": (
        "it is not on the list of bundled skills (skills.allowBundled)",
        "不在内置技能列表中（skills.allowBundled）",
    ),
    "skills.other_system": ("it is for {systems} only", "仅适用于 {systems}"),
    "skills.no_program": ("it needs programs that are not here: {names}", "缺少所需程序：{names}"),
    "skills.no_variable": ("it needs variables that are not set: {names}", "缺少所需环境变量：{names}"),
    "skills.no_config": ("it needs settings that are not made: {names}", "缺少所需设置：{names}"),
    "skills.unknown": ("There is no skill '{name}'.", "没有名为“{name}”的技能。"),
    "skills.unusable": ("The skill '{name}' cannot be used: {reason}.", "技能“{name}”不可用：{reason}。"),
    "skills.no_file": (
        "The skill '{name}' has no file '{path}'. It has: {files}",
        "技能“{name}”没有文件“{path}”。现有文件：{files}",
    ),
    "skills.bad_hash": ("A SHA-256 has 64 hexadecimal digits.", "SHA-256 应为 64 位十六进制数。"),
    "skills.no_head": (
        "There is no SKILL.md with a name and a description in it.",
        "其中没有包含名称和描述的 SKILL.md。",
    ),
    "skills.bad_name": (
        "'{name}' is no name for a skill: small letters, digits, - and _ only, at most 64.",
        "“{name}”不是有效的技能名称：只能使用小写字母、数字、- 和 _，最多 64 个字符。",
    ),
    "skills.not_installed": ("No skill '{name}' is installed.", "未安装名为“{name}”的技能。"),
    "skills.not_in_registry": ("The registry has no skill '{name}'.", "该注册表中没有技能“{name}”。"),
    "skills.unpinned": (
        "What comes over the network needs a SHA-256 that you know, or a signature of a key in skills.install.trustedKeys.",
        "从网络获取的技能需要您已知的 SHA-256，或由 skills.install.trustedKeys 中密钥签名。",
    ),
    "skills.bad_signature": (
        "No key in skills.install.trustedKeys has signed this.",
        "该内容未经 skills.install.trustedKeys 中任何密钥签名。",
    ),
    "skills.other_hash": ("Its SHA-256 is {found}, not {wanted}.", "其 SHA-256 为 {found}，而不是 {wanted}。"),
    "skills.uploads_off": (
        "Skills are not taken as uploads here (skills.install.allowUploadedArchives).",
        "此处不接受上传的技能（skills.install.allowUploadedArchives）。",
    ),
    "skills.uploads_full": (
        "Too many skills wait to be installed already; try again in ten minutes.",
        "等待安装的技能过多，请十分钟后再试。",
    ),
    "skills.no_upload": ("No such upload waits here.", "没有此上传。"),
    "skills.upload_too_large": ("A skill may have {limit} bytes at most.", "技能最大为 {limit} 字节。"),
    "skills.upload_no_base64": ("That is no base64.", "不是有效的 base64。"),
    "skills.upload_misplaced": (
        "{here} of {size} bytes are here: pieces come one after another, and no more than was announced.",
        "已收到 {here}/{size} 字节：分片须依次上传，且不得超出声明的大小。",
    ),
    "skills.upload_two_hashes": (
        "Another SHA-256 was announced with this upload.",
        "与上传时声明的 SHA-256 不同。",
    ),
    "skills.upload_unfinished": ("The upload is not committed yet.", "上传尚未提交。"),
    "skills.other_name": (
        "The skill is called '{name}', not '{slug}'.",
        "该技能名为“{name}”，而不是“{slug}”。",
    ),
    "skills.upload_other_force": (
        "Whether it replaces another is said when the upload begins, and cannot change.",
        "是否覆盖须在开始上传时声明，之后不能更改。",
    ),
    "skills.only_addresses": (
        "Only http:// and https:// addresses, or a registry: files of the gateway's machine are not read.",
        "只能使用 http:// 或 https:// 地址或注册表，不会读取网关所在机器上的文件。",
    ),
    "skills.not_from_hub": (
        "Nothing is installed that is neither signed nor known by its hash: use skills.look with an address, or upload it.",
        "不安装未签名且哈希未知的技能：请用 skills.look 指定地址，或上传。",
    ),
    "skills.no_installers": (
        "What a skill asks to be installed is not installed by the gateway: install it on its machine.",
        "网关不会安装技能所要求的程序：请在其所在机器上安装。",
    ),
    "skills.bad_registry": ("The registry cannot be read: {reason}", "无法读取注册表：{reason}"),
    "skills.unreadable": ("'{path}' cannot be read: {reason}", "无法读取“{path}”：{reason}"),
    "skills.no_archive": ("It is neither a zip nor a tar archive.", "既不是 zip 也不是 tar 归档文件。"),
    "skills.leads_out": ("'{path}' leads out of the package.", "“{path}”指向包之外。"),
    "skills.not_plain": ("'{path}' is no plain file (a link or a device).", "“{path}”不是普通文件（链接或设备）。"),
    "skills.privileged": (
        "'{path}' would run with another's rights (setuid or setgid).",
        "“{path}”会以他人权限运行（setuid 或 setgid）。",
    ),
    "skills.twice": ("'{path}' stands in it twice.", "“{path}”在其中重复出现。"),
    "skills.too_much": (
        "It has more than {files} files or {bytes} bytes.",
        "文件数超过 {files} 或大小超过 {bytes} 字节。",
    ),
    "skills.was_replaced": (
        "This very package was installed before and has been replaced since; install it all the same with --downgrade.",
        "该技能包曾安装过，之后已被替换；如仍要安装请使用 --downgrade。",
    ),
    "skills.unsigned_now": (
        "The installed one is signed and this one is not; install it all the same with --downgrade.",
        "已安装的版本带有签名，而此包没有；如仍要安装请使用 --downgrade。",
    ),
    "skills.older": (
        "Version {version} is older than the installed {installed}; install it all the same with --downgrade.",
        "版本 {version} 比已安装的 {installed} 更旧；如仍要安装请使用 --downgrade。",
    ),
    "skills.exists": (
        "A skill '{name}' is installed already; replace it with --force.",
        "技能“{name}”已安装；如需替换请使用 --force。",
    ),
    "skills.registry_slow": ("The registry of skills did not answer in time.", "技能商店未在规定时间内响应。"),
    "skills.registry_refused": ("The registry of skills answered with {status}.", "技能商店返回了 {status}。"),
    "skills.registry_broken": (
        "The registry of skills answered with something that is no list of skills.",
        "技能商店返回的内容不是技能列表。",
    ),
    "control.skills.upload.begin": (
        "Announce the archive of a skill (`skills.install.allowUploadedArchives`).",
        "声明要上传的技能归档（`skills.install.allowUploadedArchives`）。",
    ),
    "control.skills.upload.chunk": ("The next piece of it.", "上传下一分片。"),
    "control.skills.upload.commit": (
        "It is whole: what it is, and what it would have. Nothing is installed yet.",
        "上传完成：返回技能内容与所需权限，尚未安装。",
    ),
    "control.skills.look": (
        "Have the gateway fetch a skill from an address or a registry, pinned or signed: what it is, and what it would have.",
        "由网关从地址或注册表获取技能（须有哈希或签名）：返回技能内容与所需权限，尚未安装。",
    ),
    "control.skills.install": (
        "Install what was uploaded or looked at. Other forms are refused: nothing comes unpinned, no installers run.",
        "安装已上传或已查看的技能。OpenClaw 的其他形式会被拒绝：不安装来源不明的内容，也不运行安装程序。",
    ),
    "control.skills.remove": ("Remove an installed skill.", "移除已安装的技能。"),
}
