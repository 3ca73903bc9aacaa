"""extract.py on clips made here: who is in them, which face is whose, what is left out, and what a failure leaves."""

import hashlib
import shutil
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from faceswap_lib import UserError, extract, files, samples
from faceswap_lib.face import faceset, geometry, identity
from faceswap_lib.face.records import Record
from faceswap_lib.measure import metrics
from faceswap_lib.media import video
from faceswap_lib.pieces import found

SIDE = 240  # pixels of the smaller face's frame


def start(name: str, count: int, first: int = 0) -> list[np.ndarray]:
    return list(islice(video.frames(samples.path(f"person_{name}")), first, first + count))


def side_by_side(left: list[np.ndarray], right: list[np.ndarray]) -> list[np.ndarray]:
    """Pairs of frames in one; where one side has run out there is a grey wall."""
    wall, long = np.full((SIDE, SIDE, 3), 110, "u1"), max(len(left), len(right))
    small = [[cv2.resize(f, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for f in s] for s in (left, right)]
    return [np.hstack([s[i] if i < len(s) else wall for s in small]) for i in range(long)]


def clip(path: Path, frames: list[np.ndarray]) -> Path:
    video.write(path, frames, 24, crf=8)
    return path


def middle(record: Record) -> float:
    return record.box[0] + record.box[2] / 2


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> Path:
    """B on the left for 10 frames, A on the right for 14."""
    return clip(tmp_path_factory.mktemp("two") / "two.mp4", side_by_side(start("b", 10), start("a", 14)))


def test_every_frame_gives_a_face_cut_out_as_its_record_says(short, facesets):
    loaded = faceset.load(facesets["a"])
    assert loaded.frames.tolist() == list(range(30)) == loaded.usable.tolist()
    assert loaded.source.sha256 == hashlib.sha256(short["a"].read_bytes()).hexdigest()
    assert (loaded.source.width, loaded.source.height, loaded.source.frames) == (320, 320, 30)
    for i, frame in enumerate(video.frames(short["a"])):
        record, picture = loaded.records[i], loaded.image(i)
        # the picture's pixels, one by one, from where the inverse of the transform says they were
        back = cv2.invertAffineTransform(loaded.transform(i))
        y, x = np.mgrid[0:128, 0:128].astype("f4")
        where = geometry.transform(back, np.stack([x, y], -1)).astype("f4")
        oracle = cv2.remap(frame, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        assert picture.shape == (128, 128, 3) and peak_signal_noise_ratio(oracle, picture) > 32
        inside = geometry.mask(geometry.transform(loaded.transform(i), loaded.solid[i, :, :2]), picture.shape)
        assert record.blur == pytest.approx(metrics.sharpness(picture, inside), rel=0.01)
        assert record.left_out is None and record.person == 0


def test_a_folder_holds_pictures_the_list_and_a_contact_sheet(facesets):
    assert names(facesets["a"]) == sorted([f"{i:06d}_0.png" for i in range(30)] + ["contact_sheet.jpg", "faces.json"])
    assert cv2.imread(str(facesets["a"] / "contact_sheet.jpg")).std() > 20
    assert names(facesets["a"].parent) == ["a", "b"], "no folder of the work is left"


def test_the_person_seen_most_is_chosen(two, tmp_path):
    result = extract.extract(two, tmp_path / "f", profile="smoke")
    assert (result.people, result.frames, result.faces, result.kept) == (2, 14, 14, 14)
    assert result.left_out == {"another person": 10}
    loaded = faceset.load(tmp_path / "f")
    assert all(middle(r) > SIDE for r in loaded.records), "A is on the right"
    assert len(list((tmp_path / "f").glob("*.png"))) == 14, "no picture of the other one stays"


def test_the_other_person_can_be_chosen(two, tmp_path, clip_a, clip_b):
    result = extract.extract(two, tmp_path / "f", profile="smoke", person=1)
    assert (result.people, result.faces, result.left_out) == (2, 10, {"another person": 14})
    loaded, frame = faceset.load(tmp_path / "f"), next(video.frames(two))
    assert all(middle(r) < SIDE for r in loaded.records)
    likeness = identity.embed(frame, loaded.solid[0, :, :2])
    a, b = (identity.embed(c.frames[0], c.faces[0][0].landmarks) for c in (clip_a, clip_b))
    assert np.linalg.norm(likeness - b) < 0.6 < np.linalg.norm(likeness - a)


@pytest.mark.parametrize(("person", "told"), [(2, "shows people 0 to 1; there is no person 2"), (-1, "person is -1")])
def test_a_person_who_is_not_there(two, tmp_path, person, told):
    with pytest.raises(UserError, match=told):
        extract.extract(two, tmp_path / "f", profile="smoke", person=person)
    assert names(tmp_path) == []


def test_one_person_after_a_cut_is_one_and_another_is_another(tmp_path):
    moved = [np.roll(f, 60, 1) for f in start("a", 8, 100)]
    one = extract.extract(clip(tmp_path / "1.mp4", start("a", 8) + moved), tmp_path / "one", profile="smoke")
    assert (one.people, one.kept) == (1, 16)
    both = extract.extract(clip(tmp_path / "2.mp4", start("a", 8) + start("b", 5)), tmp_path / "both", profile="smoke")
    assert (both.people, both.kept) == (2, 8)


def test_one_person_seen_twice_in_a_frame_is_taken_once(tmp_path):
    frames = start("a", 6)
    large = [np.vstack([f, np.full((80, 320, 3), 110, "u1")]) for f in frames]
    little = [np.full((400, 320, 3), 110, "u1") for _ in frames]
    for page, frame in zip(little, frames, strict=True):
        page[80:320, 40:280] = cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    pages = [np.hstack(pair) for pair in zip(large, little, strict=True)]
    result = extract.extract(clip(tmp_path / "twice.mp4", pages), tmp_path / "f", profile="smoke")
    assert (result.people, result.faces, result.left_out) == (1, 6, {"same person elsewhere": 6})
    assert all(middle(r) < 320 for r in faceset.load(tmp_path / "f").records), "the larger one"


def pasted(*layers: tuple[np.ndarray, int, int]) -> np.ndarray:
    """A grey wall of 560 × 280 pixels with pictures on it: each with its side and the x of its middle."""
    wall = np.full((280, 560, 3), 110, "u1")
    for picture, side, middle in layers:
        x = middle - side // 2
        wall[140 - side // 2 :][:side, x : x + side] = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return wall


def filmed(frames: list[np.ndarray]) -> list[np.ndarray]:
    """The same with a camera that shakes, turns a little and has some noise."""
    random, out = np.random.default_rng(0), []
    for i, frame in enumerate(frames):
        m = cv2.getRotationMatrix2D((280, 140), 2 * np.sin(i / 5), 1 + 0.03 * np.sin(i / 9))
        m[:, 2] += [4 * np.sin(i / 4), 3 * np.cos(i / 6)]
        moved = cv2.warpAffine(frame, m, (560, 280), borderMode=cv2.BORDER_REPLICATE)
        out.append((moved + random.normal(0, 3, moved.shape)).clip(0, 255).astype("u1"))
    return out


def sides(folder: Path) -> set[str]:
    """Where the faces of a faceset are in frames of 560 pixels."""
    return {"left" if middle(r) < 280 else "right" for r in faceset.load(folder).records}


@pytest.mark.parametrize("camera", [list, filmed], ids=["still camera", "shaking camera"])
def test_a_poster_larger_than_the_person_is_not_taken_for_them(tmp_path, camera):
    poster = start("b", 1)[0]
    frames = camera([pasted((frame, 160, 130), (poster, 250, 410)) for frame in start("a", 24, 20)])
    path = clip(tmp_path / "poster.mp4", frames)
    result = extract.extract(path, tmp_path / "f", profile="smoke")
    assert (result.people, result.kept, sides(tmp_path / "f")) == (2, 24, {"left"})
    assert result.who == (
        "Person 0 (24 faces, left) was taken, and not 1 (24 faces, right, does not move: a picture?). people.jpg shows "
        "who is who; --person takes another one (person_a and person_b in the notebooks)."
    )
    green, red = (cv2.imread(str(tmp_path / "f" / "people.jpg"))[60:260, x : x + 320] for x in (0, 320))
    assert (green[..., 1].astype(int) - green[..., 2]).max() > 120 > (red[..., 1].astype(int) - red[..., 2]).max()
    assert "people.jpg" in names(tmp_path / "f") and "a picture?" in result.who
    extract.extract(path, tmp_path / "f", profile="smoke", person=1)
    assert sides(tmp_path / "f") == {"right"}


def test_a_large_picture_of_oneself_is_not_taken_for_one(tmp_path):
    frames = start("a", 24, 20)
    path = clip(tmp_path / "self.mp4", [pasted((frame, 160, 130), (frames[0], 250, 410)) for frame in frames])
    result = extract.extract(path, tmp_path / "f", profile="smoke")
    assert (result.people, result.kept, sides(tmp_path / "f")) == (1, 24, {"left"})
    assert result.left_out == {"same person elsewhere": 24} and "1 (24 faces, right, the same face again" in result.who


@pytest.mark.parametrize("other", ["mirror", "television"])
def test_one_face_is_followed_when_another_one_becomes_the_larger(tmp_path, other):
    mine, theirs, count = start("a", 30), start("b", 30), 30
    theirs = [frame[:, ::-1] for frame in mine] if other == "mirror" else theirs
    away = np.linspace(0, 110, count).astype(int) // 2 * 2  # the one goes away as the other comes near
    frames = [pasted((a, 240 - d, 140), (b, 130 + d, 420)) for a, b, d in zip(mine, theirs, away.tolist(), strict=True)]
    path = clip(tmp_path / "crossing.mp4", frames)
    result = extract.extract(path, tmp_path / "f", profile="smoke")
    assert (result.people, result.faces) == (1 if other == "mirror" else 2, count)
    assert sides(tmp_path / "f") == {"left"} and "and not 1 (30 faces, right" in result.who
    assert ("a mirror" in result.who) == (other == "mirror") and "picture" not in result.who.replace("or a picture", "")
    again = extract.extract(path, tmp_path / "f", profile="smoke", person=1)
    assert sides(tmp_path / "f") == {"right"} and again.who.startswith("Person 1 (30 faces, right")


@pytest.mark.parametrize(("turns", "said"), [(1, "lie on their side"), (2, "stand on their head"), (3, "lie on")])
@pytest.mark.parametrize("name", "ab")
def test_faces_of_a_turned_video_are_found_upright(tmp_path, name, turns, said):
    frames = start(name, 10)
    upright = extract.extract(clip(tmp_path / "up.mp4", frames), tmp_path / "up", profile="smoke")
    turned = [np.ascontiguousarray(np.rot90(frame, -turns)) for frame in frames]
    result = extract.extract(clip(tmp_path / "turned.mp4", turned), tmp_path / "f", profile="smoke")
    assert result.kept == 10 and f"10 of 10 faces {said}" in result.advice and "turned" not in upright.advice
    mine, theirs = faceset.load(tmp_path / "f"), faceset.load(tmp_path / "up")
    where = {1: lambda p: (319 - p[..., 1], p[..., 0]), 2: lambda p: (319 - p[..., 0], 319 - p[..., 1])}
    where[3] = lambda p: (p[..., 1], 319 - p[..., 0])
    expected = np.stack(where[turns](theirs.solid[..., :2]), -1)
    assert np.abs(mine.solid[..., :2] - expected).mean() < 1, "pixels; two codings of one picture"
    for i in (0, 9):
        assert peak_signal_noise_ratio(mine.image(i), theirs.image(i)) > 30, "the aligned picture is upright"
    assert mine.poses[:, :2] == pytest.approx(theirs.poses[:, :2], abs=3)
    assert result.height == pytest.approx(upright.height, abs=3)


def test_a_clip_that_is_turned_from_a_cut_on_is_found_upright_at_once(tmp_path):
    frames = start("a", 16)
    mixed = frames[:8] + [np.ascontiguousarray(frame[::-1, ::-1]) for frame in frames[8:]]
    extract.extract(clip(tmp_path / "mixed.mp4", mixed), tmp_path / "f", profile="smoke")
    tilts = faceset.load(tmp_path / "f").poses[:, 2]
    assert len(tilts) == 16 and np.abs(tilts[:8]).max() < 30 and np.abs(tilts[8:]).min() > 150


def test_blurred_faces_are_left_out(tmp_path):
    frames = start("a", 12)
    for i in (3, 7, 8):
        frames[i] = cv2.GaussianBlur(frames[i], (0, 0), 6)
    path = clip(tmp_path / "blurred.mp4", frames)
    result = extract.extract(path, tmp_path / "f", profile="smoke")
    assert result.left_out == {"blurred": 3} and (result.faces, result.kept) == (12, 9)
    loaded = faceset.load(tmp_path / "f")
    assert sorted(set(range(12)) - set(loaded.frames[loaded.usable].tolist())) == [3, 7, 8]
    assert extract.extract(path, tmp_path / "f", profile="smoke", min_sharpness=0).kept == 12


def test_small_faces_are_left_out(tmp_path):
    frames = start("a", 10)
    for i in range(6, 10):
        little = cv2.resize(frames[i], (160, 160), interpolation=cv2.INTER_AREA)
        frames[i] = cv2.copyMakeBorder(little, 80, 80, 80, 80, cv2.BORDER_REPLICATE)
    path = clip(tmp_path / "small.mp4", frames)
    result = extract.extract(path, tmp_path / "f", profile="smoke", min_size=70)
    eyes = np.linalg.norm(np.diff(faceset.load(tmp_path / "f").solid[:, [33, 263], :2], axis=1), axis=-1).ravel()
    assert (eyes > 70).tolist() == [True] * 6 + [False] * 4
    assert (result.kept, result.left_out) == (6, {"too small": 4})


def test_faces_larger_than_what_a_profile_draws_are_told_of(tmp_path):
    small = start("a", 3)
    large = [cv2.resize(f, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC) for f in small]
    told = {}
    for label, frames in (("small", small), ("large", large)):
        r = extract.extract(clip(tmp_path / f"{label}.mp4", frames), tmp_path / label, profile="demo")
        told[label] = r.advice
        records = faceset.load(tmp_path / label).records
        high = [np.ptp(np.array(one.landmarks)[:, 1]) for one in records]
        assert r.height == pytest.approx(np.median(high), rel=0.02)
    assert not told["small"], "the built-in clips are made for the demo"
    assert all(said in told["large"] for said in ("demo draws it with 110", "gpu takes 221", "--minutes"))
    assert "gpu" not in extract.extract(tmp_path / "small.mp4", tmp_path / "f", profile="smoke").advice, (
        "the next one will do"
    )


def test_turned_faces_are_left_out(short, tmp_path, clip_a):
    yaw = [abs(geometry.pose(found[0].landmarks, found[0].depth)[0]) for found in clip_a.faces[:30]]
    limit = float(np.sort(yaw)[14:16].mean())
    result = extract.extract(short["a"], tmp_path / "f", profile="smoke", max_yaw=limit)
    assert result.left_out == {"turned away": pytest.approx(15, abs=2)} and result.kept + 15 == pytest.approx(30, abs=2)
    assert all((abs(r.pose[0]) <= limit) == (r.file is not None) for r in faceset.load(tmp_path / "f").records)


def test_a_video_without_a_face(tmp_path):
    path = clip(tmp_path / "wall.mp4", [np.full((120, 160, 3), 90 + i, "u1") for i in range(6)])
    with pytest.raises(UserError, match="No face was found in .*wall.mp4"):
        extract.extract(path, tmp_path / "f", profile="smoke")
    assert names(tmp_path) == ["wall.mp4"]


def test_a_folder_with_other_things_is_refused_and_left_alone(short, tmp_path):
    (tmp_path / "holiday.jpg").write_text("dear")
    with pytest.raises(UserError, match="other things than a faceset"):
        extract.extract(short["a"], tmp_path, profile="smoke")
    with pytest.raises(UserError, match="is a file"):
        extract.extract(short["a"], tmp_path / "holiday.jpg", profile="smoke")
    assert names(tmp_path) == ["holiday.jpg"] and (tmp_path / "holiday.jpg").read_text() == "dear"


def test_a_folder_that_cannot_be_made(short, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made"):
        extract.extract(short["a"], tmp_path / "file" / "f", profile="smoke")


def test_bad_input_is_refused_before_any_work(tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    for path, profile, word in ((tmp_path / "text.mp4", "smoke", "text.mp4"), (samples.path("person_a"), "x", "'x'")):
        with pytest.raises(UserError, match=word):
            extract.extract(path, tmp_path / "f", profile=profile)
    assert names(tmp_path) == ["text.mp4"]


class Stopped(Exception):
    pass


@pytest.mark.parametrize("there", [True, False])
def test_an_interruption_leaves_what_was_there_and_nothing_else(short, tmp_path, there):
    folder = tmp_path / "f"
    if there:
        extract.extract(clip(tmp_path / "old.mp4", start("b", 4)), folder, profile="smoke")
    before = {p.name: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def stop(done, total, note):
        if done == 5:
            raise Stopped

    with pytest.raises(Stopped):
        extract.extract(short["a"], folder, profile="smoke", progress=stop)
    assert {p.name: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    assert names(tmp_path) == (["f", "old.mp4"] if there else [])


def test_a_new_extraction_replaces_the_old_one_whole(short, tmp_path):
    told = []
    path = clip(tmp_path / "old.mp4", start("b", 4))
    extract.extract(path, tmp_path / "f", profile="smoke", progress=lambda *args: told.append(args))
    assert [args[:2] for args in told] == [(i, 4) for i in range(1, 5)] and told[-1][2] == "4 faces"
    extract.extract(short["a"], tmp_path / "f", profile="smoke")
    assert faceset.load(tmp_path / "f").source.name == "a.mp4" and len(list((tmp_path / "f").glob("*.png"))) == 30
    assert names(tmp_path) == ["f", "old.mp4"]


def test_the_source_video_in_the_folder_of_its_faces_is_not_lost(short, tmp_path):
    folder = tmp_path / "fa"
    extract.extract(short["a"], folder, profile="smoke")
    shutil.copy(short["a"], folder / "a.mp4")
    (folder / "notes.txt").write_text("mine")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UserError, match="holds a.mp4, notes.txt beside its faceset"):
        extract.extract(folder / "a.mp4", folder, profile="smoke")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_filters_that_leave_no_face_do_not_replace_a_good_faceset(short, tmp_path):
    folder = tmp_path / "fa"
    extract.extract(short["a"], folder, profile="smoke")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    with pytest.raises(UserError, match="Every face would be left out .30 too small., so .*fa stays as it was; loosen"):
        extract.extract(short["a"], folder, profile="smoke", min_size=999)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    found = extract.extract(short["a"], tmp_path / "new", profile="smoke", min_size=999)
    assert (found.faces, found.kept) == (30, 0), "where nothing is lost, it may be wanted: to convert with"


class Again(Exception):
    """The work is done again."""


@pytest.fixture
def lookout(monkeypatch):
    """From here on an extraction that looks for faces ends in Again."""

    def find(*args):
        raise Again

    return lambda: monkeypatch.setattr(extract, "_find", find)


def test_a_faceset_that_is_there_is_kept_when_asked(two, tmp_path, lookout):
    told: list[tuple] = []
    how = {"profile": "smoke", "max_yaw": 25}
    first = extract.extract(two, tmp_path / "f", **how)
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in (tmp_path / "f").iterdir()}
    lookout()
    again = extract.extract(two, tmp_path / "f", **how, keep=True, progress=lambda *args: told.append(args))
    assert again == first and again.people == 2 and again.kept > 0
    assert told == [(14, 14, "is there already")]
    assert {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in (tmp_path / "f").iterdir()} == before
    assert names(tmp_path) == ["f"]


@pytest.mark.parametrize(
    "change",
    [
        {"keep": False},
        {"profile": "micro"},
        {"person": 0},
        {"min_size": 25},
        "video",
        "version",
        "gone",
        "empty",
        "none",
    ],
)
def test_what_another_extraction_would_give_is_not_kept(short, facesets, tmp_path, monkeypatch, lookout, change):
    folder, clip_a = tmp_path / "f", short["b" if change == "video" else "a"]
    shutil.copytree(facesets["a"], folder)
    if change == "version":
        monkeypatch.setattr(extract, "__version__", "0.0.9")
    if change == "gone":
        (folder / "000003_0.png").unlink()
    if change == "empty":  # as after a power cut
        (folder / "000003_0.png").write_bytes(b"")
    if change == "none":
        shutil.rmtree(folder)
    lookout()
    with pytest.raises(Again):
        extract.extract(
            clip_a, folder, **{"profile": "smoke", "keep": True} | (change if isinstance(change, dict) else {})
        )


def test_a_disk_too_small_is_said_before_the_work_and_one_that_fills_up_ends_it(short, tmp_path, monkeypatch):
    free = iter([9e6, 50e6, 50e6])  # then before the work, and at the first frame
    monkeypatch.setattr(files.shutil, "disk_usage", lambda path: SimpleNamespace(free=next(free, 5e6)))
    with pytest.raises(UserError, match="has 9 MB free, and this extraction needs about 13 MB; free some space"):
        extract.extract(short["a"], tmp_path / "f", profile="gpu")
    monkeypatch.setattr(found, "LOOK", 10)
    with pytest.raises(UserError, match="has 5 MB free, and the rest of this extraction needs about 20 MB"):
        extract.extract(short["a"], tmp_path / "f", profile="smoke")
    assert list(tmp_path.iterdir()) == []
