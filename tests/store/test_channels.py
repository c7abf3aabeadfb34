"""What channels keep: events that came in, deliveries with their parts, chats, and who may write."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from crawdad.core.channels import Account, Button, Chat, InboundMedia, InboundMessage, OutboundMedia, Person
from crawdad.store.channel_chats import ChannelChats, SaidMessage
from crawdad.store.channel_inbox import ChannelInbox
from crawdad.store.channel_outbox import ChannelOutbox
from crawdad.store.channel_people import ChannelPeople, PairedPerson, PairingRequest
from crawdad.store.channel_rows import Arrival, DeliveryDraft, PartDraft, lane_of
from crawdad.store.database import Database

ONE, OTHER = Account("memory"), Account("memory", "second")
CHAT = Chat("direct", "u1")
GROUP = Chat("group", "g")
LANE = lane_of(CHAT)


def message(event_id: str, text: str = "hi", chat: Chat = CHAT) -> InboundMessage:
    media = (InboundMedia("image", {"file": "f1", "n": 9_007_199_254_740_993}, "image/png", "a.png", 3),)
    return InboundMessage(event_id, chat, Person("u1", "Ann"), 1.0, text=text, media=media, reply_context={"t": "c"})


def arrival(number: int, chat: Chat = CHAT) -> Arrival:
    return Arrival(f"row{number}", f"e{number}", lane_of(chat), message(f"e{number}", f"text {number}", chat))


async def test_events_are_kept_once_for_each_account_and_in_order(database: Database) -> None:
    inbox = ChannelInbox(database)
    assert await inbox.append(ONE, [arrival(1), arrival(2)], 1.0) == ["row1", "row2"]
    again = Arrival("row3", "e2", LANE, message("e2"))
    assert await inbox.append(ONE, [again, arrival(4)], 2.0) == ["row4"], "a known event is dropped, the rest kept"
    assert await inbox.append(OTHER, [Arrival("row5", "e2", LANE, message("e2"))], 3.0) == ["row5"]
    first = (await inbox.next(ONE, LANE))[0]
    assert first is not None and first.id == "row1" and first.message == message("e1", "text 1")
    await inbox.change("row1", 4.0, state="ordered", run_id="run", session_key="agent:main:main")
    second = (await inbox.next(ONE, LANE))[0]
    assert second is not None and second.id == "row2", "what is ordered does not hold up what is behind it"
    (ordered,) = await inbox.ordered(ONE)
    assert ordered.run_id == "run" and await inbox.ordered(OTHER) == []
    await inbox.change("row1", 5.0, state="done", reason="answered")
    done = await inbox.get("row1")
    assert done is not None and done.message is None and done.reason == "answered"
    assert await inbox.append(ONE, [arrival(1)], 6.0) == [], "what is done is still known"
    assert await inbox.counts(ONE) == {"waiting": 2}
    assert await inbox.delete_done(5.0) == 0 and await inbox.delete_done(5.5) == 1
    assert await inbox.append(ONE, [Arrival("row9", "e1", LANE, message("e1"))], 7.0) == ["row9"]


async def test_chats_have_lanes_of_their_own(database: Database) -> None:
    inbox = ChannelInbox(database)
    group, thread = Chat("group", "g"), Chat("group", "g", thread="t")
    await inbox.append(ONE, [arrival(1), arrival(2, group), arrival(3, thread)], 1.0)
    assert sorted(await inbox.lanes(ONE)) == ["direct:u1", "group:g", "group:g:t"] and await inbox.lanes(OTHER) == []


async def test_dead_events_are_listed_and_may_live_again(database: Database) -> None:
    inbox = ChannelInbox(database)
    await inbox.append(ONE, [Arrival("bad", "hash", "", None, {"odd": 1}, "no chat in it"), arrival(1)], 1.0)
    (dead,) = await inbox.dead("memory")
    assert (dead.id, dead.raw, dead.message, dead.reason) == ("bad", {"odd": 1}, None, "no chat in it")
    assert await inbox.dead("other") == [] and await inbox.dead("memory", "second") == []
    assert await inbox.revive("bad", 2.0, LANE, message("e9")) and not await inbox.revive("bad", 2.0)
    assert await inbox.counts(ONE) == {"waiting": 2} and await inbox.dead() == []
    await inbox.change("row1", 3.0, state="dead", reason="gave up")
    assert [one.id for one in await inbox.dead()] == ["row1"]
    assert await inbox.revive("row1", 4.0)
    revived = await inbox.get("row1")
    assert revived is not None and revived.state == "waiting" and revived.message == message("e1", "text 1")


async def test_of_two_deliveries_with_one_key_the_first_counts(database: Database) -> None:
    outbox = ChannelOutbox(database)
    drafts = [DeliveryDraft(f"d{n}", "key", ONE, CHAT) for n in range(4)]
    made = await asyncio.gather(*(outbox.put(one, [PartDraft(f"{one.id}.0", text=one.id)], 1.0) for one in drafts))
    assert sorted(new for _, new in made) == [False, False, False, True]
    (kept,) = {delivery.id for delivery, _ in made}
    known = await outbox.known("key")
    assert known is not None and known.id == kept and known.parts[0].text == kept


async def test_parts_and_their_receipts(database: Database) -> None:
    outbox = ChannelOutbox(database)
    media = OutboundMedia("image", b"\x89PNG", "image/png", "a.png", voice=True)
    parts = [PartDraft("p0", text="one", buttons=(Button("Yes", "y"),)), PartDraft("p1", media=media)]
    await outbox.put(DeliveryDraft("d", "k", ONE, CHAT, reply_to="m1", mention="u1"), parts, 1.0)
    assert await outbox.lanes(ONE) == [LANE] and await outbox.lanes(OTHER) == []
    found = (await outbox.next(ONE, LANE))[0]
    assert found is not None and (found.reply_to, found.mention, found.chat) == ("m1", "u1", CHAT)
    assert [part.state for part in found.parts] == ["waiting", "waiting"]
    assert found.parts[0].buttons == (Button("Yes", "y"),) and found.parts[1].media["size"] == 4
    assert await outbox.media("d", 1) == media and await outbox.media("d", 0) is None
    await outbox.mark_part("d", 0, 2.0, state="sent", message_ids=("x", "y"))
    await outbox.mark_part("d", 1, 3.0, state="sent", message_ids=())
    assert await outbox.media("d", 1) is None, "the bytes go with the receipt"
    found = (await outbox.next(ONE, LANE))[0]
    assert found is not None and found.parts[0].message_ids == ("x", "y")
    await outbox.mark("d", 4.0, state="sent")
    assert (await outbox.next(ONE, LANE))[0] is None and await outbox.counts(ONE) == {}
    assert await outbox.delete_before(4.0) == 0 and await outbox.delete_before(5.0) == 1
    assert await outbox.get("d") is None


async def test_a_part_is_cut_anew_and_those_behind_it_move_on(database: Database) -> None:
    outbox = ChannelOutbox(database)
    await outbox.put(DeliveryDraft("d", "k", ONE, CHAT), [PartDraft("a"), PartDraft("b"), PartDraft("c")], 1.0)
    await outbox.recut("d", 1, [PartDraft("b.0"), PartDraft("b.1"), PartDraft("b.2")])
    found = await outbox.get("d")
    assert found is not None
    assert [(part.number, part.id) for part in found.parts] == [(0, "a"), (1, "b.0"), (2, "b.1"), (3, "b.2"), (4, "c")]


async def test_a_delivery_grows_until_it_is_done(database: Database) -> None:
    outbox = ChannelOutbox(database)
    await outbox.put(DeliveryDraft("d", "k", ONE, CHAT, growing=True), [PartDraft("p0", "preview", "He")], 1.0)
    assert (await outbox.next(ONE, LANE))[0] is not None
    await outbox.mark_part("d", 0, 2.0, state="sent", message_ids=("m",))
    assert (await outbox.next(ONE, LANE))[0] is None, "it grows, and nothing of it waits"
    grown = await outbox.grow("d", [PartDraft("p1", text="tail")], 3.0, covered="Hello", edit=(0, "Hello"), done=True)
    assert (grown.state, grown.covered) == ("open", "Hello")
    assert [(part.state, part.text) for part in grown.parts] == [("edit", "Hello"), ("waiting", "tail")]
    await outbox.mark("d", 4.0, state="failed")
    assert len((await outbox.grow("d", [PartDraft("p2")], 5.0)).parts) == 2, "what is settled grows no more"


async def test_what_is_parked_waits_for_somebody_to_write(database: Database) -> None:
    outbox = ChannelOutbox(database)
    for number in range(3):
        await outbox.put(DeliveryDraft(f"d{number}", f"k{number}", ONE, CHAT), [PartDraft("p")], 1.0)
        await outbox.mark(f"d{number}", 2.0, state="parked")
    assert [one.id for one in await outbox.parked(ONE, LANE)] == ["d0", "d1", "d2"]
    assert (await outbox.next(ONE, LANE))[0] is None and await outbox.counts(ONE) == {"parked": 3}
    assert await outbox.unpark(OTHER, LANE, 4.0) == 0 and await outbox.unpark(ONE, LANE, 4.0) == 3
    found = (await outbox.next(ONE, LANE))[0]
    assert found is not None and found.id == "d0"


async def test_chats_know_where_their_answers_go(database: Database) -> None:
    chats = ChannelChats(database)
    outbox = ChannelOutbox(database)
    await chats.heard(ONE, CHAT, {"token": "a"}, 10.0)
    delivery, _ = await outbox.put(DeliveryDraft("d", "k", ONE, CHAT), [PartDraft("p", text="hi")], 11.0)
    await outbox.sent(delivery, 0, ["x1", "x2"], "hi", 12.0)
    known = await chats.get(ONE, LANE)
    assert known is not None and (known.reply_context, known.sent_since) == ({"token": "a"}, 1)
    ours = await chats.said(ONE, CHAT, "x2")
    assert ours is not None and ours.ours and ours.text == "hi" and await chats.spoke(ONE, LANE)
    part = (await outbox.get("d")).parts[0]  # type: ignore[union-attr]
    assert (part.state, part.message_ids) == ("sent", ("x1", "x2"))
    await chats.heard(ONE, CHAT, {}, 20.0)
    known = await chats.get(ONE, LANE)
    assert known is not None and (known.reply_context, known.sent_since) == ({"token": "a"}, 0)
    await chats.heard(ONE, Chat("group", "u1"), {}, 30.0)
    assert [one.chat.kind for one in await chats.find(ONE, "u1")] == ["group", "direct"]
    assert await chats.find(ONE, "u1", "t") == [] and await chats.find(OTHER, "u1") == []
    assert len(await chats.all(ONE)) == 2


async def test_what_was_said_in_a_group_waits_to_be_shown(database: Database) -> None:
    chats = ChannelChats(database)
    for number in range(5):
        said = SaidMessage(f"m{number}", float(number), f"text {number}", "u", "Ann")
        await chats.say(ONE, GROUP, said, pending=True)
    await chats.say(ONE, GROUP, SaidMessage("b", 2.5, "ours", ours=True))
    assert [one.text for one in await chats.pending(ONE, "group:g", 3)] == ["text 2", "text 3", "text 4"]
    await chats.trim(ONE, "group:g", 2)
    assert [one.message_id for one in await chats.pending(ONE, "group:g", 9)] == ["m3", "m4"]
    await chats.shown(ONE, "group:g", 3.0)
    assert [one.message_id for one in await chats.pending(ONE, "group:g", 9)] == ["m4"]
    said_ = await chats.said(ONE, GROUP, "b")
    assert said_ is not None and said_.ours and await chats.said(OTHER, GROUP, "b") is None
    assert await chats.delete_before(3.5) == 2


def _asks(sender: str, code: str, account: Account = ONE, at: float = 1.0) -> PairingRequest:
    return PairingRequest(account, sender, sender.upper(), code, CHAT, at, at, at + 100.0)


async def test_few_may_ask_at_once_and_not_for_ever(database: Database) -> None:
    people = ChannelPeople(database)
    asked = await asyncio.gather(*(people.ask(_asks(f"u{n}", f"CODE{n}"), 3) for n in range(8)))
    assert sum(new for _, new in asked) == 3 and sum(found is None for found, _ in asked) == 5
    assert (await people.ask(_asks("u9", "X", OTHER), 3))[1], "accounts do not share the limit"
    first = next(found for found, new in asked if found and new)
    again = (replace(first, seen_at=50.0), False)
    assert await people.ask(_asks(first.sender_id, "NEW", at=50.0), 3) == again, "the code stays the same"
    assert again[0] in await people.waiting(50.0)
    assert (
        len(await people.waiting(50.0, "memory", "default")) == 3
        and await people.waiting(101.0, "memory", "default") == []
    )
    assert (await people.ask(_asks("late", "LATE", at=101.0), 3))[1], "those whose time is over make room"


async def test_a_code_lets_in_once(database: Database) -> None:
    people = ChannelPeople(database)
    await people.ask(_asks("u1", "AAAA"), 3)
    assert await people.approve("memory", "", "BBBB", "op", 2.0) is None
    assert await people.approve("other", "", "AAAA", "op", 2.0) is None
    assert await people.approve("memory", "", "AAAA", "op", 101.0) is None, "its time is over"
    let_in = await asyncio.gather(*(people.approve("memory", "", "AAAA", "op", 2.0) for _ in range(4)))
    assert sum(one is not None for one in let_in) == 1
    found = await people.find(ONE, ["x", "u1"])
    assert found is not None and (found.sender_id, found.name, found.owner) == ("u1", "U1", False)
    assert await people.find(OTHER, ["u1"]) is None
    await people.add(PairedPerson(ONE, "u1", "U1", True, 3.0, "scan"))
    (one,) = await people.of(ONE)
    assert one.owner
    assert await people.remove(ONE, "u1") and not await people.remove(ONE, "u1")
    await people.ask(_asks("u2", "CCCC"), 3)
    assert await people.dismiss(ONE, "u2") and not await people.dismiss(ONE, "u2")


async def test_what_was_given_up_is_forgotten_in_time(database: Database) -> None:
    inbox = ChannelInbox(database)
    await inbox.append(ONE, [Arrival("row1", "e1", "", None, {"odd": True}, "unreadable")], 1.0)
    assert await inbox.delete_done(1.0) == 0 and len(await inbox.dead()) == 1
    assert await inbox.delete_done(1.5) == 1 and await inbox.dead() == []
