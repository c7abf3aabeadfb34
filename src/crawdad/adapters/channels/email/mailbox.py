"""The two mail servers, spoken to by the standard library, whose clients block: everything here belongs in a thread."""

from __future__ import annotations

import contextlib
import imaplib
import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage

from crawdad.adapters.channels.email.settings import EmailSettings
from crawdad.core.channels import SendFailed, SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_SECONDS = 30.0
_BAD_LOGIN = (530, 534, 535, 538)
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_UID = re.compile(rb"UID (\d+)")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a folder was read: `validity` is the folder's own name of its numbering."""

    validity: int
    last: int


class Mailbox:
    """One look into a folder. Use it as a context manager; `cut` ends it from another thread."""

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._imap: imaplib.IMAP4 | None = None
        self.validity = 0
        self.next_uid = 1

    def __enter__(self) -> Mailbox:
        settings = self._settings
        try:
            self._imap = _imap(settings)
            try:
                password = settings.imap_password.reveal() if settings.imap_password else ""
                self._imap.login(settings.imap_username, password)
            except imaplib.IMAP4.error as error:
                raise SignedOut(
                    Text("email.bad_login", {"host": settings.imap_host, "reason": str(error)[:200]})
                ) from None
            answer, _ = self._imap.select(_quoted(settings.folder))
            if answer != "OK":
                words = Text("email.no_folder", {"folder": settings.folder})
                raise GatewayError(ErrorKind.BAD_REQUEST, words)
            self.validity = self._number("UIDVALIDITY")
            self.next_uid = self._number("UIDNEXT")
        except BaseException as error:
            self._close()
            raise _told(error, settings.imap_host) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._imap is not None:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                self._imap.logout()
            self._imap = None

    def cut(self) -> None:
        """End it at once."""
        if self._imap is not None:
            with contextlib.suppress(OSError):
                self._imap.shutdown()

    def after(self, uid: int) -> list[int]:
        """The letters that came later, oldest first."""
        found = self._do("SEARCH", f"UID {uid + 1}:*")
        numbers = sorted(int(one) for one in b" ".join(one for one in found if isinstance(one, bytes)).split())
        return [one for one in numbers if one > uid]  # `n:*` always names the last letter

    def size(self, uid: int) -> int:
        """How many bytes a letter has; 0: it is gone."""
        for one in self._do("FETCH", str(uid), "(UID RFC822.SIZE)"):
            if isinstance(one, bytes) and (found := _SIZE.search(one)):
                return int(found[1])
        return 0

    def letter(self, uid: int, *, head: bool = False) -> bytes:
        """A letter (or its head) as it came; it stays unread. Empty: it is gone."""
        what = "(UID BODY.PEEK[HEADER])" if head else "(UID BODY.PEEK[])"
        for one in self._do("FETCH", str(uid), what):
            if isinstance(one, tuple) and (found := _UID.search(one[0])) and int(found[1]) == uid:
                return bytes(one[1])
        return b""

    def seen(self, *uids: int) -> None:
        """Letters were read."""
        self._do("STORE", ",".join(map(str, uids)), "+FLAGS", r"(\Seen)")

    def _do(self, command: str, *arguments: str) -> list[object]:
        assert self._imap is not None
        try:
            answer, found = self._imap.uid(command, *arguments)
        except (imaplib.IMAP4.error, OSError) as error:
            raise _told(error, self._settings.imap_host) from None
        if answer != "OK":
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, f"{command}: {answer}")
        return list(found or [])

    def _number(self, name: str) -> int:
        assert self._imap is not None
        _, found = self._imap.response(name)
        return int(found[0]) if found and isinstance(found[0], bytes) and found[0].isdigit() else 1


def hand_over(settings: EmailSettings, letter: EmailMessage, recipient: str) -> None:
    """Give a letter to the server that delivers it. Raises `SendFailed`."""
    secret = settings.smtp_password or settings.imap_password
    user = settings.smtp_username or settings.imap_username
    try:
        smtp = _smtp(settings)
    except (OSError, smtplib.SMTPException) as error:
        raise SendFailed("not_sent", _reason(error, settings.smtp_host)) from None
    with contextlib.ExitStack() as stack:
        stack.callback(smtp.close)
        handed = False
        try:
            if settings.smtp_security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if secret is not None and user:
                smtp.login(user, secret.reveal())
            smtp.ehlo_or_helo_if_needed()
            handed = True
            smtp.send_message(letter, settings.address, [recipient])
        except smtplib.SMTPAuthenticationError as error:
            raise SendFailed("signed_out", _reason(error, settings.smtp_host)) from None
        except smtplib.SMTPNotSupportedError as error:
            raise SendFailed("refused", str(error)[:200]) from None
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0] if error.recipients else 550
            raise SendFailed("not_sent" if code < 500 else "refused", Text("email.refused", {"code": code})) from None
        except smtplib.SMTPResponseException as error:
            outcome = (
                "signed_out" if error.smtp_code in _BAD_LOGIN else "refused" if error.smtp_code >= 500 else "not_sent"
            )
            raise SendFailed(outcome, Text("email.refused", {"code": error.smtp_code})) from None  # type: ignore[arg-type]
        except (OSError, smtplib.SMTPException) as error:
            outcome = "ambiguous" if handed else "not_sent"
            raise SendFailed(outcome, _reason(error, settings.smtp_host)) from None  # type: ignore[arg-type]
        with contextlib.suppress(OSError, smtplib.SMTPException):
            smtp.quit()


def _imap(settings: EmailSettings) -> imaplib.IMAP4:
    if settings.imap_security == "tls":
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(settings.imap_host, settings.imap_port, ssl_context=context, timeout=_SECONDS)
    imap = imaplib.IMAP4(settings.imap_host, settings.imap_port, timeout=_SECONDS)
    if settings.imap_security == "starttls":
        imap.starttls(ssl.create_default_context())
    return imap


def _smtp(settings: EmailSettings) -> smtplib.SMTP:
    if settings.smtp_security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=_SECONDS, context=context)
    return smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=_SECONDS)


def _told(error: BaseException, host: str) -> BaseException:
    if isinstance(error, (imaplib.IMAP4.error, OSError)):
        return GatewayError(ErrorKind.UPSTREAM_BROKEN, _reason(error, host))
    return error


def _reason(error: BaseException, host: str) -> Text:
    return Text("http.unreachable", {"host": host, "reason": str(error)[:200] or type(error).__name__})


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
