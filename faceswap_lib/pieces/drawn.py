"""The new faces of one piece of a video, drawn elsewhere, and put into the one output where it is written.

A worker leaves the part of each frame that has changed, losslessly, in a folder beside the output. Who holds the output
lays them in, labels, marks and signs it: there is one way in which a changed video is written (trust/marked.py).
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from uuid import uuid4
from zipfile import BadZipFile, ZipFile

import cv2
import numpy as np

from faceswap_lib import UserError, files
from faceswap_lib.compose import model_swap, render
from faceswap_lib.compose.model_swap import Settings, Swap
from faceswap_lib.face import faceset
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.media import cuts
from faceswap_lib.media.cuts import Piece
from faceswap_lib.media.remarks import Remarks
from faceswap_lib.pieces.crew import Crew

LOOK = 50  # frames between looks at the room on the disk
QUICK = [cv2.IMWRITE_PNG_COMPRESSION, 1]
DRAWS = Lock()  # the base that tells what is in front is one for a process, and in turn whoever draws sets it up


@dataclass(frozen=True)
class Job:
    """One conversion: what is drawn with what, by absolute paths; number: one for each, so that nothing old is used."""

    faces: Path
    model: Path
    settings: Settings
    untrained: bool
    borders: tuple[int, ...]
    number: str


def convert(
    pieces: list[Piece],
    out: Path,
    found: Faceset,
    model: Path,
    crew: Crew,
    settings: Settings,
    *,
    untrained: bool,
    **how,
) -> int:
    """Write `out` as `render.render` does, all of it here or the faces drawn by a crew; returns the number of frames.

    Here too nothing is carried on from one piece to the next, so the result is the same; how: as `render.render`.
    """
    clip, borders = pieces[0].info.path, tuple(one.first for one in pieces[1:])
    if not crew.far:
        swap = model_swap.swap(found, model, settings, untrained=untrained, borders=borders)
        return render.render(clip, out, swap.at, swap.draw, swap.match, keeper=swap.keep, **how)
    job = Job(found.folder.absolute(), model.absolute(), settings, untrained, borders, uuid4().hex)
    return render.written(clip, out, found, _by(crew, pieces, out, job), _laid, **how)


def _by(crew: Crew, pieces: list[Piece], out: Path, job: Job) -> Callable[[render.Numbered], Iterator[tuple]]:
    """What gives each frame with its changed part, for `render.written`."""

    def drawn(numbered: render.Numbered) -> Iterator[tuple[int, np.ndarray, tuple | None]]:
        with _folder(out) as folder:
            tasks = [(one.abroad(), job, folder / f"{one.first:09d}.zip") for one in pieces]
            with closing(crew.each(faces, tasks)) as each:
                for piece, path in zip(pieces, each, strict=True):
                    with _opened(path) as found:
                        for index, frame in numbered:
                            yield index, frame, found.get(index)
                            if index + 1 == piece.stop:
                                break

    return drawn


def faces(piece: Piece, job: Job, path: Path, tell: object = None) -> Path:
    """Draw a piece's faces and leave what has changed at a path: a .zip of PNGs, named FRAME_X_Y."""
    with DRAWS, files.whole(path) as part, ZipFile(part, "w") as archive:
        swap = _swap(job)
        for chunk in render.batches(cuts.frames(piece, Remarks())):
            frames = dict(chunk)
            for index, picture in render.faces_drawn(frames, swap.at, swap.draw, swap.match, swap.keep).items():
                x, y, changed = _changed(frames[index], picture)
                _, data = cv2.imencode(".png", cv2.cvtColor(changed, cv2.COLOR_RGB2BGR), QUICK)
                archive.writestr(f"{index}_{x}_{y}.png", data.tobytes())
                if index % LOOK == 0:
                    files.room(path.parent, files.RESERVE, "the rest of this conversion")
    return path


@lru_cache(maxsize=2)
def _swap(job: Job) -> Swap:
    found, how = faceset.load(job.faces), {"untrained": job.untrained, "borders": job.borders}
    return model_swap.swap(found, job.model, job.settings, **how)


def _changed(frame: np.ndarray, picture: np.ndarray) -> tuple[int, int, np.ndarray]:
    """x and y of where a frame has changed, and what is there now: a rectangle, of one pixel where nothing has."""
    other = cv2.absdiff(frame, picture)
    rows, columns = np.flatnonzero(other.any((1, 2))), np.flatnonzero(other.any(0).any(-1))
    y0, y1, x0, x1 = (*rows[[0, -1]], *columns[[0, -1]]) if len(rows) else (0, 0, 0, 0)
    return int(x0), int(y0), picture[y0 : y1 + 1, x0 : x1 + 1]


@contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """An empty folder beside an output, and all that is in it, gone at the end."""
    folder = files.aside(out.absolute(), "pieces")
    files.remove(folder)  # a killed conversion has left it
    try:
        folder.mkdir(mode=0o700)
        yield folder
    except OSError as error:
        raise UserError(f"{folder} cannot be used ({error.strerror}); choose another place for {out.name}.") from error
    finally:
        files.remove(folder)


@contextmanager
def _opened(path: Path) -> Iterator[dict[int, tuple[int, int, bytes]]]:
    """Frame -> x, y and PNG, read when it is asked for; the file is gone at the end."""
    try:
        with ZipFile(path) as archive:
            yield _Parts(archive)
    except (BadZipFile, FileNotFoundError) as error:
        raise UserError(f"{path} is not there, or damaged: all workers have to write into the same folder.") from error
    finally:
        path.unlink(missing_ok=True)


class _Parts:
    """The changed parts of a piece's frames, by their numbers."""

    def __init__(self, archive: ZipFile):
        self._archive = archive
        self._names = {int(name.split("_")[0]): name for name in archive.namelist()}

    def get(self, index: int) -> tuple[int, int, bytes] | None:
        """x, y and the PNG of a frame; None where nothing has changed."""
        if (name := self._names.get(index)) is None:
            return None
        x, y = map(int, name.removesuffix(".png").split("_")[1:])
        return x, y, self._archive.read(name)


def _laid(frame: np.ndarray, part: tuple[int, int, bytes]) -> np.ndarray:
    """A frame with its changed part, a new array."""
    x, y, data = part
    picture, out = cv2.imdecode(np.frombuffer(data, "u1"), cv2.IMREAD_COLOR), frame.copy()
    out[y : y + picture.shape[0], x : x + picture.shape[1]] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    return out
