"""Work that goes on while a notebook answers: a little at a time in the kernel's own loop, until it is stopped."""

import asyncio
from collections.abc import Callable

PAUSE = 0.03  # seconds between two pieces, in which clicks are heard and cells run


class Loop:
    """Calls `work` again and again until `stop`; `told` is called with True when it begins and False when it ends."""

    def __init__(self, work: Callable[[], object], told: Callable[[bool], object] = lambda running: None):
        self.work, self.told, self._task = work, told, None

    @property
    def running(self) -> bool:
        """Whether it is at work."""
        return self._task is not None

    def start(self) -> None:
        """Begin, unless it is at work; RuntimeError where no loop runs, which in a notebook is never."""
        if not self.running:
            self._task = asyncio.get_running_loop().create_task(self._run())
            self.told(True)

    def stop(self) -> None:
        """End after the piece at hand."""
        if self.running:
            self._task = None
            self.told(False)

    async def _run(self) -> None:
        mine = self._task
        try:
            while self._task is mine:
                self.work()
                await asyncio.sleep(PAUSE)
        finally:
            if self._task is mine:  # it failed, and says so itself
                self.stop()
