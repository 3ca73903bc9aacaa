"""ahead.py: order is kept, errors come where they happened, nobody runs away, and nothing goes on behind one's back."""

import threading
import time
from contextlib import closing

import pytest

from faceswap_lib.media import ahead


def threads() -> set[str]:
    return {t.name.rsplit("_", 1)[0] for t in threading.enumerate()} & {"reads ahead", "works"}


def test_items_come_in_order_and_not_too_far_ahead():
    made = []

    def items():
        for i in range(20):
            made.append(i)
            yield i

    for i, item in enumerate(ahead.ahead(items(), 3)):
        assert item == i and len(made) <= i + 6
        time.sleep(0.001)
    assert i == 19 and not threads()


def test_an_error_comes_behind_what_was_made_before_it():
    def items():
        yield from range(4)
        raise ValueError("torn")

    seen = []
    with pytest.raises(ValueError, match="torn"):
        for item in ahead.ahead(items(), 9):
            seen.append(item)
    assert seen == [0, 1, 2, 3] and not threads()


def test_who_stops_early_stops_the_reader_and_closes_what_it_reads():
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield 1
        finally:
            closed.set()

    with closing(ahead.ahead(endless(), 2)) as items:
        next(items)
    assert closed.is_set() and not threads()


def test_work_is_done_side_by_side_and_comes_in_order():
    both = threading.Barrier(2, timeout=5)

    def work(i: int) -> int:
        if i < 2:
            both.wait()  # one thread alone would wait for ever
        time.sleep(0.002 * (i % 3))
        return i * i

    ahead_of = []
    out = ahead.side_by_side(work, (ahead_of.append(i) or i for i in range(30)), 4)
    for i, found in enumerate(out):
        assert found == i * i and len(ahead_of) <= i + 5
    assert i == 29 and not threads()


def test_an_error_of_work_ends_it_after_what_came_before():
    def work(i: int) -> int:
        if i == 3:
            raise ValueError("third")
        return i

    seen, closed = [], threading.Event()

    def items():
        try:
            yield from range(9)
        finally:
            closed.set()

    with pytest.raises(ValueError, match="third"):
        for found in ahead.side_by_side(work, items(), 2):
            seen.append(found)
    assert seen == [0, 1, 2] and closed.is_set() and not threads()


def test_few_large_frames_wait_and_many_small_ones():
    assert ahead.depth(7680, 4320) == 2 and 2 < ahead.depth(1920, 1080) <= 16 and ahead.depth(320, 320) == 16
