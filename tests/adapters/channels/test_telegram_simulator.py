"""The simulator of the Bot API, against python-telegram-bot: a client that was not written by us finds what it expects."""

from __future__ import annotations

import asyncio

import pytest

from tests.simulators.telegram import TelegramSimulator

telegram = pytest.importorskip("telegram", reason="python-telegram-bot is not installed")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_an_independent_client_gets_along_with_it() -> None:
    with TelegramSimulator() as simulator:
        simulator.say("hello")
        bot = telegram.Bot(simulator.token, base_url=f"{simulator.url}/bot", base_file_url=f"{simulator.url}/file/bot")
        async with bot:
            assert bot.username == "ClawBot"
            (update,) = await bot.get_updates(timeout=1)
            assert (update.message.text, update.message.chat.id, update.effective_user.username) == (
                "hello",
                501,
                "ann",
            )
            waiting = asyncio.ensure_future(bot.get_updates(offset=update.update_id + 1, timeout=5))  # noqa: TID251
            button = telegram.InlineKeyboardButton("Yes", callback_data="yes")
            sent = await bot.send_message(
                501, "<b>hi</b> there", parse_mode="HTML", reply_markup=telegram.InlineKeyboardMarkup([[button]])
            )
            assert (sent.text, sent.entities[0].type) == ("hi there", "bold")
            simulator.press(sent.message_id, "yes")
            (pressed,) = await waiting
            assert pressed.callback_query.data == "yes"
            assert await pressed.callback_query.answer()
            assert (await bot.edit_message_text("edited", 501, sent.message_id)).text == "edited"
            with pytest.raises(telegram.error.BadRequest, match=r"(?i)not modified"):
                await bot.edit_message_text("edited", 501, sent.message_id)
            with pytest.raises(telegram.error.BadRequest, match=r"(?i)can't parse entities"):
                await bot.send_message(501, "<x>", parse_mode="HTML")
            document = await bot.send_document(501, b"some bytes", filename="a.txt", caption="look")
            file = await bot.get_file(document.document.file_id)
            assert bytes(await file.download_as_bytearray()) == b"some bytes"
            assert (await bot.send_photo(501, b"\x89PNG....", filename="a.png")).photo
            await bot.send_chat_action(501, "typing")
            await bot.set_message_reaction(501, sent.message_id, "👍")
            simulator.fail("sendMessage", 429, "Too Many Requests: retry after 5", retry_after=5)
            with pytest.raises(telegram.error.RetryAfter):
                await bot.send_message(501, "x")
            simulator.move_group(-7, -1007)
            with pytest.raises(telegram.error.ChatMigrated) as moved:
                await bot.send_message(-7, "x")
            assert moved.value.new_chat_id == -1007
        assert simulator.texts() == ["edited", "look", ""]
        wrong = telegram.Bot("1:wrong", base_url=f"{simulator.url}/bot")
        with pytest.raises(telegram.error.InvalidToken):
            await wrong.initialize()
        await wrong.shutdown()
