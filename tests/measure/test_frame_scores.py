"""frame_scores.py: clips are watched side by side, a face is followed, and the recogniser sees every face once."""

import subprocess
import sys
from itertools import islice

import cv2
import numpy as np
import psutil

from faceswap_lib import extract
from faceswap_lib.face import detect, faceset, identity
from faceswap_lib.measure import frame_scores
from faceswap_lib.media import video


def test_one_core_judges_faces_as_two_do(clips, monkeypatch) -> None:
    person = faceset.load(clips["b"])
    side_by_side = frame_scores.likenesses(person)
    monkeypatch.setattr(frame_scores.os, "sched_getaffinity", lambda _: {0}, raising=False)
    np.testing.assert_array_equal(frame_scores.likenesses(person), side_by_side)


def test_a_face_is_followed_over_a_cut(clips, tmp_path) -> None:
    few = [*islice(video.frames(clips["person_a"]), 6)]
    left = [cv2.copyMakeBorder(frame, 0, 0, 0, 320, cv2.BORDER_REPLICATE) for frame in few]
    right = [cv2.copyMakeBorder(frame, 0, 0, 320, 0, cv2.BORDER_REPLICATE) for frame in few]
    video.write(tmp_path / "cut.mp4", left + right, 24)
    seen = frame_scores.watch({"source": tmp_path / "cut.mp4"}, {}, 1, 12)["source"]
    middle = [seen.solid[i][:, 0].mean() for i in range(12)]
    assert max(middle[:6]) < 320 < min(middle[6:]) and seen.column("lost").tolist() == [0] * 12


def test_whoever_the_faceset_follows_is_scored_and_not_who_is_larger(clips, tmp_path) -> None:
    pairs = zip(*(islice(video.frames(clips[f"person_{name}"]), 14) for name in "ab"), strict=True)
    small = [(cv2.copyMakeBorder(cv2.resize(a, (200, 200)), 60, 60, 60, 60, cv2.BORDER_REPLICATE), b) for a, b in pairs]
    video.write(tmp_path / "two.mp4", [np.hstack(pair) for pair in small], 24)
    extract.extract(tmp_path / "two.mp4", tmp_path / "f", profile="smoke", person=1)
    own = faceset.load(tmp_path / "f")
    assert own.solid[..., 0].max() < 320, "A, smaller, on the left"
    seen = frame_scores.watch({"source": tmp_path / "two.mp4"}, {}, 1, 14, whose=own)["source"]
    for i in range(14):
        np.testing.assert_allclose(seen.solid[i][:, :2], own.solid[i, :, :2], atol=2)
    largest = frame_scores.watch({"source": tmp_path / "two.mp4"}, {}, 1, 14)["source"]
    assert min(largest.solid[i][:, 0].min() for i in range(14)) > 320


def test_crops_of_a_faceset_are_as_good_as_frames(clips) -> None:
    with detect.Detector() as detector:
        direct = [
            identity.embed(frame, detector.detect(frame)[0].landmarks) for frame in video.frames(clips["person_b"])
        ]
    # A and B are 0.66 apart
    assert np.linalg.norm(frame_scores.likenesses(faceset.load(clips["b"])).mean(0) - np.mean(direct, 0)) < 0.03


def test_columns_have_holes_where_nothing_was_measured() -> None:
    seen = frame_scores.Watched([{"ssim": 0.5}, {}, {"ssim": 0.7, "eyes": 1, "likeness": [1, 2]}])
    assert seen.names() == {"ssim", "eyes", "likeness"}
    np.testing.assert_array_equal(seen.column("ssim"), [0.5, np.nan, 0.7])
    np.testing.assert_array_equal(seen.column("likeness", [0, 0]), [[0, 0], [0, 0], [1, 2]])


def test_each_nth_frame_is_scored_in_full_and_the_others_by_what_costs_little(clips) -> None:
    paths, told = {"source": clips["person_a"], "ideal": clips["truth_a_as_b"]}, []
    seen = frame_scores.watch(paths, {}, 10, 24, lambda *step: told.append(step[:2]))
    assert told == [(i, 24) for i in range(1, 25)]
    for each in seen.values():
        assert len(each.rows) == 24 and list(each.solid) == [0, 10, 20]
        full = np.isfinite(each.column("border"))
        assert np.flatnonzero(full).tolist() == [0, 10, 20] == np.flatnonzero(np.isfinite(each.column("ssim"))).tolist()
        assert np.isfinite(each.column("likeness", [np.nan] * 128)).all(1).tolist() == full.tolist()
        assert np.isfinite(each.column("pose")).all() and np.isfinite(each.column("flicker")).sum() == 22
    assert not seen["source"].column("flicker")[2:].any() and not seen["source"].column("coverage").any()
    assert seen["ideal"].column("coverage").all() and (seen["ideal"].column("ssim")[[0, 10, 20]] == 1).all()


ASK = """
import os, time
os.sched_getaffinity = lambda _: {0, 1}  # on one core there are no processes
from faceswap_lib.measure import frame_scores
assert frame_scores._workers()[0].submit(abs, -1).result() == 1
print("up", flush=True)
time.sleep(60)
"""


def test_the_recognisers_processes_end_when_the_evaluation_is_killed() -> None:
    process = subprocess.Popen([sys.executable, "-c", ASK], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(workers, 10)
    for worker in alive:
        worker.kill()
    assert len(workers) >= 2 and not alive
