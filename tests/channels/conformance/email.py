"""E-mail in the conformance suite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from email.message import EmailMessage

from crawdad.adapters.channels import email
from crawdad.core.channels import SendOutcome
from crawdad.core.parts import JsonObject
from tests.channels.simulator import ABILITIES, Said, Simulator
from tests.simulators.mail import PASSWORD, SERVER, USER, MailSimulator

_ACCOUNTS = ("default", "first", "second")


class EmailPlatform:
    """A mailbox keeps what was not read; letters go to people alone."""

    kind = email.CHANNEL
    abilities = ABILITIES - {"groups", "mention", "needs_inbound", "rate_limited", "acknowledge"}
    people: Sequence[str] = tuple(f"p{number}@people.example" for number in range(1, 6))
    group = ""
    secret = PASSWORD

    def __init__(self, accounts: dict[str, MailSimulator]) -> None:
        self._accounts = accounts

    def settings(self, account: str) -> JsonObject:
        one = self._accounts[account]
        servers = {"imapHost": "127.0.0.1", "imapPort": one.imap_port, "imapSecurity": "none"}
        servers |= {"smtpHost": "127.0.0.1", "smtpPort": one.smtp_port, "smtpSecurity": "none"}
        login = {"imapUsername": USER, "imapPassword": PASSWORD, "authservId": SERVER}
        return {**servers, **login, "pollIntervalSeconds": 1}

    def signed_in(self, account: str) -> JsonObject:
        return {"cursor": {"validity": self._accounts[account].validity, "last": 100}}

    async def say(self, said: Said) -> str:
        one = self._accounts[said.account]
        sender = said.sender or self.people[0]
        letter = one.post(said.text, sender=sender, subject="", In_Reply_To="<before@claw.example>")
        if said.picture is not None:
            uid = max(one.letters)
            letter = _with_picture(letter, said.picture)
            one.letters[uid] = letter.as_bytes()
        return f"message:{letter['Message-ID']}"

    async def repeat(self, event_id: str, account: str = "default") -> None:
        one = self._accounts[account]
        name = event_id.removeprefix("message:").encode()
        one.put(next(raw for raw in one.letters.values() if name in raw))

    def acknowledged(self, event_id: str, account: str = "default") -> bool:
        raise NotImplementedError

    def texts(self, chat: str, account: str = "default") -> Sequence[str]:
        return self._accounts[account].texts(chat)

    async def fail(
        self, outcome: SendOutcome, account: str = "default", *, times: int = 1, taken: bool = False, seconds: float = 0
    ) -> None:
        one = self._accounts[account]
        for _ in range(times):
            match outcome:
                case "ambiguous":
                    one.faults.append(("DATA", ""))
                case "not_sent":
                    one.faults.append(("RCPT", "451 try again later"))
                case _:
                    one.faults.append(("RCPT", "550 no such user"))

    async def cut(self, account: str = "default") -> None:
        self._accounts[account].down = True

    async def mend(self, account: str = "default") -> None:
        self._accounts[account].down = False

    async def expire(self, account: str = "default") -> None:
        self._accounts[account].password = "another"


def _with_picture(letter: EmailMessage, picture: bytes) -> EmailMessage:
    letter.add_attachment(picture, maintype="image", subtype="png", filename="a.png")
    return letter


@asynccontextmanager
async def email_platform() -> AsyncIterator[Simulator]:
    """E-mail."""
    async with AsyncExitStack() as stack:
        yield EmailPlatform({name: stack.enter_context(MailSimulator()) for name in _ACCOUNTS})
