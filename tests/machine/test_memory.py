"""The memory that a piece of work takes is seen: its own, and that of what it starts."""

import subprocess
import sys
import time

import numpy as np
import pytest

from faceswap_lib.machine import memory

HOLD = "import time; held = b'x' * {size}; print('held', flush=True); time.sleep(60)"


def test_memory_taken_for_a_moment_is_in_the_peak():
    more = []
    for _ in range(3):  # a worker of an earlier test may end just now
        before = memory.taken()
        with memory.Peak() as seen:
            held, until = np.ones(40_000_000, "u1"), time.monotonic() + 60
            while seen.gb - before < 0.03 and time.monotonic() < until:  # a look takes long on a busy machine
                time.sleep(memory.EVERY)
            del held
        more.append(seen.gb - before)
    assert min(abs(gb - 0.04) for gb in more) < 0.015


def test_what_another_process_of_ours_takes_counts_until_it_ends():
    before = memory.taken()
    child = subprocess.Popen([sys.executable, "-c", HOLD.format(size=60_000_000)], stdout=subprocess.PIPE)
    child.stdout.readline()
    assert memory.taken() - before == pytest.approx(0.07, abs=0.02)
    child.kill()
    child.wait()
    assert memory.taken() - before == pytest.approx(0, abs=0.015)


def test_the_watching_ends_with_the_block_and_an_error_passes():
    seen = memory.Peak()
    with pytest.raises(ZeroDivisionError), seen:
        1 / 0  # noqa: B018
    assert not seen._thread.is_alive() and seen.gb > 0
