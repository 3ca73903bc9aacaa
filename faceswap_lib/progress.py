"""What a user is told in a terminal: progress, as a bar or as plain lines, notes, tables, checklists."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# what a long piece of work calls: done, of how many (None: not known), a note
Progress = Callable[[int, int | None, str], None]
PLAIN_EVERY = 5  # seconds between lines of progress where there is no terminal
_said: set[str] = set()


def note(sentence: str) -> None:
    """Say on stderr what is no error and should be known; each sentence once."""
    if sentence not in _said:
        _said.add(sentence)
        print(f"Note: {sentence}", file=sys.stderr, flush=True)


def say(line: str) -> None:
    """A line on stderr, each time."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A `progress` callback that shows a bar with an estimate on stderr, or plain lines where there is no terminal."""
    if not sys.stderr.isatty():
        yield _plain(title)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None, note="")
        yield lambda done, total, note="": bar.update(task, completed=done, total=total, note=note)


def _plain(title: str) -> Progress:
    start = last = begun = time.monotonic()
    before = 0

    def show(done: int, total: int | None, note: str = "") -> None:
        nonlocal last, begun, before
        now = time.monotonic()
        begun = now if not done else begun if done >= before else last  # nothing done yet; the next of several things
        before = done
        if now - last < PLAIN_EVERY and done != total:
            return
        last = now
        left = f", about {(now - begun) * (total - done) / done:.0f} s left" if total and 0 < done < total else ""
        share = f"{100 * done / total:.0f} %" if total else str(done)
        print(f"{title}: {share} after {now - start:.0f} s{left} {note}", file=sys.stderr, flush=True)

    return show


@dataclass(frozen=True)
class Row:
    """One thing looked at: OK, WARN or FAIL, what it is, what was found, and what to do about it ("" if nothing)."""

    verdict: str
    what: str
    found: str
    remedy: str = ""


def row(good: bool, what: str, found: str, remedy: str = "", bad: str = "FAIL") -> Row:
    """The row of something that is good, or else has the verdict `bad` and a remedy. Labs 1 and 2 are made of them."""
    return Row("OK", what, found) if good else Row(bad, what, found, remedy)


def print_rows(rows: list[Row]) -> None:
    """A checklist as a table in the terminal."""
    print_table([{"": row.verdict, "what": row.what, "found": row.found, "remedy": row.remedy} for row in rows])


def print_table(lines: list[dict]) -> None:
    """Dicts with the same keys as a table in the terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*lines[0])
    for line in lines:
        table.add_row(*map(str, line.values()))
    Console().print(table)
