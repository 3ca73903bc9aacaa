"""The faces of one piece of a video: found, followed, cut out, measured; and pieces joined to a whole.

What is found in a piece depends on the piece alone, and how pieces are joined on what was found in them: so it is the
same whoever works on them.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, files
from faceswap_lib.face import detect, faceset, geometry, identity, people
from faceswap_lib.face.records import MOST, Record
from faceswap_lib.measure import metrics
from faceswap_lib.media import ahead, cuts
from faceswap_lib.media.cuts import Piece
from faceswap_lib.media.late import Late
from faceswap_lib.media.remarks import Remarks

LOOK = 50  # frames between looks at the room on the disk
POINTS = 12_000  # bytes of a face's points, about
CHIPS = 64  # pictures that wait, of one track, for the question who it is


@dataclass
class Found:
    """What a piece shows: faces, tracks (records by their number here) and how each looked at first, remarks.

    chips: of an only track, which nobody has asked yet who it is.
    """

    records: list[Record] = field(default_factory=list)
    tracks: list[people.Track] = field(default_factory=list)
    looks: list[np.ndarray] = field(default_factory=list)
    chips: list[np.ndarray] = field(default_factory=list)
    remarks: Remarks = field(default_factory=Remarks)


def faces(piece: Piece, part: Path, size: int, tell: Callable[[int, int], None] | None = None) -> Found:
    """All faces, followed through time: frames are read ahead, pictures cut, measured and written beside the search.

    part: the folder for the pictures, size: of each; tell: called with (frames of the video done, faces of the piece).
    """
    out, waiting, most = Found(), [], ahead.depth(piece.info.width, piece.info.height)
    work = partial(_measured, part=part, size=size)
    with detect.Detector() as detector, closing(_sights(piece, detector, out.remarks, most)) as sights:
        for sight, found in ahead.side_by_side(work, sights, most):
            taken: set[int] = set()
            for record, look in found:
                known = len(out.tracks)
                track = people.follow(out.tracks, np.array(record.box), sight.index, taken, look)
                out.looks += [look] * (len(out.tracks) - known)
                taken.add(id(track))
                track.records.append(len(out.records))
                if _is_due(len(track.records)):
                    waiting.append((track, _chip(sight.frame, record.landmarks)))
                out.records.append(record)
            if len(out.tracks) > 1:  # of one alone nobody asks who it is
                for track, chip in waiting:
                    track.likeness.append(identity.recognise(chip))
                waiting.clear()
            check_number(out.records, piece.info.path)
            if sight.index % LOOK == 0:
                files.room(part, files.RESERVE, "the rest of this extraction")
            if tell:
                tell(sight.index + 1, len(out.records))
    out.chips = [chip for _, chip in waiting]
    return out


class Joined:
    """Pieces of a video, added in their order, as one: its faces and their tracks, which go on over the cuts."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.tracks: list[people.Track] = []
        self._chips: dict[int, list[np.ndarray]] = {}

    def add(self, piece: Found) -> None:
        """Go on with what was found in the next piece."""
        before, taken = len(self.records), set()
        for track, look in zip(piece.tracks, piece.looks, strict=True):
            first = piece.records[track.records[0]]
            mine = people.follow(self.tracks, np.array(first.box), first.frame, taken, look)
            taken.add(id(mine))
            mine.box, mine.last, mine.look = track.box, track.last, track.look
            mine.records += [before + i for i in track.records]
            mine.likeness += track.likeness
            if piece.chips:
                chips = self._chips.setdefault(id(mine), [])
                chips += piece.chips[: CHIPS - len(chips)]
        self.records += piece.records

    def known(self) -> list[people.Track]:
        """The tracks, with what tells whose they are where there are several."""
        for track in self.tracks if len(self.tracks) > 1 else ():
            track.likeness += map(identity.recognise, self._chips.pop(id(track), ()))
        return self.tracks


def check_number(records: list[Record], path: Path) -> None:
    """UserError where there are more faces than a faceset holds."""
    if len(records) * POINTS > MOST:
        raise UserError(f"{path} shows more faces than a faceset holds; cut it into parts.")


@dataclass
class _Sight:
    """What was found in one frame."""

    index: int
    frame: Late
    faces: list[detect.Face]


def _sights(piece: Piece, detector: detect.Detector, remarks: Remarks, most: int) -> Iterator[_Sight]:
    with closing(ahead.ahead(cuts.late(piece, remarks), most)) as frames:
        for index, frame in frames:
            seen = detector.detect(frame)
            if index >= piece.first:  # those before only show where faces come from
                yield _Sight(index, frame, seen)


def _is_due(count: int) -> bool:
    """Whether a track's newest face tells more of who it is: its 1st, 25th and 49th, then at each doubling."""
    doubled, rest = divmod(count - 1, 24)
    return not rest and not doubled & (doubled - 1)


def _chip(frame: Late, landmarks: np.ndarray) -> np.ndarray:
    """What the recogniser looks at, of a face in a frame."""
    reach = np.ptp(landmarks, axis=0).max() / 2
    piece, corner = frame.piece(landmarks.min(0) - reach, landmarks.max(0) + reach)
    return identity.chip(piece, landmarks - corner)


def _measured(sight: _Sight, part: Path, size: int) -> tuple[_Sight, list[tuple[Record, np.ndarray]]]:
    """Each face of a frame: its picture written, its record, and how it looks."""
    return sight, [_record(sight, number, part, size) for number in range(len(sight.faces))]


def _record(sight: _Sight, number: int, part: Path, size: int) -> tuple[Record, np.ndarray]:
    face, name = sight.faces[number], f"{sight.index:06d}_{number}.png"
    m = geometry.align(face.landmarks, size)
    picture = geometry.crop_of(sight.frame.piece, m, size)
    inside = geometry.mask(geometry.transform(m, face.landmarks), picture.shape)
    faceset.save_image(part / name, picture)
    box, landmarks, depth = (np.round(x.astype(float), 2) for x in (face.box, face.landmarks, face.depth))
    # not checked: pydantic would take longer than the alignment, and all of it is made here
    record = Record.model_construct(
        frame=sight.index,
        box=box.tolist(),
        landmarks=landmarks,
        depth=depth,
        transform=np.round(m, 6).tolist(),
        blur=round(metrics.sharpness(picture, inside), 3),
        score=round(face.score, 3),
        person=0,
        file=name,
        pose=np.round(geometry.pose(face.landmarks, face.depth), 1).tolist(),
    )
    return record, people.look(picture)
