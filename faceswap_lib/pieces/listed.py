"""Many videos, one after another or several at once: which they are, one progress for all, and one that fails alone."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from faceswap_lib import UserError
from faceswap_lib.pieces.crew import Crew
from faceswap_lib.progress import Progress

R = TypeVar("R")
VIDEOS = set(".3gp .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .webm .wmv".split())


def several(given: Sequence[Path]) -> bool:
    """Whether more than one video is meant: a list, or a folder."""
    return len(given) > 1 or any(path.is_dir() and _within(path) for path in given)


def videos(given: Sequence[Path]) -> dict[str, Path]:
    """Name without ending -> video, of files and of those in folders; UserError where two would have one name."""
    found: dict[str, Path] = {}
    for path in (each for one in given for each in (_within(one) if one.is_dir() else [one])):
        if (other := found.setdefault(path.stem, path)) != path:
            raise UserError(f"{other} and {path} would both become '{path.stem}'; rename one, or take it alone.")
    if not found:
        raise UserError(f"There is no video in {', '.join(map(str, given))}; name videos, or folders that hold some.")
    return found


def made(folder: Path) -> Path:
    """A folder for what becomes of several videos; UserError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = "is a file" if folder.is_file() else f"cannot be made ({error.strerror})"
        raise UserError(f"{folder} {why}; of several videos name a folder for the new ones.") from error
    return folder


def _within(folder: Path) -> list[Path]:
    """The videos of a folder, by name; hidden files are none, and folders within are not looked into."""
    there = (path for path in folder.iterdir() if path.suffix.lower() in VIDEOS and not path.name.startswith("."))
    return sorted(path for path in there if path.is_file())


@dataclass
class Outcome(Generic[R]):
    """What became of some videos, by their names: results, and errors of those that failed."""

    done: dict[str, R] = field(default_factory=dict)
    failed: dict[str, Exception] = field(default_factory=dict)

    def check(self) -> None:
        """UserError that names those that failed, or the error itself where it is no user's."""
        for error in self.failed.values():
            if not isinstance(error, UserError):
                raise error
        if self.failed:
            many = len(self.failed) + len(self.done)
            told = " ".join(f"{name}: {error}" for name, error in self.failed.items())
            raise UserError(f"{len(self.failed)} of {many} videos failed, the others are done. {told}")


def each(
    work: Callable[[str, Path, Progress], R], videos: dict[str, Path], crew: Crew, progress: Progress
) -> Outcome[R]:
    """Work on all videos, as many at once as keep the crew busy; what fails with one does not end the others.

    progress: of all together, in per cent of a video.
    """
    out, shares = Outcome(), dict.fromkeys(videos, 0.0)

    def told(name: str) -> Progress:
        def tell(done: int, total: int | None, note: str = "") -> None:
            shares[name] = min(1.0, done / total) if total else 0.0
            progress(round(100 * sum(shares.values())), 100 * len(videos), f"{name}: {note}")

        return tell

    def one(name: str) -> R:
        return work(name, videos[name], told(name))

    for name, result in _results(one, list(videos), crew.width):
        shares[name] = 1.0
        (out.failed if isinstance(result, Exception) else out.done)[name] = result
    return out


def _results(work: Callable[[str], R], names: list[str], width: int) -> Iterator[tuple[str, R | Exception]]:
    """(name, result or error) of each, in the order in which they are done."""
    if width == 1:
        for name in names:
            try:
                yield name, work(name)
            except Exception as error:
                yield name, error
        return
    pool = ThreadPoolExecutor(width, thread_name_prefix="a video")
    try:
        waiting: dict[Future[R], str] = {pool.submit(work, name): name for name in names}
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                yield waiting.pop(future), future.exception() or future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # when interrupted; the crew's end is theirs
