"""detect.py against dlib's own detector and pictures put together here: faces, hands, and what importing it brings."""

import subprocess
import sys
from itertools import islice

import cv2
import dlib
import numpy as np
import psutil
import pytest

from faceswap_lib import samples
from faceswap_lib.face import anatomy, detect, geometry
from faceswap_lib.media import video


def python(code: str) -> None:
    """Run code in a fresh interpreter; its assertions are this test's."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr[-2000:]


def test_every_frame_of_the_clips_has_one_face_where_dlib_sees_it(clip_a, clip_b):
    detector, agreed = dlib.get_frontal_face_detector(), 0
    for clip in (clip_a, clip_b):
        assert {len(found) for found in clip.faces} == {1}
        for i in range(0, len(clip.frames), 20):
            for seen in detector(clip.frames[i]):
                box = np.array([seen.left(), seen.top(), seen.width(), seen.height()], float)
                assert geometry.overlap(clip.faces[i][0].box, box) > 0.5
                agreed += 1
    assert agreed > 15


def test_a_face_is_described_in_pixels(clip_a):
    face = clip_a.faces[0][0]
    assert face.landmarks.shape == (478, 2) and face.depth.shape == (478,) and 0.5 < face.score <= 1
    assert face.landmarks.dtype == face.depth.dtype == np.float32
    assert face.box == pytest.approx(np.r_[face.landmarks.min(0), np.ptp(face.landmarks, axis=0)])
    assert face.depth[1] < face.depth[anatomy.OVAL].mean()  # the nose is nearer than the cheeks


def test_detector_finds_two_people_side_by_side(clip_a, clip_b):
    with detect.Detector() as detector:
        for i in range(3):
            small = cv2.resize(clip_b.frames[i], (240, 240), interpolation=cv2.INTER_AREA)
            small = cv2.copyMakeBorder(small, 40, 40, 0, 0, cv2.BORDER_REPLICATE)
            found = detector.detect(np.hstack([small, clip_a.frames[i]]))
            assert len(found) == 2
            large, little = found
            assert np.abs(large.landmarks - [240, 0] - clip_a.faces[i][0].landmarks).mean() < 3
            assert little.box[0] + little.box[2] < 240 and little.box[2] < large.box[2]


def test_detector_finds_a_small_face_in_a_large_frame(clip_a):
    canvas = np.full((720, 1280, 3), 90, "u1")
    canvas[500:620, 1000:1120] = cv2.resize(clip_a.frames[0], (120, 120), interpolation=cv2.INTER_AREA)
    with detect.Detector() as detector:
        (face,) = detector.detect(canvas)
    assert face.box[2] < 0.05 * 1280
    assert np.abs(face.landmarks - [1000, 500] - clip_a.faces[0][0].landmarks * 120 / 320).mean() < 1


def test_detector_finds_nothing_in_pictures_without_a_face():
    with detect.Detector() as detector:
        assert detector.detect(np.full((240, 320, 3), 128, "u1")) == []
        assert detector.detect(np.random.default_rng(0).integers(0, 255, (240, 320, 3), "u1")) == []


def test_while_nothing_changes_nobody_else_is_searched_for_and_the_points_are_the_same(clip_a):
    with detect.Detector() as calm, detect.Detector() as always:
        searches, search = [], calm._detect_boxes
        calm._detect_boxes = lambda view: searches.append(calm._count) or search(view)
        for frame in clip_a.frames[:18]:
            always._looked = 99  # it never calms down
            (one,), (other,) = calm.detect(frame), always.detect(frame)
            assert (one.landmarks == other.landmarks).all() and one.score == pytest.approx(other.score, abs=0.1)
    assert searches == [0, 8, 16] and not always._calm


def test_who_comes_is_found_soon_and_who_was_there_stays(clip_a, clip_b):
    empty = np.full((320, 320, 3), 120, "u1")
    with detect.Detector() as detector:
        for i in range(24):
            beside = clip_b.frames[i] if i >= 10 else empty
            found = detector.detect(np.hstack([clip_a.frames[i], beside]))
            mine = min(found, key=lambda face: face.box[0])
            assert np.abs(mine.landmarks - clip_a.faces[i][0].landmarks).mean() < 1
            assert len(found) == 1 + (i >= 10 + detect.AGAIN) or 10 <= i < 10 + detect.AGAIN
        assert detector._calm == 2
        assert len(detector.detect(np.hstack([clip_a.frames[24], empty]))) == 1, "and who goes is gone at once"


def test_of_a_frame_that_is_not_there_yet_the_same_is_found(clip_a):
    path = samples.path("person_a")
    with detect.Detector() as detector:
        for i, late in enumerate(islice(video.late(path), 10)):
            (face,) = detector.detect(late)
            assert (face.landmarks == clip_a.faces[i][0].landmarks).all()
            assert (late._whole is None) == (i not in (0, detect.AGAIN))


def test_importing_the_library_is_light():
    python("import sys, faceswap_lib; assert not {'tensorflow', 'mediapipe', 'keras'} & set(sys.modules)")


def test_mediapipe_does_not_bring_tensorflow_which_can_still_be_imported():
    python(
        "import sys\nfrom faceswap_lib.face import detect\ndetect.Detector().__exit__()\n"
        "assert 'mediapipe' in sys.modules and 'tensorflow' not in sys.modules\n"
        "import tensorflow; assert tensorflow.reduce_sum([1, 2]).numpy() == 3"
    )


def test_mediapipe_leaves_a_tensorflow_alone_that_may_be_at_work_in_another_thread():
    python(
        "import sys, types\nfake, there = types.ModuleType('tensorflow'), []\nsys.modules['tensorflow'] = fake\n"
        "class Watch:\n    find_spec = staticmethod(lambda *_: there.append(sys.modules['tensorflow'] is fake))\n"
        "from faceswap_lib.face import detect\nsys.meta_path.insert(0, Watch)\ndetect.Detector().__exit__()\n"
        "assert 'mediapipe' in sys.modules and len(there) > 99 and all(there)"
    )


def test_a_head_that_turns_within_a_frame_is_found_where_it_went(clip_a):
    """From one side to the other: tracking looks where the face was, and a second look is what finds it."""
    before, after = clip_a.frames[60], clip_a.frames[110]
    with detect.Detector() as calm, detect.Detector() as surprised:
        there = [calm.detect(after) for _ in range(3)][-1][0].landmarks
        surprised.detect(before)
        found = surprised.detect(after)[0].landmarks
    assert np.linalg.norm(found - there, axis=1).mean() < 0.05 * geometry.iris_distance(there)


def test_a_picture_that_is_turned_is_searched_turned_back_and_points_are_its_own(clip_a):
    """Its first frame at once, and the next ones without another look."""
    for quarters in range(4):
        with detect.Detector() as detector:
            for i in range(3):
                (face,) = detector.detect(np.ascontiguousarray(np.rot90(clip_a.frames[i], quarters)))
                expected = clip_a.faces[i][0].landmarks
                for _ in range(quarters):  # counter-clockwise
                    expected = np.stack([expected[:, 1], 319 - expected[:, 0]], 1)
                assert np.abs(face.landmarks - expected).max() < 0.01
                assert face.box == pytest.approx(np.r_[expected.min(0), np.ptp(expected, axis=0)], abs=0.1)
        assert detector.turned == quarters


def test_where_somebody_is_upright_a_picture_is_not_turned_for_another_one(clip_a, clip_b):
    frame = np.hstack([clip_a.frames[0], clip_b.frames[0][::-1, ::-1]])
    with detect.Detector() as detector:
        found = detector.detect(frame)
    assert detector.turned == 0 and min(np.abs(f.landmarks - clip_a.faces[0][0].landmarks).max() for f in found) < 3


def test_a_face_that_is_wanted_is_tracked_in_a_turned_picture(clip_a):
    with detect.Detector() as detector:
        (face,) = detector.detect(np.ascontiguousarray(clip_a.frames[0][::-1, ::-1]))
        detector._detect_boxes = None  # no search
        (again,) = detector.detect(np.ascontiguousarray(clip_a.frames[1][::-1, ::-1]), face)
    assert np.abs(319 - again.landmarks - clip_a.faces[1][0].landmarks).max() < 0.01


def hand(frame: np.ndarray, tip: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A frame with an open hand of 110 pixels drawn into it, fingers up, and where it is, bool (H, W)."""
    out, area = frame.copy(), np.zeros(frame.shape[:2], "u1")
    x, y = tip
    wrist, palm = (x + 4, y + 118), (x + 2, y + 72)
    parts = [(wrist, palm, 38), ((x - 10, y + 66), (x + 14, y + 66), 36), ((x - 18, y + 88), (x - 44, y + 52), 16)]
    parts += [((x + 12 * k, y + 60), (x + 19 * k, y + abs(k) * 7 + 4), 14) for k in (-1.2, -0.3, 0.6, 1.5)]
    for start, end, wide in parts:
        ends = [np.round(p).astype(int).tolist() for p in (start, end)]
        cv2.line(area, *ends, 255, wide)
        for share in np.linspace(1, 0.2, 6):
            cv2.line(out, *ends, (np.array([196, 148, 122]) * (1.12 - 0.4 * share)).tolist(), round(wide * share))
    return out, area > 0


def test_hands_are_found_by_their_form_and_only_where_there_is_one(clip_a):
    hands = detect.Hands()
    assert hands.covers(clip_a.frames[0]) == []
    seen, area = hand(clip_a.frames[0], (150, 150))
    covers = hands.covers(seen)
    assert len(covers) == 1
    found = covers[0] > 0
    assert (found & area).sum() / (found | area).sum() > 0.5
    assert hands.covers(np.zeros_like(seen))[0] is covers[0], "missed for once"
    assert hands.covers(np.zeros_like(seen)) == [], "and then gone"
    hands.covers(seen)
    hands.reset()
    assert hands.covers(np.zeros_like(seen)) == [], "begun anew, nothing was there"
    hands.reset()
    assert np.array_equal(hands.covers(seen), covers), "and it sees what a new one sees"


def test_hands_that_nobody_holds_leave_no_memory_behind(clip_a):
    """MediaPipe keeps 85 MB of each that is not closed."""
    process, used = psutil.Process(), []
    for _ in range(6):
        detect.Hands().covers(clip_a.frames[0])
        used.append(process.memory_info().rss)
    assert used[5] - used[2] < 120e6, [round(each / 1e6) for each in used]
