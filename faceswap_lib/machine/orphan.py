"""No process outlives the one that started it, also where that was killed and could tell nobody."""

import ctypes
import os
import signal
import sys
import threading
import time

EVERY = 0.5  # seconds between two looks
PR_SET_PDEATHSIG = 1  # Linux, sys/prctl.h
KERNEL = "__import__('faceswap_lib.machine.orphan').machine.orphan.end_kernel()"  # leaves no name behind


def end_with(parent: int) -> None:
    """End this process soon after the process `parent`, which started it, has ended."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def end_kernel() -> None:
    """End this notebook's kernel when the process that started it ends; on Linux at once.

    ipykernel's own watch waits for Python's lock, which a cell may hold for minutes, and where orphans go to another
    process than the first, it misses a parent that dies while the kernel starts.
    """
    if sys.platform == "linux":  # only here, for it looks at the thread that started the process, not at the process
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    end_with(int(os.environ["JPY_PARENT_PID"]))


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(EVERY)
    os._exit(1)
