"""News for open pages."""

from __future__ import annotations

import asyncio
import threading

from sonoher2.server.storage.events import MOST_WAITING, Event, Events


def test_whoever_listens_hears_what_a_thread_says_of_this_topic() -> None:
    events, heard = Events(), []

    async def listen() -> None:
        stream = events.listen("study", every=60)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)

        def speak() -> None:
            events.publish("other", Event("step", {"done": 0}))
            for done in (1, 2):
                events.publish("study", Event("step", {"done": done}))

        threading.Thread(target=speak).start()
        heard.append(await waiting)
        heard.append(await anext(stream))
        await stream.aclose()

    asyncio.run(listen())
    assert heard == [Event("step", {"done": 1}), Event("step", {"done": 2})]
    events.publish("study", Event("step", {"done": 3}))


def test_silence_is_told_so_that_the_line_stays_open() -> None:
    async def listen() -> object:
        stream = Events().listen("study", every=0.01)
        first = await anext(stream)
        await stream.aclose()
        return first

    assert asyncio.run(listen()) is None


def test_a_page_that_does_not_listen_misses_the_oldest_news() -> None:
    async def listen() -> object:
        events = Events()
        stream = events.listen("study", every=60)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        for number in range(MOST_WAITING + 5):
            events.publish("study", Event("step", {"done": number}))
        await asyncio.sleep(0.05)
        first = await waiting
        second = await anext(stream)
        await stream.aclose()
        return first, second

    first, second = asyncio.run(listen())  # type: ignore[misc]
    assert (first.data["done"], second.data["done"]) == (5, 6)


def test_an_event_is_written_on_lines_that_nothing_can_break() -> None:
    assert Event("step", {"text": "a\nb", "n": 1}).sse() == 'event: step\ndata: {"text": "a\\nb", "n": 1}\n\n'
