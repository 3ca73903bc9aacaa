"""Work that goes on while a notebook answers: a little at a time in the kernel's own loop, until it is stopped."""

import asyncio
import time
from collections.abc import Callable

PAUSE, SHARE = 0.03, 0.5  # between two pieces clicks are heard and cells run: seconds at least, share of the work's


class Loop:
    """Calls `work` again and again until `stop`; `told` is called with True when it begins and False when it ends."""

    def __init__(self, work: Callable[[], object], told: Callable[[bool], object] = lambda running: None):
        self.work, self.told, self._turn, self._task = work, told, None, None

    @property
    def running(self) -> bool:
        """Whether it is at work."""
        return self._turn is not None

    def start(self) -> None:
        """Begin, unless it is at work; RuntimeError where no loop runs, which in a notebook is never."""
        if not self.running:
            loop, self._turn = asyncio.get_running_loop(), object()
            self._task = loop.create_task(self._run(self._turn))
            self.told(True)

    def stop(self) -> None:
        """End after the piece at hand."""
        if self.running:
            self._turn = None
            self.told(False)

    async def _run(self, turn: object) -> None:
        try:
            while self._turn is turn:  # another start has a turn of its own
                start = time.monotonic()
                self.work()
                await asyncio.sleep(max(PAUSE, SHARE * (time.monotonic() - start)))
        finally:
            if self._turn is turn:  # it failed, and says so itself
                self.stop()
