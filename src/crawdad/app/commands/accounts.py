"""`crawdad accounts`: the accounts of the running server."""

from __future__ import annotations

from crawdad.app.commands.accounts_login import add_login
from crawdad.app.commands.group import application

app = application("accounts", no_args_is_help=True)
app.callback()(lambda: None)  # a single command shall have a name all the same
add_login(app)
