"""identity.py against dlib's own call and NumPy: likenesses, which way up a face is, and whether two are one person."""

import shutil
import subprocess
import sys

import cv2
import dlib
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from faceswap_lib import UserError
from faceswap_lib.face import anatomy, faceset, geometry, identity


def test_embeddings_of_one_person_are_near_and_of_two_far(clip_a, clip_b):
    a, b = (
        [identity.embed(clip.frames[i], clip.faces[i][0].landmarks) for i in (0, 60, 150)] for clip in (clip_a, clip_b)
    )
    same = [np.linalg.norm(p[i] - p[j]) for p in (a, b) for i, j in ((0, 1), (0, 2), (1, 2))]
    other = [np.linalg.norm(x - y) for x in a for y in b]
    assert a[0].shape == (128,) and max(same) < 0.6 < min(other), (same, other)


def test_an_embedding_is_that_of_dlibs_own_call(clip_a) -> None:
    frame, points = clip_a.frames[7], clip_a.faces[7][0].landmarks[anatomy.IBUG]
    low, high = np.floor(points.min(0)).astype(int), np.ceil(points.max(0)).astype(int)
    shape = dlib.full_object_detection(
        dlib.rectangle(*map(int, (*low, *high))), dlib.points([dlib.point(*map(round, p)) for p in points.tolist()])
    )
    theirs = np.array(identity._recogniser().compute_face_descriptor(frame, shape))
    assert np.linalg.norm(identity.embed(frame, clip_a.faces[7][0].landmarks) - theirs) < 1e-6


def test_a_chip_is_upright_however_the_head_is_tilted(clip_a):
    frame, points = clip_a.frames[7], clip_a.faces[7][0].landmarks
    tilt = cv2.getRotationMatrix2D((160, 160), 25, 0.9)
    tilted = cv2.warpAffine(frame, tilt, (320, 320), flags=cv2.INTER_CUBIC)
    chips = [identity.chip(frame, points), identity.chip(tilted, geometry.transform(tilt, points))]
    assert [chip.shape for chip in chips] == [(150, 150, 3)] * 2
    assert peak_signal_noise_ratio(*(chip[30:120, 30:120] for chip in chips)) > 28
    assert np.linalg.norm(identity.recognise(chips[0]) - identity.recognise(chips[1])) < 0.2


def test_only_a_face_the_right_way_up_looks_like_one(clip_a, clip_b):
    for clip in (clip_a, clip_b):
        for i in range(0, 200, 25):
            scores = [
                identity.uprightness(np.ascontiguousarray(np.rot90(clip.frames[i][::2, ::2], k))) for k in range(4)
            ]
            assert np.argmax(scores) == 0 and scores[0] > max(scores[1:]) + 0.8, (i, scores)
    assert identity.uprightness(np.full((200, 200, 3), 128, "u1")) <= -2


SIDE_BY_SIDE = """
from concurrent.futures import ThreadPoolExecutor
import cv2
from faceswap_lib import samples
from faceswap_lib.face.identity import uprightness
from faceswap_lib.media import video
frame = video.frame(samples.path("person_a"), 0)
pictures = [cv2.resize(frame, (side, side)) for side in (80, 140, 200, 260)] * 6
with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(uprightness, pictures)) == [uprightness(picture) for picture in pictures]
"""


def test_threads_that_ask_at_once_get_each_their_own_answer():
    """In a process of its own, for without a lock it dies: dlib lets go of Python's, and is not made for two."""
    ran = subprocess.run([sys.executable, "-c", SIDE_BY_SIDE], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_two_facesets_of_one_person_are_alike_and_of_two_are_not(facesets, clip_a):
    a, b = (identity.likeness(faceset.load(facesets[name])) for name in "ab")
    theirs = identity.embed(clip_a.frames[150], clip_a.faces[150][0].landmarks).tolist()
    assert len(a) == 128 and identity.alike(a, theirs) and not identity.alike(a, b)
    assert identity.apart(a, b) == pytest.approx(np.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True))))
    assert not identity.alike(a, []) and not identity.alike([], []), "what is not known"


def test_the_same_faces_twice_are_no_pair_and_other_parts_of_one_video_are(facesets, tmp_path):
    a, b = (faceset.load(facesets[name]) for name in "ab")
    assert identity.distinct({"a": a, "b": b}) == {"a": a, "b": b}
    halves = [shutil.copytree(facesets["a"], tmp_path / name) for name in ("first", "second")]
    with pytest.raises(
        UserError, match="first and .*second hold the same faces of a.mp4; give the facesets of two people"
    ):
        identity.distinct(dict(zip("ab", map(faceset.load, halves), strict=True)))
    for i, path in enumerate(sorted(halves[0].glob("*.png"))):
        (halves[i < 15] / path.name).unlink()
    identity.distinct(dict(zip("ab", map(faceset.load, halves), strict=True)))
