"""Lab 3: every face of a video, aligned, measured and sorted into a faceset.

One pass over the video finds the faces and writes their aligned pictures (pieces/found.py); then the faces are grouped
into people, one person is chosen, and what is too blurred, too small or turned too far is left out of training.
"""

from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, __version__, files, profiles
from faceswap_lib.face import by_hand, faceset, filters, geometry, people, sheets
from faceswap_lib.face.records import SCHEMA, Contents, Record, Source
from faceswap_lib.media import cuts, video
from faceswap_lib.media.remarks import Remarks
from faceswap_lib.media.video import VideoInfo
from faceswap_lib.pieces import found
from faceswap_lib.pieces.crew import ALONE, Crew
from faceswap_lib.progress import Progress

PIXEL = 1.6  # bytes of a face's picture for each pixel, about


@dataclass
class ExtractResult:
    """What an extraction found: faces of the chosen person, kept for training, people seen, reasons for the rest.

    height: pixels of the frame from a face's forehead to its chin, median of those kept; advice: sentences, or empty;
    who: who was taken of several, and who was not, in a sentence.
    """

    folder: Path
    frames: int
    faces: int
    kept: int
    people: int
    left_out: dict[str, int]
    height: int
    advice: str
    who: str = ""


def extract(
    video_path: str | Path,
    folder: str | Path,
    *,
    profile: str = "demo",
    person: int | None = None,
    min_sharpness: float = 0.25,
    min_size: float = 24,
    max_yaw: float = 60,
    keep: bool = False,
    progress: Progress | None = None,
    crew: Crew = ALONE,
) -> ExtractResult:
    """Take the faces out of a video into a folder.

    person: which of the people seen, by number in people.jpg; 0, the default, moves and is seen most. min_sharpness:
    share of the person's median; min_size: pixels between the outer eye corners; max_yaw: degrees. A faceset that is
    there is replaced when the new one is complete, but faces left out of it by hand stay out; keep: not where this
    version of the kit made it of this video with these settings; crew: who looks for faces (pieces/crew.py), with the
    same result. Raises UserError: no face, no face left of a good faceset, other things in the folder.
    """
    info, size, folder, remarks = video.probe(video_path), profiles.get(profile).crop, Path(folder), Remarks()
    limits = filters.Limits(min_sharpness, min_size, max_yaw)
    limits.check()
    faceset.check_person(person)
    made_by = {"faceswap_lib": __version__, "profile": profile, "person": person} | asdict(limits)
    if keep and (contents := _there(info, folder, made_by)):
        if progress:
            progress(info.frames, info.frames, "is there already")
        return _result(folder, contents, remarks)
    files.room(folder, info.frames * (PIXEL * size**2 + found.POINTS), "this extraction")
    put_aside = by_hand.remembered(folder, video.sha256(info.path))
    with faceset.renewed(folder) as part:
        records, tracks = _find(info, part, size, progress, remarks, crew)
        seen = people.appearances(tracks, records)
        chosen = _choose(info, seen, person)
        people.choose(records, seen, chosen, info.frames, info.fps)
        _filter([r for r in records if r.person == chosen], limits)
        _is_worth_it(records, folder)
        contents = _contents(info, records, chosen, made_by)
        _drop_pictures(part, records)
        faceset.save(part, contents)
        by_hand.again(part, contents, put_aside)
        _show(info, part, contents)
    return _result(folder, contents, remarks)


def _there(info: VideoInfo, folder: Path, made_by: dict) -> Contents | None:
    """What a complete faceset holds that an extraction like this one has made; None where there is none."""
    try:
        found = faceset.load(folder)
    except UserError:
        return None
    pictures = [by_hand.place(folder, r.file) for r in found.records if r.file]
    whole = all(path.is_file() and path.stat().st_size for path in pictures)  # a power cut leaves empty ones
    same = found.contents.made_by == made_by and found.source.sha256 == video.sha256(info.path)
    return found.contents if whole and same else None


def _is_worth_it(records: list[Record], folder: Path) -> None:
    """A good faceset is not replaced by one with nothing to train on."""
    if any(not r.left_out for r in records) or not (folder / "faces.json").exists():
        return
    reasons = [r.left_out for r in records]
    told = ", ".join(f"{reasons.count(reason)} {reason}" for reason in sorted(set(reasons)))
    raise UserError(f"Every face would be left out ({told}), so {folder} stays as it was; loosen the filters.")


def _find(
    info: VideoInfo, part: Path, size: int, progress: Progress | None, remarks: Remarks, crew: Crew
) -> tuple[list[Record], list[people.Track]]:
    """All faces, followed through time: piece by piece of the video (pieces/found.py), and over the cuts."""

    def tell(done: int, faces: int) -> None:
        if progress:
            progress(done, info.frames, f"{len(whole.records) + faces} faces")

    whole, pieces = found.Joined(), cuts.pieces(info)
    tasks = [(one.abroad(), part.absolute(), size) if crew.far else (one, part, size) for one in pieces]
    with closing(crew.each(found.faces, tasks, tell)) as each:
        for piece, seen in zip(pieces, each, strict=True):
            whole.add(seen)
            remarks.add(seen.remarks)
            found.check_number(whole.records, info.path)
            if crew.far:
                tell(piece.stop, 0)
    return whole.records, whole.known()


def _choose(info: VideoInfo, seen: list[people.Appearance], person: int | None) -> int:
    if not seen:
        raise UserError(f"No face was found in {info.path}; choose a video that shows a face from the front.")
    if not 0 <= (chosen := person or 0) < len(seen):
        raise UserError(f"{info.path} shows people 0 to {len(seen) - 1}; there is no person {chosen}.")
    return chosen


def _contents(info: VideoInfo, records: list[Record], chosen: int, made_by: dict) -> Contents:
    size = {"width": info.width, "height": info.height, "fps": info.fps, "frames": info.frames}
    return Contents(
        schema_version=SCHEMA,
        source=Source(name=info.path.name, sha256=video.sha256(info.path), **size),
        person=chosen,
        crop=profiles.get(made_by["profile"]).crop,
        made_by=made_by,
        faces=records,
    )


def _filter(records: list[Record], limits: filters.Limits) -> None:
    for record, reason in zip(records, filters.reasons(records, limits), strict=True):
        record.left_out = reason


def _drop_pictures(folder: Path, records: list[Record]) -> None:
    for r in records:
        if r.left_out and r.file:
            (folder / r.file).unlink()
            r.file = None


def _show(info: VideoInfo, folder: Path, contents: Contents) -> None:
    sheets.contact_sheet(folder, [r for r in contents.faces if r.file and (folder / r.file).exists()])
    several = people.candidates(contents.faces, contents.person)
    if len(several) > 1:
        pick = sheets.moments(contents.faces, list(several)[: people.MOST])
        few = islice(enumerate(video.frames(info.path)), max(pick) + 1)
        sheets.who_is_who(folder, {i: frame for i, frame in few if i in pick}, contents.faces, contents.person)


def _result(folder: Path, contents: Contents, remarks: Remarks) -> ExtractResult:
    mine = [r for r in contents.faces if r.person == contents.person]
    good = [r for r in mine if r.file is not None]
    kept = [r for r in good if (folder / r.file).exists()]
    reasons = [r.left_out for r in contents.faces if r.left_out] + [faceset.BY_HAND] * (len(good) - len(kept))
    size = profiles.get(contents.made_by["profile"])
    height = round(np.median([r.box[3 - geometry.quarter_turns(r.pose[2]) % 2] for r in kept or mine]))
    return ExtractResult(
        folder,
        contents.source.frames,
        len(mine),
        len(kept),
        people.count(contents.faces),
        {reason: reasons.count(reason) for reason in sorted(set(reasons))},
        height,
        " ".join(filter(None, (people.turned(mine), filters.softness(height, size), str(remarks)))),
        people.told(contents.faces, contents.person, contents.source.width),
    )
