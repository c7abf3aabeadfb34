"""A mail server on loopback: IMAP (one folder) and SMTP, as the standard library's clients speak them.

People write with `post`; `delivered` is what was handed over for delivery.
"""

from __future__ import annotations

import asyncio
import base64
import re
import threading
from collections.abc import Awaitable, Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Self

from tests.support.waiting import PATIENCE

USER, PASSWORD = "agent@claw.example", "mail-secret-31d0"
SERVER = "mx.claw.example"
PERSON = "ann@people.example"


_Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class MailSimulator:
    """One mailbox."""

    def __init__(self) -> None:
        self.password = PASSWORD
        self.letters: dict[int, bytes] = {}
        self.seen: set[int] = set()
        self.validity = 7
        self.delivered: list[EmailMessage] = []
        self.envelopes: list[tuple[str, str]] = []
        self.down = False
        self.looks = 0
        """How often somebody has looked into the folder, and gone."""
        self.faults: list[tuple[str, str]] = []
        """What the next command of SMTP is answered with; an empty answer breaks the connection."""
        self.imap_port = self.smtp_port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    def __enter__(self) -> Self:
        ready = threading.Event()

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            self._over = asyncio.Event()
            imap = await asyncio.start_server(self._held(self._imap), "127.0.0.1", 0, limit=2**26)
            smtp = await asyncio.start_server(self._held(self._smtp), "127.0.0.1", 0, limit=2**26)
            self.imap_port = imap.sockets[0].getsockname()[1]
            self.smtp_port = smtp.sockets[0].getsockname()[1]
            ready.set()
            await self._over.wait()
            for server in (imap, smtp):
                server.close()
            for writer in list(self._writers):
                writer.close()

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        assert ready.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None and self._thread is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE)

    def _held(self, talk: _Talk) -> _Talk:
        async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.add(writer)
            try:
                if not self.down:
                    await talk(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                self._writers.discard(writer)
                writer.close()

        return held

    def touch(self) -> None:
        """Wake whoever waits."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until it holds."""
        with self._changed:
            assert self._changed.wait_for(condition, seconds), "this did not happen"

    async def until(self, condition: Callable[[MailSimulator], bool]) -> None:
        """Wait until it holds."""
        await asyncio.to_thread(self.wait, lambda: condition(self))

    # ---- people

    def post(
        self, text: str, *, sender: str = PERSON, subject: str = "Question", vouched: bool = True, **headers: str
    ) -> EmailMessage:
        """Somebody writes a letter."""
        letter = EmailMessage(policy=policy.SMTP)
        if vouched:
            domain = sender.rpartition("@")[2]
            letter["Authentication-Results"] = f"{SERVER}; dkim=pass header.d={domain}; dmarc=pass header.from={domain}"
        letter["From"] = f"Ann <{sender}>"
        letter["To"] = USER
        letter["Subject"] = subject
        letter["Date"] = "Sun, 29 Nov 2026 12:00:00 +0000"
        letter["Message-ID"] = f"<letter-{len(self.letters) + 1}@people.example>"
        for name, value in headers.items():
            letter[name.replace("_", "-")] = value
        letter.set_content(text)
        self.put(letter)
        return letter

    def put(self, letter: EmailMessage | bytes) -> int:
        """A letter arrives as it stands; its number."""
        uid = max(self.letters, default=100) + 1
        self.letters[uid] = letter if isinstance(letter, bytes) else letter.as_bytes()
        self.touch()
        return uid

    # ---- IMAP (RFC 3501, what is needed of it)

    async def _imap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        signed_in = False

        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        say("* OK ready")
        while line := (await reader.readline()).decode().strip():
            tag, _, rest = line.partition(" ")
            command = rest.upper()
            if command.startswith("CAPABILITY"):
                say("* CAPABILITY IMAP4rev1")
                say(f"{tag} OK done")
            elif command.startswith("LOGIN"):
                signed_in = rest.split(" ", 1)[1] in (f'{USER} "{self.password}"', f'"{USER}" "{self.password}"')
                say(f"{tag} OK hello" if signed_in else f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials")
            elif command.startswith("LOGOUT"):
                say("* BYE bye")
                say(f"{tag} OK done")
                self.looks += signed_in
                self.touch()
                return
            elif not signed_in:
                say(f"{tag} NO sign in first")
            elif command.startswith("SELECT"):
                if rest.split(" ", 1)[1].strip('"') != "INBOX":
                    say(f"{tag} NO no such mailbox")
                else:
                    say(f"* {len(self.letters)} EXISTS")
                    say(f"* OK [UIDVALIDITY {self.validity}] ok")
                    say(f"* OK [UIDNEXT {max(self.letters, default=100) + 1}] ok")
                    say(f"{tag} OK [READ-WRITE] done")
            elif command.startswith("UID SEARCH UID "):
                first = int(command.removeprefix("UID SEARCH UID ").split(":")[0])
                found = [uid for uid in sorted(self.letters) if uid >= first] or sorted(self.letters)[-1:]
                say(f"* SEARCH {' '.join(map(str, found))}".rstrip())
                say(f"{tag} OK done")
            elif command.startswith("UID FETCH"):
                self._fetch(rest, writer)
                say(f"{tag} OK done")
            elif command.startswith("UID STORE"):
                self.seen |= {int(one) for one in rest.split()[2].split(",")}
                self.touch()
                say(f"{tag} OK done")
            else:
                say(f"{tag} BAD what?")
            await writer.drain()

    def _fetch(self, rest: str, writer: asyncio.StreamWriter) -> None:
        uid = int(rest.split()[2])
        raw = self.letters.get(uid)
        if raw is None:
            return
        number = sorted(self.letters).index(uid) + 1
        if "RFC822.SIZE" in rest:
            writer.write(f"* {number} FETCH (UID {uid} RFC822.SIZE {len(raw)})\r\n".encode())
            return
        data = raw.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n" if "HEADER" in rest else raw
        what = "BODY[HEADER]" if "HEADER" in rest else "BODY[]"
        writer.write(f"* {number} FETCH (UID {uid} {what} {{{len(data)}}}\r\n".encode() + data + b")\r\n")

    # ---- SMTP (RFC 5321, what is needed of it)

    async def _smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        signed_in, sender, recipient = False, "", ""

        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        say(f"220 {SERVER} ready")
        while line := (await reader.readline()).decode().strip():
            word = line.split(" ")[0].upper()
            fault = next((one for one in self.faults if one[0] == word), None)
            if fault is not None and word != "DATA":
                self.faults.remove(fault)
                if not fault[1]:
                    return
                say(fault[1])
                continue
            if word == "EHLO":
                say(f"250-{SERVER}")
                say("250-AUTH PLAIN")
                say("250 8BITMIME")
            elif word == "AUTH":
                given = base64.b64decode(line.split(" ")[2]).split(b"\0")
                signed_in = given[1:] == [USER.encode(), self.password.encode()]
                say("235 ok" if signed_in else "535 5.7.8 bad credentials")
            elif word == "MAIL":
                sender = _address(line)
                say("250 ok" if signed_in else "530 sign in first")
            elif word == "RCPT":
                recipient = _address(line)
                say("550 no such user" if recipient.startswith("nobody@") else "250 ok")
            elif word == "DATA":
                say("354 go on")
                await writer.drain()
                data = await reader.readuntil(b"\r\n.\r\n")
                letter = re.sub(rb"(?m)^\.\.", b".", data.removesuffix(b".\r\n"))
                if fault is not None:
                    self.faults.remove(fault)
                if fault is None or not fault[1]:
                    self.envelopes.append((sender, recipient))
                    self.delivered.append(_parsed(letter))
                    self.touch()
                if fault is not None and not fault[1]:
                    return
                say("250 taken" if fault is None else fault[1])
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")
            await writer.drain()

    def texts(self, recipient: str) -> list[str]:
        """What somebody has in their mailbox of ours."""
        found = []
        for (_, to), letter in zip(self.envelopes, self.delivered, strict=True):
            if to == recipient:
                files = [part.get_filename() for part in letter.iter_attachments()]
                body = letter.get_body(("plain",))
                text = str(body.get_content()).replace("\r\n", "\n").strip() if body is not None else ""
                found.append(text or f"<{files[0] if files else ''}>")
        return found


def _address(line: str) -> str:
    found = re.search(r"<([^>]*)>", line)
    return found[1] if found else ""


def _parsed(raw: bytes) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(raw)
