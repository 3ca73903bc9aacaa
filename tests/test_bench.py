"""bench.py at the smoke profile's size: moments of one training, variants beside one another."""

import json
import shutil
from pathlib import Path

import agreed
import pytest

from faceswap_lib import UserError, bench
from faceswap_lib.face import faceset
from faceswap_lib.measure import verdicts


@pytest.fixture(scope="module")
def pair(short, short_truth) -> bench.Pair:
    """The first 30 frames of the built-in pair and of its ideal swap."""
    return bench.Pair(
        short["a"], short["b"], short_truth["truth_a_as_b"], short_truth["truth_mask"], agreed.of(*short.values())
    )


def with_faces(facesets: dict, folder: Path) -> Path:
    """A workdir that has the pair's facesets already."""
    for side, faces in facesets.items():
        shutil.copytree(faces, folder / "faces" / side)
    return folder


@pytest.fixture(scope="module")
def made(pair, facesets, tmp_path_factory):
    """A bench of three moments; where, what came out, what it said."""
    workdir, said = with_faces(facesets, tmp_path_factory.mktemp("bench")), []
    how = {"profile": "smoke", "seconds": (0, 1, 3), "pair": pair, "every": 10, "say": said.append}
    return workdir, bench.bench(workdir, **how), said


def test_every_moment_and_every_reference_is_a_row_in_time_order(made):
    workdir, result, said = made
    assert list(result["rows"]) == [
        "0 s",
        "1 s",
        "3 s",
        "source",
        "ideal",
        "classic paste",
        "B's mean",
        "B's nearest",
        "B's own",
    ]
    assert len({json.dumps(result["rows"][label]) for label in ("0 s", "3 s")}) == 2
    assert result["rows"]["ideal"]["ssim"] == 1 and result["rows"]["source"]["identity"] < -0.6
    assert json.loads((workdir / "bench.json").read_text()) == result
    assert any("training for 3 s" in line for line in said)


def test_the_moments_are_saved_when_they_pass(made):
    workdir, result, _ = made
    saved = [json.loads((workdir / f"seed0/model_{moment}/model.json").read_text()) for moment in (0, 1, 3)]
    steps = [record["iteration"] for record in saved]
    assert steps[0] == 0 <= steps[1] <= steps[2] and steps[2] > 0
    assert list(result["about"]["work"][0]["iterations"].values()) == steps
    assert saved[-1]["seconds"] >= 3


def test_what_a_step_costs_is_measured(made):
    (work,) = made[1]["about"]["work"]
    assert 0 <= work["waited"] < 1 and work["egs"] > 0
    assert 0 < work["gflops"] < work["peak_gflops"]
    assert work["share_of_peak"] == pytest.approx(work["gflops"] / work["peak_gflops"], abs=2e-3)


def test_a_moment_is_compared_frame_by_frame(made):
    differences = made[1]["against"]["3 s"]["source"]
    difference, low, high = differences["identity"]
    rows = made[1]["rows"]
    assert low <= difference <= high
    assert difference == pytest.approx(rows["3 s"]["identity"] - rows["source"]["identity"], abs=1e-3)
    assert verdicts.side("identity", low, high) == "better"


LOOKS = [0.1, 0.3, 0.2, 0.5, 0.4, 0.1, 0.3, 0.2]
CLIP = {"parts": [0.5] * len(LOOKS), "gaze": LOOKS}
REPORT = {"frames": {"index": [*range(len(LOOKS))], "swap": CLIP, "source": CLIP, "B's mean": CLIP}}


def test_a_face_comes_out_of_noise(pair, facesets, tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "_score", lambda at, models, folder, seed: REPORT | {"run": {"seed": seed}})
    how = {"profile": "smoke", "seconds": (0, 2), "seeds": (4, 5), "pair": pair}
    made = bench.emerge(with_faces(facesets, tmp_path), **how)
    first, last = made["held_out"]["0 s"], made["held_out"]["2 s"]
    assert first["iteration"] == [0, 0, 0] and last["iteration"][0] > 0
    for side in "ab":
        assert first[side] == sorted(first[side]) and last[side][2] < first[side][0]
    assert list(made["starts"]) == ["noise, 0 steps", "trained", "mean texture, 0 steps"]
    least, median, most = made["starts"]["noise, 0 steps"]["loss"]
    assert least <= median <= most and least > made["starts"]["mean texture, 0 steps"]["loss"][2]
    assert made["starts"]["trained"]["parts"] == [0.5, 0.5, 0.5], "all frames are alike"
    assert made["starts"]["mean texture, 0 steps"]["gaze"] == pytest.approx([1, 1, 1]), "it looks where A does"
    assert json.loads((tmp_path / "noise.json").read_text()) == made
    assert made["about"]["seeds"] == [4, 5] and len(made["about"]["machine"]["load"]) == 3
    assert (tmp_path / "noise.png").stat().st_size > 10_000


def test_a_variant_is_trained_as_it_says(pair, facesets, tmp_path):
    with_faces(facesets, tmp_path)
    variants = {"plain": {}, "no game": {"gan": False}}
    result = bench.ablate(tmp_path, profile="smoke", minutes=0.05, pair=pair, every=10, variants=variants)
    records = [json.loads((tmp_path / f"ablation0/model_{n}/model.json").read_text()) for n in (0, 1)]
    assert [r["gan"] for r in records] == [True, False]
    assert list(result["rows"])[:2] == ["plain", "no game"]
    assert json.loads((tmp_path / "ablation.json").read_text())["about"]["minutes"] == 0.05
    report = json.loads((tmp_path / "ablation0" / "report.json").read_text())["figures"]["ssim"]
    assert report["value"] == result["rows"]["plain"]["ssim"], "the first variant is the one whose noise is told"
    assert result["noise"]["ssim"] == pytest.approx((report["high"] - report["low"]) / 2)


def test_facesets_of_other_clips_are_not_taken(pair, facesets, tmp_path):
    (tmp_path / "faces").mkdir()
    for side, other in zip("ab", ("b", "a"), strict=True):
        shutil.copytree(facesets[other], tmp_path / "faces" / side)
    bench.prepare(tmp_path, pair)
    assert faceset.load(tmp_path / "faces" / "a").source.name == pair.a.name


@pytest.mark.parametrize("seconds", [(), (0,), (-1, 5)])
def test_moments_that_make_no_training_are_refused(seconds, tmp_path):
    with pytest.raises(UserError, match="moments"):
        bench.bench(tmp_path, profile="smoke", seconds=seconds)
