"""Figures of a swap: against closed forms, scikit-image, and clips whose order is known."""

import json
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.transform import SimilarityTransform

from faceswap_lib import UserError, evaluate, extract, faces, samples, video

FRAMES, EVERY = 24, 4


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> dict[str, Path]:
    """Short pieces of the built-in clips, the ideal blurred, the ideal shifted, and B's faceset."""
    folder = tmp_path_factory.mktemp("clips")
    pieces = {name: list(islice(video.frames(samples.path(name)), 40, 40 + FRAMES)) for name in samples.NAMES}
    ideal = pieces["truth_a_as_b"]
    pieces["blurred"] = [cv2.GaussianBlur(frame, (0, 0), 2) for frame in ideal]
    pieces["shifted"] = [np.roll(frame, (6, 4), (0, 1)) for frame in ideal]
    paths = {name: folder / f"{name}.mp4" for name in pieces}
    for name, path in paths.items():
        video.write(path, pieces[name], 24, crf=8)
    extract.extract(paths["person_b"], folder / "b")
    return paths | {"b": folder / "b"}


@pytest.fixture(scope="module")
def score(clips, tmp_path_factory):
    """Evaluate the blurred ideal, beside itself and the shifted ideal, into a new folder."""

    def run(**changed) -> tuple[dict, Path]:
        out = tmp_path_factory.mktemp("report")
        rows = {"copy": clips["blurred"], "shifted": clips["shifted"]}
        settings = {"truth": clips["truth_a_as_b"], "truth_mask": clips["truth_mask"], "rows": rows, "every": EVERY}
        return evaluate.evaluate(clips["blurred"], clips["person_a"], clips["b"], out, **settings | changed), out

    return run


@pytest.fixture(scope="module")
def report(score) -> tuple[dict, Path]:
    """The report of that evaluation, and its folder."""
    return score(seed=3)


def test_structure_of_flat_pictures_has_a_closed_form() -> None:
    dark, light = (np.full((20, 30, 3), grey, "u1") for grey in (60, 90))
    c1 = (0.01 * 255) ** 2
    expected = (2 * 60 * 90 + c1) / (60**2 + 90**2 + c1)  # variances are 0, so only the luminance term is left
    np.testing.assert_allclose(evaluate.structure(dark, light), expected, atol=1e-9)


def test_psnr_counts_only_the_inside() -> None:
    ideal = np.full((20, 20, 3), 100, "u1")
    picture, inside = ideal + np.uint8(5), np.zeros((20, 20), bool)
    inside[5:15, 5:15], picture[0] = True, 0
    assert evaluate.psnr(picture, ideal, inside) == pytest.approx(20 * np.log10(255 / 5))
    assert evaluate.psnr(ideal, ideal, inside) == 100


def test_identity_runs_from_a_to_b() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 128))
    got = evaluate.identity(np.array([a, (a + b) / 2, b, a + 0.8 * (b - a)]), a, b)
    np.testing.assert_allclose(got, [-1, 0, 1, 0.6], atol=1e-12)


def test_parts_are_eyes_and_mouth_and_nothing_else(clips) -> None:
    frame = next(video.frames(clips["truth_a_as_b"]))
    with faces.Detector() as detector:
        points = detector.detect(frame)[0].landmarks
    area = evaluate.parts(points, frame.shape)
    x, y = np.round(points[[468, 473, 13, 61]]).astype(int).T  # irises, upper lip, corner of the mouth
    assert area[y, x].all()
    x, y = np.round(points[[4, 10, 152, 205, 425]]).astype(int).T  # tip of the nose, forehead, chin, cheeks
    assert not area[y, x].any()
    assert cv2.connectedComponents(area.astype("u1"))[0] == 1 + 3


def test_interval_of_independent_values_is_the_textbook_one() -> None:
    values = np.random.default_rng(1).normal(5, 2, 3200)
    mean, low, high = evaluate.interval(values)
    assert mean == pytest.approx(values.mean())
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / np.sqrt(len(values)), rel=0.2)
    assert evaluate.interval(values) == (mean, low, high) != evaluate.interval(values, seed=1)


def test_interval_holds_its_promise_for_neighbours_that_are_alike() -> None:
    rng, hits, naive = np.random.default_rng(2), 0, 0
    for _ in range(100):
        noise = np.convolve(rng.normal(size=415), np.ones(16) / 4, "valid")  # true mean 0, correlated over 16 frames
        _, low, high = evaluate.interval(noise)
        hits += low <= 0 <= high
        naive += abs(noise.mean()) < 1.96 * noise.std() / np.sqrt(len(noise))
    assert hits >= 80 > 60 > naive


def test_interval_leaves_out_what_was_not_scored() -> None:
    values = np.random.default_rng(3).normal(size=160)
    thin = np.full(640, np.nan)
    thin[::4] = values
    assert evaluate.interval(thin)[0] == pytest.approx(values.mean())
    # a quarter of the frames: the same stretch of time is a quarter of the values
    dense = np.repeat(values, 4)
    assert np.ptp(evaluate.interval(thin)[1:]) == pytest.approx(np.ptp(evaluate.interval(dense)[1:]), rel=0.25)


def test_figures_of_the_source_are_those_of_scikit_image(clips, report) -> None:
    names = ("person_a", "truth_a_as_b", "truth_mask")
    with faces.Detector() as ours, faces.Detector() as theirs:
        streams = zip(*(video.frames(clips[name]) for name in names), strict=True)
        rows = [_by_scikit_image(ours, theirs, *frames) for frames in streams]
    expected = np.mean(rows[::EVERY], 0)
    figures = report[0]["figures"]
    for name, value in zip(("ssim", "psnr", "placement", "expression"), expected, strict=True):
        assert figures[name]["reference"]["source"] == pytest.approx(value, abs=2e-4)


def _by_scikit_image(ours, theirs, picture, ideal, mask) -> tuple[float, ...]:
    """The definitions once more: whole pictures, scikit-image's similarity, SSIM and PSNR."""
    face, target = (detector.detect(frame)[0].landmarks for detector, frame in ((ours, picture), (theirs, ideal)))
    lay = SimilarityTransform()
    assert lay.estimate(face[:468], target[:468])
    laid = cv2.warpAffine(picture, lay.params[:2], (320, 320), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside, moved = mask[..., 0] > 127, lay(face)
    ssim = structural_similarity(laid, ideal, channel_axis=2, data_range=255, full=True)[1][inside].mean()
    ruler = np.linalg.norm(target[468:473].mean(0) - target[473:478].mean(0)) / 100
    far = [np.linalg.norm(moved - points, axis=1).mean() / ruler for points in (face, target)]
    return ssim, peak_signal_noise_ratio(ideal[inside], laid[inside], data_range=255), *far


def test_clips_stand_in_the_known_order(report) -> None:
    figures = report[0]["figures"]
    by = {name: figure["reference"] | {"swap": figure["value"]} for name, figure in figures.items()}
    for name in ("ssim", "psnr", "parts"):
        assert by[name]["ideal"] > by[name]["swap"] > by[name]["source"] + 0.05
    assert by["expression"]["ideal"] == by["to_ideal"]["ideal"] == 0
    assert by["expression"]["swap"] < by["expression"]["source"]
    assert by["to_ideal"]["swap"] < 0.4 < by["to_ideal"]["source"]
    assert by["identity"]["source"] < -0.5 < 0.2 < by["identity"]["ideal"] < 1
    assert by["share_nearer_b"] == {"copy": 1, "shifted": 1, "source": 0, "ideal": 1, "swap": 1}
    assert by["coverage"] == {"copy": 1, "shifted": 1, "source": 0, "ideal": 1, "swap": 1}
    assert by["sharpness"]["swap"] < 0.5 < by["sharpness"]["source"] and by["sharpness"]["ideal"] == 1


def test_a_shift_is_placement_and_costs_nothing_else(clips, report) -> None:
    shifted = {name: figure["reference"]["shifted"] for name, figure in report[0]["figures"].items()}
    both = zip(video.frames(clips["shifted"]), video.frames(clips["truth_a_as_b"]), strict=True)
    assert np.mean([evaluate.structure(a, b)[80:240, 100:220].mean() for a, b in both]) < 0.75
    assert shifted["ssim"] > 0.93 and shifted["expression"] < 1
    with faces.Detector() as detector:
        ruler = evaluate.iris_distance(detector.detect(next(video.frames(clips["truth_a_as_b"])))[0].landmarks)
    assert shifted["placement"] == pytest.approx(np.hypot(6, 4) / ruler * 100, rel=0.1)


def test_report_keeps_its_contract(report, clips) -> None:
    result, folder = report
    assert [path.name for path in folder.iterdir()] == ["report.json"]
    assert json.loads((folder / "report.json").read_text(encoding="utf-8")) == result
    assert set(result) == {"figures", "run", "verdicts"}
    for figure in result["figures"].values():
        assert set(figure) == {"value", "low", "high", "n", "better", "reference"}
        assert figure["low"] <= figure["value"] <= figure["high"] and figure["better"] in ("higher", "lower")
        assert list(figure["reference"]) == ["copy", "shifted", "source", "ideal"]
    assert result["figures"]["ssim"]["n"] == FRAMES / EVERY and result["figures"]["coverage"]["n"] == FRAMES
    assert result["run"]["data"]["source"] == video.sha256(clips["person_a"]) and result["run"]["seed"] == 3
    assert str(folder.parent) not in json.dumps(result)


def test_verdicts_say_better_worse_and_neither(report) -> None:
    verdicts = {verdict.split()[0]: verdict for verdict in report[0]["verdicts"]}
    assert list(verdicts) == list(evaluate.FIGURES)
    assert "not clearly different from copy (" in verdicts["ssim"]
    assert "better than source (" in verdicts["ssim"] and "better than source (" in verdicts["to_ideal"]
    assert "worse than shifted (" in verdicts["sharpness"] and "source (" in verdicts["sharpness"].split("worse")[1]
    assert all("ideal (" in verdict.split("the mark to reach:")[1] for verdict in verdicts.values())


def test_table_and_sentence_show_the_figures(report) -> None:
    lines = evaluate.table(report[0]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [line.split()[0] for line in lines[1:]] == ["swap", "±", "copy", "shifted", "source", "ideal", "better"]
    column = lines[0].split().index("ssim") + 1
    assert float(lines[1].split()[column]) == pytest.approx(report[0]["figures"]["ssim"]["value"], abs=6e-4)
    assert lines[6].split()[1:4] == ["1.000", "100.00", "1.000"]
    assert evaluate.summarise(report[0]).startswith("100% of A's frames swapped, 100% nearer to B")


def test_the_same_seed_gives_the_same_report(score, report) -> None:
    assert score(seed=3)[0] == report[0]


def test_crops_of_a_faceset_are_as_good_as_frames(clips) -> None:
    with faces.Detector() as detector:
        direct = [faces.embed(frame, detector.detect(frame)[0].landmarks) for frame in video.frames(clips["person_b"])]
    # A and B are 0.66 apart
    assert np.linalg.norm(evaluate.mean_likeness(clips["b"]) - np.mean(direct, 0)) < 0.03


def test_a_lost_face_counts_against_the_swap_though_another_person_is_there(clips, tmp_path) -> None:
    names = ("person_a", "truth_a_as_b", "person_b")
    ours, ideal, guest = ([*islice(video.frames(clips[name]), 12)] for name in names)
    guest = [cv2.copyMakeBorder(cv2.resize(frame, (200, 200)), 60, 60, 20, 20, cv2.BORDER_REPLICATE) for frame in guest]
    half = [frame if i < 6 else np.full_like(frame, 90) for i, frame in enumerate(ideal)]
    for name, left in (("source", ours), ("swap", half), ("ideal", ideal)):
        video.write(tmp_path / f"{name}.mp4", (np.hstack(pair) for pair in zip(left, guest, strict=True)), 24)
    settings = {"swapped": tmp_path / "swap.mp4", "source": tmp_path / "source.mp4", "faces_b": clips["b"], "every": 2}
    seen: list[tuple] = []
    figures = evaluate.evaluate(**settings, report=tmp_path, progress=lambda *step: seen.append(step))["figures"]
    assert list(figures) == ["identity", "share_nearer_b", "sharpness", "coverage"]
    assert figures["coverage"]["value"] == figures["share_nearer_b"]["value"] == 0.5
    assert figures["identity"]["n"] == 3 and figures["identity"]["value"] > 0.2
    assert [step[:2] for step in seen] == [(i, 12) for i in range(1, 13)]
    figures = evaluate.evaluate(**settings, report=tmp_path, truth=tmp_path / "ideal.mp4")["figures"]
    assert figures["ssim"]["n"] == 6 and figures["ssim"]["value"] < 0.82 < figures["ssim"]["high"]
    assert figures["expression"]["n"] == figures["to_ideal"]["n"] == 3 and figures["expression"]["value"] < 1


def _clip(path: Path, frames: list[np.ndarray]) -> Path:
    video.write(path, frames, 24)
    return path


def test_bad_input_is_one_clear_sentence_and_leaves_nothing(clips, tmp_path) -> None:
    frames = [*islice(video.frames(clips["person_a"]), 6)]
    source, short = _clip(tmp_path / "source.mp4", frames), _clip(tmp_path / "short.mp4", frames[:5])
    small = _clip(tmp_path / "small.mp4", [frame[:240] for frame in frames])
    grey = _clip(tmp_path / "grey.mp4", [np.full_like(frame, 90) for frame in frames])
    extract.extract(source, tmp_path / "a")
    (tmp_path / "file").write_text("")
    (tmp_path / "nobody").mkdir()
    for change, said in (
        ({"swapped": short}, "short.mp4 has 5 frames|has 6 frames of 320 × 320, but .*short.mp4 has 5"),
        ({"swapped": small}, "320 × 240"),
        ({"truth": source, "truth_mask": short}, "compared frame by frame"),
        ({"swapped": grey}, "No face was found in .*grey.mp4"),
        ({"source": grey, "swapped": source}, "No face was found in .*grey.mp4"),
        ({"faces_b": tmp_path / "nobody"}, "no faces.json"),
        ({"faces_b": tmp_path / "a"}, "the other person's faceset"),
        ({"report": tmp_path / "file"}, "cannot be written"),
        ({"swapped": tmp_path / "missing.mp4"}, "missing.mp4"),
    ):
        given = {"swapped": source, "source": source, "faces_b": clips["b"], "report": tmp_path / "out"} | change
        with pytest.raises(UserError, match=said):
            evaluate.evaluate(**given)
    assert not list(tmp_path.glob("**/report.json*"))
