"""Work on frames that overlaps: one thread reads ahead, others work side by side, and all comes out in order.

OpenCV, PyAV, MediaPipe and TensorFlow let go of Python's lock while they work, so threads are enough.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T, R = TypeVar("T"), TypeVar("R")
BYTES = 96e6  # of frames that wait, at most, but two always may
MOST = 16


def depth(width: int, height: int) -> int:
    """How many frames of a size, RGB uint8, may wait: so many that memory stays small with large ones."""
    return int(min(MOST, max(2, BYTES // (3 * width * height))))


def ahead(items: Iterable[T], most: int) -> Iterator[T]:
    """The same items, made by a thread of their own that is at most `most` ahead; its error comes where it happened."""
    queue: Queue[tuple[T | None, BaseException | None, bool]] = Queue(most)
    given_up = Event()

    def put(*what: object) -> bool:
        while not given_up.is_set():
            try:
                queue.put(what, timeout=0.1)
                return True
            except Full:
                continue
        return False

    def make() -> None:
        error = None
        try:
            for item in items:
                if not put(item, None, True):
                    break
        except BaseException as caught:
            error = caught
        finally:
            if hasattr(items, "close"):
                items.close()
        put(None, error, False)

    thread = Thread(target=make, name="reads ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error, more = queue.get()
            if not more:
                break
            yield item
            del item
    finally:
        given_up.set()
        thread.join()
    if error:
        raise error


def side_by_side(work: Callable[[T], R], items: Iterable[T], most: int) -> Iterator[R]:
    """What `work` makes of each item, in order, done by as many threads as there are cores; `most` under way at most.

    The items themselves are drawn in the caller's thread. When the caller stops, what is under way is finished first.
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(max_workers=min(most, os.cpu_count() or 1), thread_name_prefix="works") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                del item
                while waiting and (len(waiting) >= most or waiting[0].done()):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()
            if hasattr(items, "close"):
                items.close()
