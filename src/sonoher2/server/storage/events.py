"""News for open pages: topics within this process, for server-sent events."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

Value = str | int | float | bool | None
MOST_WAITING = 1000
"""News that a page which does not listen may be behind; it then misses the oldest."""


@dataclass(frozen=True)
class Event:
    """One piece of news.

    Attributes
    ----------
    name
        Of the event, as the page listens for it.
    data
        Its facts.
    """

    name: str
    data: Mapping[str, Value]

    def sse(self) -> str:
        """Write it as `text/event-stream` wants it."""
        return f"event: {self.name}\ndata: {json.dumps(dict(self.data), ensure_ascii=False)}\n\n"


class Events:
    """Topics that threads publish to and pages listen to; nothing is kept for those who come later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[str, list[_Listener]] = defaultdict(list)

    def publish(self, topic: str, event: Event) -> None:
        """Tell everybody who listens to a topic; from any thread."""
        with self._lock:
            for listener in self._listeners.get(topic, ()):
                listener.loop.call_soon_threadsafe(listener.offer, event)

    async def listen(self, topic: str, every: float = 15.0) -> AsyncIterator[Event | None]:
        """Give the events of a topic from now on; None after `every` seconds of silence, to keep a line open."""
        listener = _Listener(asyncio.get_running_loop(), asyncio.Queue(MOST_WAITING))
        with self._lock:
            self._listeners[topic].append(listener)
        try:
            while True:
                try:
                    yield await asyncio.wait_for(listener.queue.get(), every)
                except TimeoutError:
                    yield None
        finally:
            with self._lock:
                self._listeners[topic].remove(listener)
                if not self._listeners[topic]:
                    del self._listeners[topic]


@dataclass(frozen=True, eq=False)
class _Listener:
    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[Event]

    def offer(self, event: Event) -> None:
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(event)
