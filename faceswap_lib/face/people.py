"""Faces followed from frame to frame, grouped into people, each in one place; who of them is meant, and why.

A mirror shows the same person twice, a poster somebody else: one face is swapped, followed through time.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from faceswap_lib.face.anatomy import LID_PAIRS, LIP_PAIRS
from faceswap_lib.face.geometry import overlap, quarter_turns
from faceswap_lib.face.identity import SAME_PERSON
from faceswap_lib.face.records import Record

SAME_SHOT = 0.8  # correlation of a face with itself a frame ago, over 0.9 in the built-in clips and 0.4 across a cut
SAME_PLACE = 0.3  # overlap of a face's box with the one before
ELSEWHERE = "elsewhere"  # so ends why a reflection is left out
FEW = 12  # faces: of fewer nobody can say whether they move
# Standard deviations over time of what a face does: how far lips and lids are apart, in eye distances, and how the head
# is turned, in degrees. Over 36 frames of the built-in clips lips or lids double these and heads turn 2 to 15 degrees;
# of pictures filmed by a shaking camera, or turned before it, none of the three passes 0.7, 0.6 and 1.9.
LIPS, LIDS, TURN = 0.01, 0.01, 2.2
MOST = 5  # named, of those who may be meant
LEAST = 0.25  # of the chosen one's faces, above which another place is one that may be meant


@dataclass
class Track:
    """A face followed from frame to frame: where it was last and how it looked, its records, and a few likenesses.

    Of a video's only track there may be none.
    """

    box: np.ndarray
    last: int
    look: np.ndarray
    records: list[int] = field(default_factory=list)
    likeness: list[np.ndarray] = field(default_factory=list)


@dataclass
class Appearance:
    """One person in one place through time: the tracks, whether the face moves, and the person's number."""

    tracks: list[Track]
    moves: bool
    person: int = 0

    @property
    def records(self) -> list[int]:
        """Indices of the faces seen there."""
        return [i for track in self.tracks for i in track.records]


def look(picture: np.ndarray) -> np.ndarray:
    """How an aligned face or a whole frame looks, (H, W, 3) or grey (H, W): float32 (16, 16) of mean 0 and length 1.

    The product of two is their correlation, which a change of light hardly touches.
    """
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (16, 16), interpolation=cv2.INTER_AREA).astype("f4")
    small -= small.mean()
    return small / (np.linalg.norm(small) + 1e-6)


def follow(tracks: list[Track], box: np.ndarray, index: int, taken: set[int], seen: np.ndarray) -> Track:
    """The track that a face of frame `index` goes on with, a new one where none fits; box (4,), seen: its `look`.

    taken: ids of the tracks that another face of this frame goes on with.
    """
    live = [t for t in tracks if index - t.last <= 2 and id(t) not in taken and (t.look * seen).sum() > SAME_SHOT]
    best = max(live, key=lambda t: overlap(t.box, box), default=None)
    if best is None or overlap(best.box, box) < SAME_PLACE:
        best = Track(box, index, seen)
        tracks.append(best)
    best.box, best.last, best.look = box, index, seen
    return best


def people(tracks: list[Track]) -> list[list[Track]]:
    """Tracks grouped by likeness, the person with the most faces first."""
    found: list[list[Track]] = []
    for track in sorted(tracks, key=lambda t: -len(t.records)):
        mine = np.mean(track.likeness, 0) if len(tracks) > 1 else None  # of one alone nobody has asked who it is
        far = [np.linalg.norm(np.mean([x for t in p for x in t.likeness], 0) - mine) for p in found]
        if far and min(far) < SAME_PERSON:
            found[int(np.argmin(far))].append(track)
        else:
            found.append([track])
    return sorted(found, key=lambda p: -sum(len(t.records) for t in p))


def appearances(tracks: list[Track], records: list[Record]) -> list[Appearance]:
    """Everybody who can be meant: who moves before who does not, then who is seen most. First each person once.

    Then come the other places where one of them is seen at the same time, as a mirror shows them. Of these the one that
    moves is the person, then the one that is large for long.
    """
    everybody = []
    for group in people(tracks):
        places = [Appearance(chain, _moves(chain, records)) for chain in _places(group, records)]
        everybody.append(sorted(places, key=lambda place: (not place.moves, -_size(place, records))))
    frames = [{records[i].frame for place in places for i in place.records} for places in everybody]
    order = sorted(range(len(frames)), key=lambda k: (not everybody[k][0].moves, -len(frames[k])))
    for number, k in enumerate(order):
        for place in everybody[k]:
            place.person = number
    return [everybody[k][0] for k in order] + [place for k in order for place in everybody[k][1:]]


def _places(tracks: list[Track], records: list[Record]) -> list[list[Track]]:
    """A person's tracks as chains: each goes on with the nearest one that has ended, and of two at once one is new."""
    chains: list[list[Track]] = []
    for track in sorted(tracks, key=lambda t: t.records[0]):
        first = records[track.records[0]]
        ended = [c for c in chains if c[-1].last < first.frame]
        if ended:
            min(ended, key=lambda c: _apart(records[c[-1].records[-1]], first)).append(track)
        else:
            chains.append([track])
    return chains


def _apart(one: Record, other: Record) -> float:
    """How far two boxes are apart, in widths of a face, their sizes included."""
    a, b = np.array(one.box), np.array(other.box)
    away = np.linalg.norm((a[:2] + a[2:] / 2) - (b[:2] + b[2:] / 2)) / max(a[2], b[2], 1)
    return float(away + abs(np.log(max(a[2], 1) / max(b[2], 1))))


def _size(place: Appearance, records: list[Record]) -> float:
    return sum(records[i].box[2] * records[i].box[3] for i in place.records)


def _moves(chain: list[Track], records: list[Record]) -> bool:
    return moves([records[i] for track in chain for i in track.records])


def moves(records: list[Record]) -> bool:
    """Whether a face lives: lips, lids or head do something, and not only the camera or a hand that holds a picture."""
    return any(_moves_in(shot) for shot in _shots(records) if len(shot) >= FEW)


def _shots(records: list[Record]) -> list[list[Record]]:
    """A person's faces in the order of frames, parted where one jumps or is missed: over a cut a picture may turn."""
    shots: list[list[Record]] = []
    for r in sorted(records, key=lambda r: r.frame):
        last = shots[-1][-1] if shots else None
        if last and r.frame - last.frame <= 2 and overlap(np.array(last.box), np.array(r.box)) > SAME_PLACE:
            shots[-1].append(r)
        else:
            shots.append([r])
    return shots


def _moves_in(shot: list[Record]) -> bool:
    for pairs, least in ((LIP_PAIRS, LIPS), (sum(LID_PAIRS, ()), LIDS)):
        open_by = [_open(r.landmarks, pairs) for r in shot]
        if np.std(gaussian_filter1d(open_by, 1)) > least:
            return True
    return bool(np.std([r.pose[:2] for r in shot], 0).max() > TURN)


def _open(points: np.ndarray, pairs: tuple[tuple[int, int], ...]) -> float:
    """How far lips or lids are apart, in eye distances."""
    far = np.mean([np.hypot(*np.subtract(points[u], points[v])) for u, v in pairs])
    return float(far / max(np.hypot(*np.subtract(points[263], points[33])), 1e-3))


def choose(records: list[Record], seen: list[Appearance], chosen: int, length: int, second: float) -> None:
    """Number all faces by who they are, and leave out all but one appearance's; length: frames, second: of them in one.

    Where the one chosen is gone for more than a second, or for a whole shot, the same person's other places stand in.
    """
    mine = seen[chosen]
    for number, one in enumerate(seen):
        for i in one.records if one is not mine else ():
            again = one.person == mine.person or one is not seen[one.person]
            who = "same person" if one.person == mine.person else "another person"
            records[i].left_out = f"{who} {ELSEWHERE}" if again else who
        for i in one.records:
            records[i].person = number
    taken = np.sort([records[i].frame for i in mine.records])
    for other in [one for one in seen if one.person == mine.person and one is not mine]:
        free = [i for track in other.tracks for i in _free(track, records, taken, length, second)]
        for i in free:
            records[i].person, records[i].left_out = chosen, None
        taken = np.sort(np.r_[taken, [records[i].frame for i in free]])


def _free(track: Track, records: list[Record], taken: np.ndarray, length: int, second: float) -> list[int]:
    """A track's faces where nothing is taken: all of one that is at no time beside it, else those in long gaps."""
    frames = np.array([records[i].frame for i in track.records])
    at, edges = np.searchsorted(taken, frames), np.r_[-1, taken, length]
    empty = ~np.isin(frames, taken)
    alone = at[0] == at[-1] and empty.all()
    long = edges[at + 1] - edges[at] - 1 > second
    return [i for i, fits in zip(track.records, alone | (long & empty), strict=True) if fits]


def count(records: list[Record]) -> int:
    """How many people a video shows, once `choose` has numbered them."""
    return len({r.person for r in records if not _again(r)})


def candidates(records: list[Record], chosen: int) -> dict[int, list[Record]]:
    """Number -> faces of all who may be meant, the chosen one first: people, and places with many of the faces."""
    faces: dict[int, list[Record]] = {chosen: []}
    for r in records:
        faces.setdefault(r.person, []).append(r)
    least = LEAST * len(faces[chosen])
    return {
        n: mine
        for n, mine in sorted(faces.items(), key=lambda x: (x[0] != chosen, x[0]))
        if n == chosen or not _again(mine[0]) or len(mine) > least
    }


def _again(record: Record) -> bool:
    return (record.left_out or "").endswith(ELSEWHERE)


def told(records: list[Record], chosen: int, width: int) -> str:
    """Who was taken and who was not, in a sentence; "" where there was no choice; width: of the frame."""
    found = candidates(records, chosen)
    if len(found) < 2:
        return ""
    who = [f"{number} ({_about(faces, width)})" for number, faces in found.items()]
    more = f" and {len(who) - MOST} more" if len(who) > MOST else ""
    return (
        f"Person {who[0]} was taken, and not {', '.join(who[1:MOST])}{more}. people.jpg shows who is who; --person "
        "takes another one (person_a and person_b in the notebooks)."
    )


def _about(faces: list[Record], width: int) -> str:
    middle = np.median([r.box[0] + r.box[2] / 2 for r in faces]) / width
    where = "left" if middle < 0.4 else "right" if middle > 0.6 else "middle"
    words = f"{len(faces)} faces, {where}"
    if _again(faces[0]):
        words += ", the same face again: a mirror or a picture?"
    elif max(map(len, _shots(faces))) >= FEW and not moves(faces):
        words += ", does not move: a picture?"
    return words


def turned(records: list[Record]) -> str:
    """A sentence where many faces stand on their head or lie on their side in the frame; "" where they are upright."""
    tilts = [abs(quarter_turns(r.pose[2])) for r in records]
    tilted = sum(tilt > 0 for tilt in tilts)
    if 4 * tilted <= len(tilts):
        return ""
    how = "stand on their head" if 2 * tilts.count(2) >= tilted else "lie on their side"
    return (
        f"{tilted} of {len(records)} faces {how} in this video; they were found with the picture turned, and a swap "
        "stays as the video is: turn the video first if it should be upright."
    )
