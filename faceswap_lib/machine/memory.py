"""How much memory a piece of work takes: this process and all it starts, watched while it runs."""

import threading
from types import TracebackType

import psutil

EVERY = 0.5  # seconds between two looks; a look at a large process takes some milliseconds


def taken() -> float:
    """Memory in GB that this process and its descendants take now, what lies in the swap included.

    Pages that several of them share are counted once (PSS of /proc/PID/smaps; where there is none, private pages).
    """
    here = psutil.Process()
    return sum(_taken(process) for process in (here, *here.children(recursive=True))) / 1e9


def _taken(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except (psutil.Error, OSError):  # it has just ended
        return 0
    return getattr(memory, "pss", memory.uss) + getattr(memory, "swap", 0)


class Peak:
    """A `with` block in which memory is watched; `gb` is the most that `taken` has seen, in GB."""

    def __init__(self) -> None:
        self.gb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.gb = max(self.gb, taken())
            if self._over.wait(EVERY):
                return
