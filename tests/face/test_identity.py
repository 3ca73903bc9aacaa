"""identity.py against dlib's own call and NumPy: likenesses, which way up a face is, and whether two are one person."""

import cv2
import dlib
import numpy as np
from skimage.metrics import peak_signal_noise_ratio

from faceswap_lib.face import anatomy, geometry, identity


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
