"""Lab 3: every face of a video, aligned, measured and sorted into a faceset.

One pass over the video finds the faces and writes their aligned pictures; then the faces are grouped into people,
one person is chosen, and what is too blurred, too small or turned too far is left out of training.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib import UserError, __version__, profiles
from faceswap_lib.face import detect, faceset, geometry, identity
from faceswap_lib.face.faceset import Contents, Record, Source
from faceswap_lib.face.mesh import MARGIN
from faceswap_lib.measure import metrics
from faceswap_lib.media import video
from faceswap_lib.media.remarks import Remarks
from faceswap_lib.media.video import VideoInfo
from faceswap_lib.profiles import Profile
from faceswap_lib.progress import Progress

SOFT = 2.2  # pixels of the frame to one of the texture: from there on a swap is visibly softer than its video


@dataclass
class ExtractResult:
    """What an extraction found: faces of the chosen person, kept for training, people seen, reasons for the rest.

    height: pixels of the frame from a face's forehead to its chin, median of those kept; advice: sentences, or empty.
    """

    folder: Path
    frames: int
    faces: int
    kept: int
    people: int
    left_out: dict[str, int]
    height: int
    advice: str


def extract(
    video_path: str | Path,
    folder: str | Path,
    *,
    profile: str = "demo",
    person: int | None = None,
    min_sharpness: float = 0.25,
    min_size: float = 24,
    max_yaw: float = 60,
    progress: Progress | None = None,
) -> ExtractResult:
    """Take the faces out of a video into a folder.

    person: which of the people seen, 0 = seen most (the default). min_sharpness: share of the person's median;
    min_size: pixels between the outer eye corners; max_yaw: degrees. A faceset that is there is replaced when the new
    one is complete. Raises UserError: no face, no face left of a good faceset, other things in the folder.
    """
    info, size, folder, remarks = video.probe(video_path), profiles.get(profile).crop, Path(folder), Remarks()
    limits = {"min_sharpness": min_sharpness, "min_size": min_size, "max_yaw": max_yaw}
    made_by = {"faceswap_lib": __version__, "profile": profile} | limits
    with faceset.renewed(folder) as part:
        records, tracks = _find(info, part, size, progress, remarks)
        people = identity.people(tracks)
        chosen = _choose(info, people, person)
        _assign(records, people, chosen)
        _filter([r for r in records if r.person == chosen], **limits)
        _is_worth_it(records, folder)
        contents = _contents(info, records, chosen, made_by)
        _drop_pictures(part, records)
        faceset.save(part, contents)
        _contact_sheet(part, [r for r in records if r.file])
    return _result(folder, info.frames, contents, len(people), remarks)


def _is_worth_it(records: list[Record], folder: Path) -> None:
    """A good faceset is not replaced by one with nothing to train on."""
    if any(not r.left_out for r in records) or not (folder / "faces.json").exists():
        return
    reasons = [r.left_out for r in records]
    told = ", ".join(f"{reasons.count(reason)} {reason}" for reason in sorted(set(reasons)))
    raise UserError(f"Every face would be left out ({told}), so {folder} stays as it was; loosen the filters.")


def _find(
    info: VideoInfo, part: Path, size: int, progress: Progress | None, remarks: Remarks
) -> tuple[list[Record], list[identity.Track]]:
    records, tracks = [], []
    with detect.Detector() as detector:
        for index, frame in enumerate(video.frames(info.path, remarks)):
            taken: set[int] = set()
            for face in detector.detect(frame):
                record, picture = _record(frame, index, face, len(taken), part, size)
                track = identity.follow(tracks, face.box, index, taken, identity.look(picture))
                taken.add(id(track))
                track.records.append(len(records))
                # a likeness at the start of a track and every 24th face: enough to know who it is
                if len(track.records) % 24 == 1:
                    track.likeness.append(identity.embed(frame, face.landmarks))
                records.append(record)
            if progress:
                progress(index + 1, info.frames, f"{len(records)} faces")
    return records, tracks


def _record(
    frame: np.ndarray, index: int, face: detect.Face, number: int, part: Path, size: int
) -> tuple[Record, np.ndarray]:
    m = geometry.align(face.landmarks, size)
    picture = geometry.crop(frame, m, size)
    inside = geometry.mask(geometry.transform(m, face.landmarks), picture.shape)
    name = f"{index:06d}_{number}.png"
    faceset.save_image(part / name, picture)
    record = Record(
        frame=index,
        box=np.round(face.box, 2).tolist(),
        landmarks=np.round(face.landmarks, 2).tolist(),
        depth=np.round(face.depth, 2).tolist(),
        transform=np.round(m, 6).tolist(),
        blur=round(metrics.sharpness(picture, inside), 3),
        score=round(face.score, 3),
        person=0,
        file=name,
        pose=np.round(geometry.pose(face.landmarks, face.depth), 1).tolist(),
    )
    return record, picture


def _choose(info: VideoInfo, people: list[list[identity.Track]], person: int | None) -> int:
    if not people:
        raise UserError(f"No face was found in {info.path}; choose a video that shows a face from the front.")
    chosen = person or 0
    if not 0 <= chosen < len(people):
        raise UserError(f"{info.path} shows {len(people)} people, numbered from 0; there is no person {chosen}.")
    return chosen


def _contents(info: VideoInfo, records: list[Record], chosen: int, made_by: dict) -> Contents:
    size = {"width": info.width, "height": info.height, "fps": info.fps, "frames": info.frames}
    return Contents(
        schema_version=faceset.SCHEMA,
        source=Source(name=info.path.name, sha256=video.sha256(info.path), **size),
        person=chosen,
        crop=profiles.get(made_by["profile"]).crop,
        made_by=made_by,
        faces=records,
    )


def _assign(records: list[Record], people: list[list[identity.Track]], chosen: int) -> None:
    for number, tracks in enumerate(people):
        for i in (i for track in tracks for i in track.records):
            records[i].person = number
            if number != chosen:
                records[i].left_out = "another person"
    seen: dict[int, Record] = {}
    for r in (r for r in records if r.person == chosen):  # one person is in one place: of two, keep the larger
        other = seen.setdefault(r.frame, r)
        if other is not r:
            small, seen[r.frame] = sorted((r, other), key=lambda x: x.box[2] * x.box[3])
            small.person, small.left_out = -1, "seen twice in one frame"


def _filter(records: list[Record], min_sharpness: float, min_size: float, max_yaw: float) -> None:
    median = float(np.median([r.blur for r in records]))
    for r in records:
        if r.blur < min_sharpness * median:
            r.left_out = "blurred"
        elif geometry.eye_distance(np.array(r.landmarks)) < min_size:
            r.left_out = "too small"
        elif abs(r.pose[0]) > max_yaw:
            r.left_out = "turned away"


def _drop_pictures(folder: Path, records: list[Record]) -> None:
    for r in records:
        if r.left_out and r.file:
            (folder / r.file).unlink()
            r.file = None


def _contact_sheet(folder: Path, records: list[Record], columns: int = 12, size: int = 96) -> None:
    pick = [records[i] for i in faceset.evenly(columns * 5, len(records))] if records else []
    tiles = [cv2.resize(cv2.imread(str(folder / r.file)), (size, size), interpolation=cv2.INTER_AREA) for r in pick]
    tiles += [np.full((size, size, 3), 255, "u1")] * (-len(tiles) % columns)
    if tiles:
        rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
        cv2.imwrite(str(folder / "contact_sheet.jpg"), np.vstack(rows))


def _result(folder: Path, frames: int, contents: Contents, people: int, remarks: Remarks) -> ExtractResult:
    mine = [r for r in contents.faces if r.person == contents.person]
    reasons = [r.left_out for r in contents.faces if r.left_out]
    kept = [r for r in mine if r.file is not None]
    height = round(np.median([r.box[3] for r in kept or mine]))
    return ExtractResult(
        folder,
        frames,
        len(mine),
        len(kept),
        people,
        {reason: reasons.count(reason) for reason in sorted(set(reasons))},
        height,
        f"{_advice(height, profiles.get(contents.made_by['profile']))} {remarks}".strip(),
    )


def _advice(height: int, profile: Profile) -> str:
    larger = [p for p in profiles.PROFILES.values() if p.texture > profile.texture]
    if not larger or height * MARGIN < SOFT * profile.texture:
        return ""
    best = next((p for p in larger if height * MARGIN < SOFT * p.texture), larger[-1])
    without = ", with --minutes 10 where there is no graphics card" if best.mixed else ""
    return (
        f"A face is {height} pixels high here, and the profile {profile.name} draws it with "
        f"{profile.texture / MARGIN:.0f}: the swap will be softer than the video. The profile {best.name} takes "
        f"{best.texture / MARGIN:.0f}; give it to extract and train{without}."
    )
