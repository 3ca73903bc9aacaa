"""convert.py on short clips: the face changes, the rest stays, all frames carry the label, a misfit is refused."""

import re
import shutil
import tracemalloc
from datetime import date
from fractions import Fraction
from itertools import islice
from pathlib import Path

import agreed
import cv2
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from faceswap_lib import UserError, convert, extract, samples, train
from faceswap_lib.compose import color, model_swap
from faceswap_lib.face import anatomy, detect, faceset, geometry, identity, motion
from faceswap_lib.media import video
from faceswap_lib.network import record, saved
from faceswap_lib.trust import consent, credentials, label, revocation

FRAMES = 30


def read(path: Path) -> list[np.ndarray]:
    return list(video.frames(path))


def oval(solid: np.ndarray, grow: int, shape: tuple = (320, 320)) -> np.ndarray:
    """The face's oval, widened or (negative) narrowed by some pixels: bool."""
    area = geometry.mask(solid[:, :2], shape)
    kernel = np.ones((2 * abs(grow) + 1,) * 2)
    return (cv2.dilate(area, kernel) if grow > 0 else cv2.erode(area, kernel)) > 0


def labelled(found: faceset.Faceset, width: int = 320, height: int = 320) -> label.Label:
    boxes: dict[int, list[np.ndarray]] = {}
    for face in found.contents.faces:
        boxes.setdefault(face.frame, []).append(np.array(face.box))
    return label.Label(width, height, boxes)


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(int) - other).mean(-1)


@pytest.fixture(scope="module")
def swapped(short, facesets, trained, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("out") / "swapped.mp4"
    told = []
    result = agreed.swap(short["a"], facesets["a"], trained.model, out, progress=lambda *args: told.append(args))
    assert (result.out, result.frames, result.swapped) == (out, FRAMES, FRAMES)
    assert result.advice == result.remarks == ""
    assert [args[:2] for args in told] == [(i, FRAMES) for i in range(1, FRAMES + 1)]
    return out


@pytest.fixture(scope="module")
def untrained(short, facesets, trained, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("untrained") / "untrained.mp4"
    agreed.swap(short["a"], facesets["a"], trained.model, out, untrained=True)
    return out


@pytest.mark.parametrize("which", ["swapped", "untrained"])
def test_the_face_changes_and_nothing_far_from_it(short, facesets, which, request):
    found, before, after = faceset.load(facesets["a"]), read(short["a"]), read(request.getfixturevalue(which))
    assert len(after) == FRAMES and after[0].shape == (320, 320, 3)
    mark = labelled(found)
    for i in range(FRAMES):
        change, far = apart(before[i], after[i]), ~oval(found.solid[i], 20)
        x, y, w, h = mark.place(i)
        assert change[y : y + h, x : x + w].mean() > 20, "the label is there"
        far[max(0, y - 8) : y + h + 8, max(0, x - 8) : x + w + 8] = False
        assert change[far].mean() < 2 and np.percentile(change[far], 99.5) < 12, "but for the codec"
        assert change[oval(found.solid[i], -10)].mean() > 5 * change[far].mean()
        assert change[oval(found.solid[i], -10)].mean() > 4


def test_the_swapped_face_is_more_like_b(short, facesets, swapped, untrained, clip_b):
    solid, before = faceset.load(facesets["a"]).solid, read(short["a"])
    b = np.mean([identity.embed(clip_b.frames[i], clip_b.faces[i][0].landmarks) for i in (0, 10, 20)], 0)
    for path in (swapped, untrained):
        after = read(path)
        for i in (0, 14, 29):
            was, now = (identity.embed(f[i], solid[i, :, :2]) for f in (before, after))
            assert np.linalg.norm(now - b) < np.linalg.norm(was - b) - 0.1


def test_training_changes_the_picture(facesets, swapped, untrained):
    solid = faceset.load(facesets["a"]).solid
    gap = [apart(*pair)[oval(p, -10)].mean() for *pair, p in zip(read(swapped), read(untrained), solid, strict=True)]
    assert min(gap) > 0.3


def test_the_drawn_face_moves_as_the_face_did(short, facesets, untrained):
    solid = faceset.load(facesets["a"]).solid
    with detect.Detector() as detector:
        found = [detector.detect(frame) for frame in read(untrained)]
    assert {len(f) for f in found} == {1}
    middles = [np.linalg.norm(f[0].landmarks.mean(0) - p[:, :2].mean(0)) for f, p in zip(found, solid, strict=True)]
    assert max(middles) < 6
    turns = [
        abs(geometry.pose(f[0].landmarks, f[0].depth)[0] - geometry.pose(p[:, :2], p[:, 2])[0])
        for f, p in zip(found, solid, strict=True)
    ]
    assert max(turns) < 10


def test_teeth_and_tongue_stay_the_videos_own(short, facesets, trained, swapped, tmp_path):
    found, out = faceset.load(facesets["a"]), tmp_path / "drawn.mp4"
    agreed.swap(short["a"], facesets["a"], trained.model, out, keep_mouth=False)
    scene, gaps, sides = model_swap.scene(found, record.read_about(trained.model), "b"), [], []
    for drawn, kept, target in zip(read(out), read(swapped), scene.targets, strict=True):
        inside = cv2.fillPoly(np.zeros((320, 320), "u1"), [np.round(target[anatomy.MOUTH, :2]).astype("i4")], 1)
        near, changed = cv2.dilate(inside, np.ones((13, 13))) > 0, apart(drawn, kept)
        gaps.append(motion.apart(target, anatomy.LIP_PAIRS) / geometry.eye_distance(target[:, :2]))
        sides.append([changed[near].mean(), changed[~near].mean()])
    (inner, outer), gaps = np.array(sides).T, np.array(gaps)
    assert outer.max() < 1.5, "but for what coding it again changes"
    assert inner[gaps > np.quantile(gaps, 0.8)].mean() > 1.5 * inner[gaps < np.quantile(gaps, 0.2)].mean()


def test_the_wrong_decoder_gives_the_videos_own_person_back(short, facesets, trained, tmp_path, clip_a):
    out = tmp_path / "out.mp4"
    agreed.swap(short["a"], facesets["a"], trained.model, out, to="a")
    about, found = record.read_about(trained.model), faceset.load(facesets["a"])
    scene = model_swap.scene(found, about, "a")
    assert np.abs((scene.targets[:] - scene.solid[:])[:, anatomy.OVAL, :2]).mean() < 0.5, "its own shape"
    likeness = identity.embed(read(out)[5], found.solid[5, :, :2])
    assert np.linalg.norm(likeness - identity.embed(clip_a.frames[5], clip_a.faces[5][0].landmarks)) < 0.35


@pytest.mark.parametrize("name", list(color.METHODS))
def test_every_colour_method_gives_its_own_video(short, facesets, trained, untrained, tmp_path, name):
    out = tmp_path / "out.mp4"
    assert agreed.swap(short["a"], facesets["a"], trained.model, out, color_match=name, untrained=True).frames == FRAMES
    solid = faceset.load(facesets["a"]).solid
    gap = [apart(*pair)[oval(p, -10)].mean() for *pair, p in zip(read(out), read(untrained), solid, strict=True)]
    least = {"relit": 0, "light": 2}.get(name, 5)
    assert np.mean(gap) > least if name != "relit" else np.mean(gap) < 2, "relit is the default; H.264 wavers a little"


def test_the_other_way_round(short, facesets, trained, tmp_path, clip_a):
    out = tmp_path / "out.mp4"
    agreed.swap(short["b"], facesets["b"], trained.model, out, to="a")
    solid, before, after = faceset.load(facesets["b"]).solid, read(short["b"]), read(out)
    a = identity.embed(clip_a.frames[0], clip_a.faces[0][0].landmarks)
    was, now = (np.linalg.norm(identity.embed(f[5], solid[5, :, :2]) - a) for f in (before, after))
    assert now < was - 0.1


def test_similarity_alignment_converts_too(short, facesets, tmp_path):
    model, out = tmp_path / "model", tmp_path / "out.mp4"
    train.train(facesets["a"], facesets["b"], model, profile="smoke", iterations=2, alignment="similarity", gan=False)
    assert agreed.swap(short["a"], facesets["a"], model, out).swapped == FRAMES
    solid = faceset.load(facesets["a"]).solid
    for before, after, p in zip(read(short["a"]), read(out), solid, strict=True):
        assert apart(before, after)[oval(p, -10)].mean() > 3
        assert apart(before, after)[:60, :60].mean() < 2


@pytest.fixture(scope="module")
def gappy(tmp_path_factory) -> tuple[Path, Path]:
    """A clip whose frames 7 to 11 and last two show a wall, and its faceset."""
    folder = tmp_path_factory.mktemp("gappy")
    frames = list(islice(video.frames(samples.path("person_a")), 20))
    wall = cv2.GaussianBlur(frames[0][:, :60], (0, 0), 5)
    for i in (*range(7, 12), 18, 19):
        frames[i] = np.ascontiguousarray(cv2.resize(wall, (320, 320)))
    video.write(folder / "gappy.mp4", frames, 24)
    extract.extract(folder / "gappy.mp4", folder / "faces", profile="smoke")
    return folder / "gappy.mp4", folder / "faces"


def test_frames_without_a_face_stay_as_they_are_but_for_the_label(gappy, trained, tmp_path):
    clip, folder = gappy
    result = agreed.swap(clip, folder, trained.model, tmp_path / "out.mp4", untrained=True)
    found = faceset.load(folder)
    assert (result.frames, result.swapped) == (20, 13) and set(found.frames) == {*range(7), *range(12, 18)}
    mark = labelled(found)
    for i, (before, after) in enumerate(zip(read(clip), read(tmp_path / "out.mp4"), strict=True)):
        x, y, w, h = mark.place(i)
        change = apart(before, after)
        assert change[y : y + h, x : x + w].mean() > 20
        before[y - 8 : y + h + 8, max(0, x - 8) : x + w + 8] = after[y - 8 : y + h + 8, max(0, x - 8) : x + w + 8]
        same = peak_signal_noise_ratio(before, after)
        assert same > 38 if i not in found.frames else same < 36, (i, same)


def test_only_the_chosen_person_is_swapped(trained, tmp_path):
    sides = [list(islice(video.frames(samples.path(f"person_{name}")), 10)) for name in "ab"]
    clip, folder = tmp_path / "two.mp4", tmp_path / "faces"
    video.write(clip, [np.hstack(pair) for pair in zip(*sides, strict=True)], 24)
    extract.extract(clip, folder, profile="smoke")
    found = faceset.load(folder)
    left = bool(np.median(found.solid[..., 0]) < 320)
    agreed.swap(clip, folder, trained.model, tmp_path / "out.mp4", untrained=True)
    for before, after in zip(read(clip), read(tmp_path / "out.mp4"), strict=True):
        halves = [apart(before, after)[60:240, x + 60 : x + 260].mean() for x in ((0, 320) if left else (320, 0))]
        assert halves[0] > 3 and halves[1] < 2 and halves[0] > halves[1] + 1.5, "but for the mark"


def test_an_odd_recording_is_converted_and_what_is_wrong_with_it_said(short, trained, tmp_path):
    """A transport stream, ten hours late, with packets lost here and there."""
    import av

    source, frames = tmp_path / "odd.ts", read(short["a"])
    with av.open(str(source), "w") as out:
        stream = out.add_stream(
            "libx264", 24, width=320, height=320, pix_fmt="yuv420p", options={"crf": "16", "g": "6"}
        )
        for i, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(rgb)
            frame.pts, frame.time_base = 36000 * 24 + i, Fraction(1, 24)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    packets = [source.read_bytes()[at : at + 188] for at in range(0, source.stat().st_size, 188)]
    source.write_bytes(b"".join(p for i, p in enumerate(packets) if p[1] & 0x40 or i % 100 >= 12))
    found = extract.extract(source, tmp_path / "faces", profile="smoke")
    done = agreed.swap(source, tmp_path / "faces", trained.model, tmp_path / "out.mp4", untrained=True)
    told = rf"[1-9]\d* of {FRAMES} frames are damaged in the source \(frame"
    assert re.search(told, found.advice) and re.match(told, done.remarks)
    with av.open(str(tmp_path / "out.mp4")) as container:
        stamps = [frame.time for frame in container.decode(video=0)]
    assert np.abs(np.array(stamps) - np.arange(FRAMES) / 24).max() < 1e-3


def test_memory_does_not_grow_with_length(short, facesets, trained, tmp_path):
    frames = read(short["a"])
    video.write(tmp_path / "long.mp4", frames * 8, 24)  # some fifty wait in queues, of the short one too
    extract.extract(tmp_path / "long.mp4", tmp_path / "long", profile="smoke")
    peaks = []
    for clip, folder in ((short["a"], facesets["a"]), (tmp_path / "long.mp4", tmp_path / "long")):
        tracemalloc.start()
        agreed.swap(clip, folder, trained.model, tmp_path / "out.mp4", untrained=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert len(read(tmp_path / "out.mp4")) == 240
    assert peaks[1] - peaks[0] < 0.4 * 210 * frames[0].nbytes, "210 frames more, and not even their faces are kept"


def refused(tmp_path: Path, word: str, *arguments: object, **settings: object) -> None:
    """convert says no, naming this, and writes nothing."""
    out = tmp_path / "out" / "out.mp4"
    out.parent.mkdir(exist_ok=True)
    with pytest.raises(UserError, match=word):
        agreed.swap(*arguments, out, **settings)
    assert list(out.parent.iterdir()) == []


def test_what_does_not_belong_together_is_refused(short, facesets, trained, tmp_path):
    a, model = facesets["a"], trained.model
    refused(tmp_path, "taken from another video .a.mp4. than .*b.mp4", short["b"], a, model)
    refused(tmp_path, "no colour method 'lab'", short["a"], a, model, color_match="lab")
    refused(tmp_path, "nobody called 'c'; swap to a or b", short["a"], a, model, to="c")
    refused(tmp_path, "not a faceset", short["a"], model, model)
    refused(tmp_path, "holds no trained model", short["a"], a, a)
    refused(tmp_path, "no file", tmp_path / "nowhere.mp4", a, model)


def test_somebodys_own_video_is_not_swapped_with_themselves_by_mistake(short, facesets, trained, tmp_path):
    said = "b.mp4 is B's own video, and B would be put on B; give A's video, or say --to a"
    refused(tmp_path, said, short["b"], facesets["b"], trained.model)
    result = agreed.swap(short["b"], facesets["b"], trained.model, tmp_path / "b.mp4", to="b", untrained=True)
    assert (result.swapped, result.advice) == (FRAMES, ""), "somebody who says so means it"


def test_another_video_of_who_is_put_in_is_told_of(trained, tmp_path, capsys):
    told = {}
    for name in "ab":
        clip, folder = tmp_path / f"another_{name}.mp4", tmp_path / name
        video.write(clip, islice(video.frames(samples.path(f"person_{name}")), 60, 66), 24)
        extract.extract(clip, folder, profile="smoke")
        told[name] = agreed.swap(clip, folder, trained.model, tmp_path / "out.mp4", untrained=True).advice
    assert told["b"].startswith("another_b.mp4 seems to show B, whose face is put in: the swap shows little")
    assert told["a"] == "" and capsys.readouterr().err.count(f"Note: {told['b']}") == 1


def test_a_poster_stays_and_the_face_of_an_upside_down_video_is_swapped_where_it_is(short, trained, tmp_path):
    frames = read(short["a"])[:6]
    turned = [np.ascontiguousarray(frame[::-1, ::-1]) for frame in frames]
    swaps = []
    for name, few in (("up", frames), ("down", turned)):
        video.write(tmp_path / f"{name}.mp4", few, 24, crf=4)
        extract.extract(tmp_path / f"{name}.mp4", tmp_path / name, profile="smoke")
        out = tmp_path / f"{name}_out.mp4"
        agreed.swap(tmp_path / f"{name}.mp4", tmp_path / name, trained.model, out, untrained=True)
        swaps.append(read(out))
    face = oval(faceset.load(tmp_path / "up").solid[0], -8)
    for before, up, down in zip(frames, *swaps, strict=True):
        assert apart(before, up)[face].mean() > 4 and apart(up, down[::-1, ::-1])[face].mean() < 3


def test_a_damaged_model_is_refused(short, facesets, trained, tmp_path):
    model = shutil.copytree(trained.model, tmp_path / "model")
    (model / "model.safetensors").write_bytes(b"no weights")
    refused(tmp_path, "damaged", short["a"], facesets["a"], model)
    shutil.copy(trained.model / "model.safetensors", model)
    about = record.read_about(model)
    (model / "mean_a.png").unlink()
    refused(tmp_path, "damaged", short["a"], facesets["a"], model)
    shutil.copy(trained.model / "mean_a.png", model)
    saved.write(model, about | {"profile": "huge"}, (model / "model.safetensors").read_bytes())
    refused(tmp_path, "profile: Input should be", short["a"], facesets["a"], model)


@pytest.mark.parametrize("change", [{"mesh": "0123456789ab"}, {"mesh": None}])
def test_a_model_of_another_mesh_is_refused(short, facesets, trained, tmp_path, change):
    model = shutil.copytree(trained.model, tmp_path / "model")
    about, weights = record.read_about(model), (model / "model.safetensors").read_bytes()
    saved.write(model, about | change, weights)
    refused(tmp_path, "another version of the canonical mesh", short["a"], facesets["a"], model)
    saved.write(model, about | change | {"alignment": "similarity"}, weights)
    assert record.read_about(model)["alignment"] == "similarity", "which has no mesh"


def test_an_output_that_cannot_be_written(short, facesets, trained, tmp_path):
    for out in (tmp_path / "nowhere" / "out.mp4", tmp_path / "out.txt"):
        with pytest.raises(UserError, match="cannot be written"):
            agreed.swap(short["a"], facesets["a"], trained.model, out, untrained=True)
    assert list(tmp_path.iterdir()) == []


def test_a_video_that_model_or_faceset_were_made_from_is_never_replaced(short, facesets, trained, tmp_path):
    b = shutil.copy(short["b"], tmp_path / "b.mp4")
    before = b.read_bytes()
    for overwrite in (False, True):
        with pytest.raises(UserError, match="b.mp4 is the video b.mp4 that faceset or model were made from"):
            agreed.swap(short["a"], facesets["a"], trained.model, b, untrained=True, overwrite=overwrite)
    assert b.read_bytes() == before and list(tmp_path.iterdir()) == [b]


def test_a_file_of_other_making_is_replaced_only_when_it_is_said(short, facesets, trained, tmp_path):
    out = tmp_path / "holiday.mp4"
    out.write_bytes(b"the only copy")
    with pytest.raises(
        UserError, match="holiday.mp4' cannot be written: that file is not of this kit's making.*--overwrite"
    ):
        agreed.swap(short["a"], facesets["a"], trained.model, out, untrained=True)
    assert out.read_bytes() == b"the only copy"
    agreed.swap(short["a"], facesets["a"], trained.model, out, untrained=True, overwrite=True)
    assert agreed.swap(short["a"], facesets["a"], trained.model, out, untrained=True).frames == FRAMES, "its own"


def test_nobodys_face_is_swapped_without_their_consent(short, facesets, trained, tmp_path):
    words = short["a"], facesets["a"], trained.model
    told = "a.mp4.* there has to be a record of consent of those who are shown; `python -m faceswap_lib consent new"
    without(tmp_path, told, *words)
    a, b = (consent.person(f"Somebody {name}", short[name]) for name in "ab")
    said = {"agreed": "b's face in a's video", "means": "in writing"}
    for name, people in {"other": (a, a), "turned": (b, a), "built-in": (None, b)}.items():
        consent.new(tmp_path / f"{name}.json", *people, **said)
        without(tmp_path, f"{name}.json is not for", *words, consent=tmp_path / f"{name}.json")
    ours = tmp_path / "consent.json"
    consent.new(ours, a, b, **said)
    convert.convert(*words, tmp_path / "out" / "out.mp4", untrained=True, consent=ours)
    assert consent.made(ours) == [tmp_path / "out" / "out.mp4"]
    digest, files = consent.read(ours).hash, [tmp_path / "out" / name for name in ("out.mp4", "out_mp4.synthetic.json")]
    assert credentials.read(files[0]).facts["consent"] == digest
    for data in (path.read_bytes() for path in files):
        assert digest.encode() in data and not any(word in data for word in (b"Somebody", b"in writing", b"a.mp4"))
    for path in files:
        path.unlink()
    revocation.revoke(ours)
    without(tmp_path, f"consent.json was revoked on {date.today()}", *words, consent=ours)


def without(tmp_path: Path, word: str, *arguments, **settings) -> None:
    """convert says no, naming this, before anything is looked at, and writes nothing."""
    out = tmp_path / "out" / "out.mp4"
    out.parent.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(UserError, match=word):
        patch.setattr(model_swap, "scene", lambda *given: pytest.fail("it has begun"))
        convert.convert(*arguments, out, **settings)
    assert list(out.parent.iterdir()) == []
