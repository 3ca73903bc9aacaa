"""Under __main__.py: progress in a terminal, and where there is none."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PLAIN_EVERY = 5  # seconds between lines of progress where there is no terminal


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int | None, str], None]]:
    """A `progress` callback that shows a bar with an estimate on stderr, or plain lines where there is no terminal."""
    if not sys.stderr.isatty():
        yield _plain(title)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
               TextColumn("{task.fields[note]}"))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task, start = bar.add_task(title, total=None, note=""), time.monotonic()
        yield lambda done, total, note="": bar.update(
            task, completed=done, total=total, note=f"{note}{_left(start, done, total)}"
        )


def _plain(title: str) -> Callable[[int, int | None, str], None]:
    start = last = time.monotonic()

    def show(done: int, total: int | None, note: str = "") -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= PLAIN_EVERY:
            last = now
            print(f"{title}: {_share(done, total)} {note}{_left(start, done, total)}", file=sys.stderr, flush=True)

    return show


def _share(done: int, total: int | None) -> str:
    return f"{100 * done / total:3.0f} %" if total else str(done)


def _left(start: float, done: int, total: int | None) -> str:
    seconds = (time.monotonic() - start) * (total - done) / done if total and 0 < done < total else 0
    return f", about {seconds / 60:.0f} min left" if seconds > 90 else f", about {seconds:.0f} s left" * (seconds > 1)


@contextmanager
def lab_lines() -> Iterator[Callable[[int, int | None, str], None]]:
    """A `progress` callback for the workshop: a line on stdout as a lab starts and ends, and a bar on a terminal."""
    said, start = set(), time.monotonic()
    with progress_bar("Workshop") as bar:

        def show(done: int, total: int | None, note: str) -> None:
            if note not in said:
                said.add(note)
                print(f"{_share(done, total)}  {note}{_left(start, done, total)}", flush=True)
            if sys.stderr.isatty():
                bar(done, total, "")

        yield show
