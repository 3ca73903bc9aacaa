"""Where a video can be cut without a seam, and the frames of one piece of it.

A cut stands before a key frame that needs nothing of what comes before it, and that nothing before it needs. Where cuts
are depends on the video alone, so that whoever works on its pieces, and how many at once, changes nothing.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import av
import numpy as np

from faceswap_lib import UserError
from faceswap_lib.media import video
from faceswap_lib.media.codec import blame
from faceswap_lib.media.late import Late
from faceswap_lib.media.picture import Picture
from faceswap_lib.media.remarks import Remarks, whole
from faceswap_lib.media.source import opened
from faceswap_lib.media.survey import BROKEN, ONE_TO_ONE, VideoInfo, decode, survey

SECONDS = 30.0  # of a piece, at least: what is begun anew in each, as a look for all faces, is little beside it
LEAD = 16  # frames before a piece, with which who follows something may begin: after them the mesh lies as if never cut


@dataclass(frozen=True)
class Piece:
    """Frames of a video from `first` to before `stop`; since: the time stamp of its key frame, as the file has it.

    before, lead: the time stamp of a key frame that is `lead` frames earlier, LEAD or more; the first piece has none.
    picture: how they are shown, seconds: when. All this is None where it is the whole video.
    """

    info: VideoInfo
    first: int
    stop: int
    since: int | None = None
    before: int | None = None
    lead: int = 0
    picture: Picture | None = None
    seconds: tuple[float, ...] | None = None

    def abroad(self) -> "Piece":
        """The same for a process with another working folder."""
        return replace(self, info=replace(self.info, path=self.info.path.absolute()))


def pieces(info: VideoInfo) -> list[Piece]:
    """A video in pieces of SECONDS or some more, the whole as one where it is short or cannot be cut."""
    cuts = _cuts(info.path, info.frames) if info.duration >= 2 * SECONDS else {}
    if not cuts:
        return [Piece(info, 0, info.frames)]
    seen, edges = survey(info.path), [*cuts, info.frames]
    times = (seen.times * float(seen.base)).tolist()
    each = zip(edges, edges[1:], cuts.values(), strict=False)
    return [Piece(info, a, b, *how, seen.picture, tuple(times[a:b])) for a, b, how in each]


def _cuts(path: Path, count: int) -> dict[int, tuple[int, int | None, int]]:
    """Frame that begins a piece -> its time stamp, and `before` and `lead`; empty where nothing can be cut."""
    stamps, keys = [], []
    with opened(path) as stream, blame(path, BROKEN):
        sure = stream.codec_context.codec.canonical_name in ONE_TO_ONE
        sure = sure and {"mov", "matroska"} & set(stream.container.format.name.split(","))
        for packet in stream.container.demux(stream):
            if packet.size:
                sure = sure and packet.pts is not None and not packet.is_discard
                stamps.append(packet.pts)
                keys.append(packet.is_keyframe)
        base = float(stream.time_base)
    if not sure or not len(set(stamps)) == len(stamps) == count or _half_pictures(path):
        return {}
    at = np.array(stamps)
    # what is decoded before a cut is shown before it, and what is decoded after it is shown after it
    clean = np.array(keys) & (np.minimum.accumulate(at[::-1])[::-1] >= at)
    clean[1:] &= np.maximum.accumulate(at)[:-1] < at[1:]
    places = np.flatnonzero(clean)
    found = {0: (int(at[0]), None, 0)} if clean[0] else {}
    for i in places.tolist() if found else ():
        if min(at[i] - at[max(found)], at.max() - at[i]) * base < SECONDS or i < LEAD:
            continue
        lead = int(places[places <= i - LEAD][-1])
        if _stands(path, int(at[i])) and _stands(path, int(at[lead])):
            found[i] = (int(at[i]), int(at[lead]), i - lead)
    return found if len(found) > 1 else {}


def _stands(path: Path, since: int) -> bool:
    """Whether decoding can begin at a key frame: where a picture is renewed stripe by stripe it only looks like one."""
    with closing(decode(path, marks=True, since=since)) as decoded:
        first, damaged = next((each for each in decoded if each[0].pts is None or each[0].pts >= since), (None, True))
        return not damaged and first.pts == since


def _half_pictures(path: Path) -> bool:
    """Whether a video is interlaced: what makes whole pictures of halves looks at the frames around."""
    with opened(path) as stream, blame(path, BROKEN):
        first = next(stream.container.decode(stream), None)
        return first is None or bool(first.interlaced_frame)


def late(piece: Piece, remarks: Remarks) -> Iterator[tuple[int, Late]]:
    """(index in the video, frame as `video.late` gives it) of a piece and of up to LEAD frames before it.

    remarks: gets what is odd about the piece's own.
    """
    if piece.since is None:
        yield from enumerate(video.late(piece.info.path, remarks))
        return
    for index, frame in _decoded(piece, remarks, min(LEAD, piece.lead)):
        yield index, Late(piece.picture, frame)


def frames(piece: Piece, remarks: Remarks) -> Iterator[tuple[int, np.ndarray]]:
    """(index in the video, upright RGB uint8 (H, W, 3)) of a piece's frames in order; remarks as `late`."""
    if piece.since is None:
        yield from enumerate(video.frames(piece.info.path, remarks))
        return
    for index, frame in _decoded(piece, remarks):
        with blame(piece.info.path, BROKEN):
            pixels = piece.picture.pixels(frame)
        yield index, pixels


def _decoded(piece: Piece, remarks: Remarks, lead: int = 0) -> Iterator[tuple[int, av.VideoFrame]]:
    since, skipped = (piece.before, piece.lead - lead) if lead else (piece.since, 0)
    index = piece.first - lead
    with closing(decode(piece.info.path, marks=True, since=since)) as decoded:
        own = (each for each in decoded if each[0].pts is not None and each[0].pts >= since)
        for frame, damaged, interlaced in whole(islice(own, skipped, skipped + piece.stop - index)):
            if index >= piece.first:
                remarks.note(piece.seconds[index - piece.first], damaged, interlaced)
            yield index, frame
            index += 1
    if index < piece.stop:
        raise UserError(f"'{piece.info.path}' {BROKEN}")
