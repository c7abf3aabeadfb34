"""The way in: an event is kept before it is acknowledged, taken in its chat's turn, and followed until it is answered.

The steps of an event are `waiting`, `ordered` (a run was ordered, an answer is on its way) and `done`. Each is kept when it is
reached, and each can be done twice without harm: the run is ordered under the event's name, its answer goes out under it.
"""

from __future__ import annotations

import orjson
import structlog

from crawdad.core.channel_notices import EVENT
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.pacing import left_until
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.core.tracing import span
from crawdad.services.channels.acknowledging import Acknowledging
from crawdad.services.channels.answering import Answering
from crawdad.services.channels.arrivals import arrival_of, lane_for
from crawdad.services.channels.automations import Automations
from crawdad.services.channels.gathering import Gathering
from crawdad.services.channels.messages import Messages
from crawdad.services.channels.questions import Questions
from crawdad.services.channels.requests import Requests
from crawdad.services.channels.sending import Sending
from crawdad.services.channels.world import OpenAccount
from crawdad.store.channel_rows import Arrival, StoredEvent, dump

MOST_ATTEMPTS = 5
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 300.0
_BUSY = (ErrorKind.UNAVAILABLE, ErrorKind.RATE_LIMITED)
"""That there is no room is no fault of the message."""

_log = structlog.get_logger(__name__)


class Intake:
    """The way in of one account."""

    def __init__(self, account: OpenAccount, sending: Sending, answering: Answering) -> None:
        self._desk = account
        self._world = account.world
        self._inbox = account.world.inbox
        self._answering = answering
        self._acknowledging = Acknowledging(account)
        self.questions = Questions(account, sending)
        self.requests = Requests(account)
        self._automations = Automations(account, sending, self.requests)
        self._messages = Messages(account, sending, self._acknowledging, self.questions)
        self._gathering = Gathering(account, self._automations.note)
        self._working: set[str] = set()
        self._wanted: set[str] = set()
        self._followed: set[str] = set()

    async def admit(self, *events: JsonObject) -> None:
        """See `core.channels.ChannelContext`."""
        arrivals = [arrival for event in events if (arrival := self._arrival(event)) is not None]
        if not arrivals:
            return
        made = set(await self._inbox.append(self._desk.account, arrivals, self._desk.now))
        self._desk.status.inbound_at = self._desk.now
        for arrival in arrivals:
            if arrival.id in made and arrival.message is not None:
                self.poke(arrival.lane)

    def _arrival(self, event: JsonObject) -> Arrival | None:
        return arrival_of(self._desk.account, self._desk.channel, event, self._world.randomness.new_id())

    def poke(self, lane: str) -> None:
        """Something waits in a chat."""
        self._wanted.add(lane)
        if lane not in self._working:
            self._working.add(lane)
            self._desk.tasks.start(self._work(lane), f"messages of {self._desk.account} {lane}")

    async def begin(self) -> None:
        """Take up what was there before: what waits, and what an answer was on its way to."""
        for event in await self._inbox.ordered(self._desk.account):
            self._follow(event)
        for lane in await self._inbox.lanes(self._desk.account):
            # What stood first when the last process ended may be what ended it.
            await self._inbox.count_start(self._desk.account, lane)
            self.poke(lane)

    async def revive(self, event_row: str) -> bool:
        """Have a dead event looked at anew. False: it is not dead. Raises BAD_REQUEST when it still cannot be read."""
        event = await self._inbox.get(event_row)
        if event is None or event.state != "dead":
            return False
        message, lane = event.message, event.lane
        if message is None:
            try:
                message = self._desk.channel.read(event.raw or {})
            except Exception as error:  # a channel is other people's code
                raise GatewayError(ErrorKind.BAD_REQUEST, Text("channels.unreadable")) from error
            if message is None:
                await self._done(event, "ignored")
                return True
            lane = lane_for(message)
        if await self._inbox.revive(event_row, self._desk.now, lane, message):
            self.poke(lane)
        return True

    async def _work(self, lane: str) -> None:
        try:
            while lane in self._wanted:
                self._wanted.discard(lane)
                more = True
                while more:
                    event, more = await self._inbox.next(self._desk.account, lane)
                    if event is not None:
                        more = not await self._step(event) or more
        finally:
            self._working.discard(lane)

    async def _step(self, event: StoredEvent) -> bool:
        """Go on with an event. Whether it waits no more."""
        wait = left_until(event.ready_at, self._desk.now, event.updated_at)
        if wait > 0:
            await self._world.clock.sleep(min(wait, 60.0))
            return False
        attempts = event.attempts + 1
        try:
            if attempts > MOST_ATTEMPTS:
                raise GatewayError(ErrorKind.INTERNAL, event.reason or "it ends the process")
            gathered = await self._gathering.gathered(event)
            if gathered is None:
                return False
            event = gathered
            with span("receive message", "server", {"messaging.system": event.account.channel}):
                await self._take(event)
        except GatewayError as error:
            await self._again(event, attempts, error.message(), busy=error.kind in _BUSY)
        except Exception as error:  # one message must not hold up its chat for ever
            _log.exception("channel_message_failed", account=str(self._desk.account))
            await self._again(event, attempts, f"{type(error).__name__}"[:300])
        else:
            return True
        return False

    async def _again(self, event: StoredEvent, attempts: int, reason: str, *, busy: bool = False) -> None:
        now = self._desk.now
        if attempts >= MOST_ATTEMPTS and not busy:
            await self._inbox.change(event.id, now, state="dead", reason=reason[:500])
            await self._desk.tell("dead_letter", Text("channels.dead_letter", {"reason": reason[:200]}), event=event.id)
            return
        wait = min(_FIRST_WAIT * 2 ** (attempts - 1), _LONGEST_WAIT)
        kept = min(attempts, MOST_ATTEMPTS - 1) if busy else attempts
        await self._inbox.change(event.id, now, attempts=kept, ready_at=now + wait, reason=reason[:500])

    async def _take(self, event: StoredEvent) -> None:
        message = event.message
        assert message is not None, "what waits has its message"
        await self._desk.publish(EVENT, {"id": event.id, "message": orjson.loads(dump(message))})
        if message.kind in ("message", "button"):
            reason = await self._automations.heard(event, message)
            if reason:
                await self._done(event, reason)
            else:
                self._follow(await self._messages.take(event, message))
            return
        if message.kind == "request" and message.request is not None:
            reason, run_id = await self._automations.asked(event, message)
        else:
            reason, run_id = await self._automations.happened(event, message)
        if not run_id:
            await self._done(event, reason or "kind")
            return
        self._follow(await self._inbox.order(event, run_id, "", None, self._desk.now))

    def _follow(self, event: StoredEvent | None) -> None:
        if event is not None and event.state == "ordered" and event.id not in self._followed:
            self._followed.add(event.id)
            self._desk.tasks.start(self._see_through(event), f"answer to {event.account} {event.event_id}"[:200])

    async def _see_through(self, event: StoredEvent) -> None:
        """Until it is done. Faults of the moment are waited out: what was ordered is answered."""
        wait = _FIRST_WAIT
        try:
            while True:
                try:
                    await self._done(event, await self._end_of(event))
                except GatewayError as error:
                    _log.warning("channel_answer_delayed", account=str(self._desk.account), reason=error.message())
                except Exception:  # whatever failed, what was ordered is not to be forgotten
                    _log.exception("channel_answer_failed", account=str(self._desk.account))
                else:
                    return
                await self._world.clock.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
        finally:
            self._followed.discard(event.id)
            self.questions.end(event)

    async def _end_of(self, event: StoredEvent) -> str:
        message = event.message
        assert message is not None, "what is ordered has its message"
        if message.kind == "request":
            return await self.requests.see_through(event)
        if message.kind not in ("message", "button"):
            return await self._automations.see_through(event)
        reason = await self._answering.see_through(event)
        self._acknowledging.lift(message)
        return reason

    async def _done(self, event: StoredEvent, reason: str) -> None:
        await self._inbox.change(event.id, self._desk.now, state="done", reason=reason)
