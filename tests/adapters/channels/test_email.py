"""The channel to e-mail against a simulator of a mail server, by the standard library's clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from crawdad.adapters.channels.email import CHANNEL
from crawdad.adapters.channels.email.channel import EmailChannel
from crawdad.adapters.channels.email.settings import EmailSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channels import Chat, InboundMessage, OutboundMedia, OutboundMessage, SendFailed, SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.wire.email.letters import letter_of, read_event
from tests.simulators.mail import PASSWORD, PERSON, SERVER, USER, MailSimulator
from tests.support.channel_context import MemoryContext, running

DIRECT = Chat("direct", PERSON)


@pytest.fixture
def mail() -> Iterator[MailSimulator]:
    with MailSimulator() as simulator:
        yield simulator


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests") as transport:
        yield transport


def context_for(mail: MailSimulator, transport: HttpTransport, **settings: Any) -> MemoryContext:
    servers = {"imapHost": "127.0.0.1", "imapPort": mail.imap_port, "imapSecurity": "none"}
    servers |= {"smtpHost": "127.0.0.1", "smtpPort": mail.smtp_port, "smtpSecurity": "none"}
    login = {"imapUsername": USER, "imapPassword": PASSWORD, "authservId": SERVER, **settings}
    context = MemoryContext(EmailSettings.model_validate({**servers, **login}), transport, "email")
    context.memory.values["cursor"] = {"validity": mail.validity, "last": 100}
    return context


def opened(context: MemoryContext) -> EmailChannel:
    channel = CHANNEL.open(context)
    assert isinstance(channel, EmailChannel)
    return channel


@pytest.fixture
def context(mail: MailSimulator, transport: HttpTransport) -> MemoryContext:
    return context_for(mail, transport)


@pytest.fixture
def channel(context: MemoryContext) -> EmailChannel:
    return opened(context)


def read(letter: EmailMessage | bytes, vouching: str = SERVER) -> InboundMessage | None:
    raw = letter if isinstance(letter, bytes) else letter.as_bytes()
    return read_event(letter_of(raw, {"validity": 1, "uid": 1}, vouching))


def must(message: InboundMessage | None) -> InboundMessage:
    assert message is not None
    return message


async def test_a_letter_is_kept_then_marked_as_read(
    mail: MailSimulator, channel: EmailChannel, context: MemoryContext
) -> None:
    context.refusals = 1
    async with running(channel):
        mail.post("What is up?")
        await context.until(lambda: len(context.events) == 1)
        await mail.until(lambda one: one.seen == {101})
    message = must(channel.read(context.events[0]))
    assert (message.text, message.chat, message.sender.name) == ("Question\n\nWhat is up?", DIRECT, "Ann")
    assert message.at == 1_795_953_600.0
    assert context.memory.values["cursor"] == {"validity": 7, "last": 101}


async def test_what_stood_there_before_is_old(mail: MailSimulator, transport: HttpTransport) -> None:
    mail.post("old")
    context = context_for(mail, transport)
    del context.memory.values["cursor"]
    async with running(opened(context)):
        await context.until(lambda: bool(context.identities))
        mail.post("new")
        await context.until(lambda: len(context.events) == 1)
    assert context.events[0]["text"] == "new"


async def test_a_folder_that_numbers_anew_is_begun_anew(
    mail: MailSimulator, channel: EmailChannel, context: MemoryContext
) -> None:
    mail.post("before")
    mail.validity = 8
    async with running(channel):
        await context.until(lambda: bool(context.identities))
        assert context.memory.values["cursor"] == {"validity": 8, "last": 101}
        mail.post("after")
        await context.until(lambda: len(context.events) == 1)
    assert context.events[0]["text"] == "after"


async def test_many_letters_are_taken_in_order(
    mail: MailSimulator, channel: EmailChannel, context: MemoryContext
) -> None:
    for number in range(45):
        mail.post(f"letter {number}")
    async with running(channel):
        await context.until(lambda: len(context.events) == 45)
    assert [one["text"] for one in context.events] == [f"letter {number}" for number in range(45)]


@pytest.mark.parametrize(
    ("results", "sender"),
    [
        (f"{SERVER}; dmarc=pass header.from=people.example", PERSON),
        (f"{SERVER}; dkim=pass header.d=people.example", PERSON),
        (f"{SERVER}; dkim=pass header.d=evil.example", f"unverified:{PERSON}"),
        (f"{SERVER}; dmarc=fail; dkim=pass header.d=people.example", f"unverified:{PERSON}"),
        (f"{SERVER}; spf=pass", f"unverified:{PERSON}"),
        (f"{SERVER}; none", f"unverified:{PERSON}"),
        ("other.example; dmarc=pass", f"unverified:{PERSON}"),
        (f"{SERVER}.evil.example; dmarc=pass", f"unverified:{PERSON}"),
        ("", f"unverified:{PERSON}"),
    ],
)
def test_a_sender_is_who_the_own_server_vouches_for(mail: MailSimulator, results: str, sender: str) -> None:
    head = f"Authentication-Results: {results}\r\n".encode() if results else b""
    assert must(read(head + mail.post("hi", vouched=False).as_bytes())).sender.id == sender


def test_only_the_first_word_of_the_own_server_counts(mail: MailSimulator) -> None:
    raw = mail.post("hi", vouched=False, Authentication_Results=f"{SERVER}; dmarc=pass").as_bytes()
    assert must(read(b"Authentication-Results: " + SERVER.encode() + b"; dmarc=fail\r\n" + raw)).sender.id != PERSON
    assert must(read(mail.post("hi"), vouching="")).sender.id == f"unverified:{PERSON}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List-Id": "<news.example>"},
        {"Return-Path": "<>"},
    ],
)
def test_what_programs_write_is_not_answered(mail: MailSimulator, headers: dict[str, str]) -> None:
    letter = mail.post("hi")
    for name, value in headers.items():
        letter[name] = value
    assert read(letter) is None
    assert read(mail.post("hi", sender="MAILER-DAEMON@people.example")) is None
    assert read(mail.post("hi", Auto_Submitted="no")) is not None


def test_quotations_html_and_old_charsets_are_read(mail: MailSimulator) -> None:
    text = "My answer.\n\nOn Sun, Nov 29, 2026 at 12:00 Claw wrote:\n> earlier words\n> more"
    found = must(read(mail.post(text, In_Reply_To="<1@claw.example>")))
    assert (found.text, found.quoted and found.quoted.text) == ("My answer.", "earlier words\nmore")
    page = EmailMessage()
    page["From"], page["Message-ID"], page["In-Reply-To"] = PERSON, "<h@x>", "<1@claw.example>"
    page.set_content("<style>p{}</style><p>Tom &amp; Jerry</p><script>alert(1)</script><p>二</p>", subtype="html")
    assert must(read(page)).text == "Tom & Jerry\n二"
    gbk = b"From: a@b.example\r\nContent-Type: text/plain; charset=gb2312\r\n\r\n" + "你好，世界".encode("gbk")
    assert must(read(gbk)).text == "你好，世界"
    odd = b"From: a@b.example\r\nContent-Type: text/plain; charset=no-such\r\n\r\nplain"
    assert must(read(odd)).text == "plain"
    assert read(b"") is None


async def test_an_answer_stands_in_its_conversation(
    mail: MailSimulator, channel: EmailChannel, context: MemoryContext
) -> None:
    async with running(channel):
        mail.post("What is up?", References="<a@x> <b@x>")
        await context.until(lambda: len(context.events) == 1)
    told = must(channel.read(context.events[0])).reply_context
    receipt = await channel.send(OutboundMessage("p1", DIRECT, "All is well.\n.\nBye", reply_context=told))
    (letter,) = mail.delivered
    assert (letter["To"], letter["Subject"], letter["Auto-Submitted"]) == (PERSON, "Re: Question", "auto-replied")
    assert letter["In-Reply-To"] == "<letter-1@people.example>"
    assert letter["References"] == "<a@x> <b@x> <letter-1@people.example>"
    assert (letter["Message-ID"],) == receipt.message_ids
    assert mail.texts(PERSON) == ["All is well.\n.\nBye"]


async def test_nobody_writes_headers_through_a_subject_or_a_name(mail: MailSimulator, transport: HttpTransport) -> None:
    channel = opened(context_for(mail, transport, fromName="Claw\r\nBcc: evil@x.example"))
    told = {"subject": "Hi\r\nBcc: evil@x.example", "in_reply_to": "<a@x>\r\nX-Evil: 1"}
    media = OutboundMedia("document", b"data", "text/plain", 'a"\r\nX-Evil: 1.txt')
    await channel.send(OutboundMessage("p1", DIRECT, "hi", media=media, reply_context=told))
    (letter,) = mail.delivered
    assert letter["Bcc"] is None and letter["X-Evil"] is None
    assert mail.envelopes == [(USER, PERSON)]


async def test_files_go_and_come(mail: MailSimulator, channel: EmailChannel, context: MemoryContext) -> None:
    letter = mail.post("look")
    letter.add_attachment(b"%PDF data", maintype="application", subtype="pdf", filename="报告.pdf")
    mail.letters[101] = letter.as_bytes()
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
    media = must(channel.read(context.events[0])).media[0]
    assert (media.kind, media.media_type, media.name, media.size) == ("document", "application/pdf", "报告.pdf", 9)
    assert b"".join([chunk async for chunk in channel.fetch(media, 9)]) == b"%PDF data"
    with pytest.raises(GatewayError) as large:
        assert [chunk async for chunk in channel.fetch(media, 8)]
    assert large.value.kind is ErrorKind.TOO_LARGE
    mail.letters.clear()
    with pytest.raises(GatewayError) as gone:
        assert [chunk async for chunk in channel.fetch(media, 9)]
    assert gone.value.kind is ErrorKind.NOT_FOUND
    await channel.send(OutboundMessage("p1", DIRECT, media=OutboundMedia("image", b"pixels", "image/png", "a.png")))
    (file,) = mail.delivered[0].iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("a.png", b"pixels")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (("RCPT", "550 no such user"), "refused"),
        (("RCPT", "451 later"), "not_sent"),
        (("MAIL", "552 too much"), "refused"),
        (("DATA", "451 later"), "not_sent"),
        (("DATA", ""), "ambiguous"),
        (("EHLO", ""), "not_sent"),
    ],
)
async def test_what_the_server_says_is_what_became_of_it(
    mail: MailSimulator, channel: EmailChannel, fault: tuple[str, str], outcome: str
) -> None:
    mail.faults.append(fault)
    with pytest.raises(SendFailed) as failed:
        await channel.send(OutboundMessage("p1", DIRECT, "hi"))
    assert failed.value.outcome == outcome


async def test_a_wrong_password_is_a_sign_out(mail: MailSimulator, transport: HttpTransport) -> None:
    channel = opened(context_for(mail, transport, imapPassword="another-password"))
    with pytest.raises(SignedOut) as refused:
        await channel.run()
    assert "another-password" not in refused.value.message()
    with pytest.raises(SendFailed) as failed:
        await channel.send(OutboundMessage("p1", DIRECT, "hi"))
    assert failed.value.outcome == "signed_out"


async def test_a_folder_that_is_not_there_is_told(mail: MailSimulator, transport: HttpTransport) -> None:
    with pytest.raises(GatewayError) as refused:
        await opened(context_for(mail, transport, folder="Agents")).run()
    assert refused.value.kind is ErrorKind.BAD_REQUEST


HOSTILE = (
    b"Message-ID: <>",
    b"Message-ID: <a@[>",
    b"From: Group: a@b, c@d;",
    b"Content-Type: multipart/mixed; boundary=",
    b"Content-Disposition: attachment; filename*0*=x''a; filename*2=b",
    b"Date: Fri, 99 Foo 2020 99:99:99 +9999",
)


@pytest.mark.parametrize("header", HOSTILE)
async def test_a_hostile_letter_holds_up_no_other(
    mail: MailSimulator, channel: EmailChannel, context: MemoryContext, header: bytes
) -> None:
    sender = b"" if header.startswith(b"From") else b"From: Mallory <mallory@people.example>\r\n"
    mail.put(sender + header + b"\r\nSubject: x\r\n\r\nhello\r\n")
    mail.post("What is up?")
    async with running(channel):
        await context.until(lambda: len(context.events) == 2)
    channel.read(context.events[0])
    assert context.events[1]["text"] == "What is up?" and context.memory.values["cursor"]["last"] == 102


async def test_a_letter_that_cannot_be_read_is_kept_for_people(
    mail: MailSimulator, channel: EmailChannel, context: MemoryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(raw: bytes, *_: Any) -> Any:
        if b"poison" in raw:
            raise RecursionError
        return letter_of(raw, *_)

    monkeypatch.setattr("crawdad.adapters.channels.email.channel.letter_of", broken)
    mail.post("poison")
    mail.post("good")
    async with running(channel):
        await context.until(lambda: len(context.events) == 2)
    assert context.events[1]["text"] == "good"
    with pytest.raises(KeyError):
        channel.read(context.events[0])
