"""Words of the commands about channels."""

MESSAGES: dict[str, tuple[str, str]] = {
    "cli.pairing": ("See who asks to be let in over a channel, and let them in.", "查看并批准渠道中的配对请求。"),
    "cli.pairing.list": ("List those who ask to be let in.", "列出等待批准的配对请求。"),
    "cli.pairing.approve": ("Let in whoever was given this code.", "批准持有该配对码的人。"),
    "cli.pairing.people": ("List those who were let in.", "列出已批准的人。"),
    "cli.pairing.remove": ("Let somebody in no more.", "撤销对某人的批准。"),
    "cli.pairing.channel": ("The channel's id.", "渠道标识。"),
    "cli.pairing.account": ("The account in the channel.", "渠道中的账号。"),
    "cli.pairing.code": ("The code that the person was given.", "对方收到的配对码。"),
    "cli.pairing.owner": ("This person is the operator: they may do everything.", "此人即管理员：可执行一切操作。"),
    "cli.pairing.sender": ("The person's id on the platform.", "此人在平台上的 ID。"),
    "cli.pairing.approved": ("{sender} may write now ({account}).", "{sender} 现在可以发言（{account}）。"),
    "cli.pairing.removed": ("{sender} may write no more.", "{sender} 已不能再发言。"),
    "cli.pairing.yes": ("yes", "是"),
    "cli.pairing.column.account": ("account", "账号"),
    "cli.pairing.column.sender": ("id", "ID"),
    "cli.pairing.column.name": ("name", "名称"),
    "cli.pairing.column.code": ("code", "配对码"),
    "cli.pairing.column.until": ("until", "截止"),
    "cli.pairing.column.owner": ("operator", "管理员"),
    "cli.pairing.column.since": ("since", "批准时间"),
}
