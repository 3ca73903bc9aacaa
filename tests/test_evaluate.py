"""evaluate.py: figures of a swap against scikit-image, and on clips whose order is known."""

import json
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from odd_clips import LEAD, WRAP, clip, join, times_of
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.transform import SimilarityTransform

from faceswap_lib import UserError, evaluate, extract, samples
from faceswap_lib.face import detect, faceset, geometry
from faceswap_lib.face.mesh import canvas
from faceswap_lib.measure import metrics
from faceswap_lib.measure import report as report_file
from faceswap_lib.measure.figures import AGAINST, FIGURES, UNSEEN
from faceswap_lib.media import video
from faceswap_lib.network import batches, record

FRAMES, EVERY = 24, 4


def test_figures_of_the_source_are_those_of_scikit_image(clips, report) -> None:
    names = ("person_a", "truth_a_as_b", "truth_mask")
    with detect.Detector() as ours, detect.Detector() as theirs:
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
    shifted = {name: figure["reference"].get("shifted") for name, figure in report[0]["figures"].items()}
    both = zip(video.frames(clips["shifted"]), video.frames(clips["truth_a_as_b"]), strict=True)
    assert np.mean([metrics.structure(a, b)[80:240, 100:220].mean() for a, b in both]) < 0.75
    assert shifted["ssim"] > 0.93 and shifted["expression"] < 1
    with detect.Detector() as detector:
        ruler = geometry.iris_distance(detector.detect(next(video.frames(clips["truth_a_as_b"])))[0].landmarks)
    assert shifted["placement"] == pytest.approx(np.hypot(6, 4) / ruler * 100, rel=0.1)


def test_report_keeps_its_contract(report, clips) -> None:
    result, folder = report
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json"]
    plain = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert plain == result | {"checksum": plain["checksum"]}
    assert set(result) == {"figures", "run", "verdicts", "frames"}
    for name, figure in result["figures"].items():
        assert set(figure) == {"value", "low", "high", "n", "better", "reference", "swap_is"}
        assert figure["low"] <= figure["value"] <= figure["high"] and figure["better"] in ("higher", "lower")
        expected = ["source"] if name == "timing" else ["copy", "shifted", "source", "ideal"]
        assert list(figure["reference"]) == expected + ["B's own"] * (name == "identity")
    frames = result["frames"]
    assert list(frames) == ["index", "copy", "shifted", "swap", "source", "ideal"]
    assert frames["index"] == list(range(0, FRAMES, EVERY))
    assert np.mean(frames["swap"]["ssim"]) == pytest.approx(result["figures"]["ssim"]["value"], abs=1e-4)
    assert result["figures"]["ssim"]["n"] == FRAMES / EVERY and result["figures"]["coverage"]["n"] == FRAMES
    assert result["run"]["data"]["source"] == video.sha256(clips["person_a"]) and result["run"]["seed"] == 3
    assert str(folder.parent) not in json.dumps(result)


def test_verdicts_say_better_worse_and_neither(report) -> None:
    verdicts = {verdict.split()[0]: verdict for verdict in report[0]["verdicts"]}
    without = {"sound", "unseen_a", "unseen_b"}  # these clips are silent, and no model was given
    assert list(verdicts) == [name for name in FIGURES if name not in without]
    assert "not clearly different from copy (" in verdicts["ssim"]
    assert "better than source (" in verdicts["ssim"] and "better than source (" in verdicts["to_ideal"]
    assert "worse than shifted (" in verdicts["sharpness"] and "source (" in verdicts["sharpness"].split("mark")[1]
    assert FIGURES["sharpness"].advice in verdicts["sharpness"]
    del verdicts["timing"]
    assert all("ideal (" in verdict.split("the mark to reach:")[1] for verdict in verdicts.values())


def test_the_same_seed_gives_the_same_report(score, report) -> None:
    again, folder = score(seed=3)
    assert again == report[0]
    for name in ("report.json", "report.html"):
        assert (folder / name).read_bytes() == (report[1] / name).read_bytes()
    other = score(seed=4)[0]["figures"]
    assert all(other[name]["value"] == figure["value"] for name, figure in report[0]["figures"].items())
    assert any(other[name]["low"] != figure["low"] for name, figure in report[0]["figures"].items())


def test_a_lost_face_counts_against_the_swap_though_another_person_is_there(clips, tmp_path) -> None:
    names = ("person_a", "truth_a_as_b", "person_b")
    ours, ideal, guest = ([*islice(video.frames(clips[name]), 12)] for name in names)
    guest = [cv2.copyMakeBorder(cv2.resize(frame, (200, 200)), 60, 60, 20, 20, cv2.BORDER_REPLICATE) for frame in guest]
    half = [frame if i < 6 else np.full_like(frame, 90) for i, frame in enumerate(ideal)]
    for name, left in (("source", ours), ("swap", half), ("ideal", ideal)):
        video.write(tmp_path / f"{name}.mp4", (np.hstack(pair) for pair in zip(left, guest, strict=True)), 24)
    settings = {"swapped": tmp_path / "swap.mp4", "source": tmp_path / "source.mp4", "faces_b": clips["b"], "every": 2}
    seen: list[tuple] = []
    figures = evaluate.evaluate(**settings, folder=tmp_path, progress=lambda *step: seen.append(step))["figures"]
    without = (AGAINST, UNSEEN)  # there is no ideal here and no training
    assert list(figures) == [n for n, about in FIGURES.items() if about.group not in without and n != "sound"]
    assert figures["coverage"]["value"] == figures["share_nearer_b"]["value"] == figures["lost"]["value"] == 0.5
    assert figures["identity"]["n"] == 3 and figures["identity"]["value"] > 0.2
    assert [step[:2] for step in seen] == [(i, 12) for i in range(1, 13)]
    figures = evaluate.evaluate(**settings, folder=tmp_path, truth=tmp_path / "ideal.mp4")["figures"]
    assert figures["ssim"]["n"] == 6 and figures["ssim"]["value"] < 0.82 < figures["ssim"]["high"]
    assert figures["expression"]["n"] == figures["to_ideal"]["n"] == 3 and figures["expression"]["value"] < 1


def test_held_out_faces_are_those_of_whom_the_model_knows(short, facesets, trained, clips, tmp_path) -> None:
    about = record.read_about(trained.model)
    a, b, other = (faceset.load(folder) for folder in (facesets["a"], facesets["b"], clips["b"]))
    found = evaluate._unseen([a, b], trained.model, about)
    assert list(found) == ["unseen_a", "unseen_b"]
    side = batches.load_side(b, canvas("mesh", 64), 60)
    for label in ("swap", "mean", "seen"):
        assert len(found["unseen_b"][label]) == len(side.targets) - side.cut
        assert 0.4 < found["unseen_b"][label].min() and found["unseen_b"][label].max() < 1
    turned = evaluate._unseen([b, a], trained.model, about)  # the other direction
    np.testing.assert_array_equal(turned["unseen_a"]["swap"], found["unseen_a"]["swap"])
    assert list(evaluate._unseen([a, other], trained.model, about)) == ["unseen_a"]


def test_what_could_not_be_measured_is_left_out_and_the_rest_is_reported(clips, tmp_path) -> None:
    for name in ("person_a", "truth_a_as_b"):
        video.write(tmp_path / f"{name}.mp4", islice(video.frames(clips[name]), 2), 24)  # too short to tremble
    result = evaluate.evaluate(tmp_path / "truth_a_as_b.mp4", tmp_path / "person_a.mp4", clips["b"], tmp_path)
    assert "flicker" not in result["figures"] and result["figures"]["share_nearer_b"]["value"] == 1
    assert report_file.read(tmp_path) == result


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
        ({"folder": tmp_path / "file"}, "cannot be written"),
        ({"swapped": tmp_path / "missing.mp4"}, "missing.mp4"),
    ):
        given = {"swapped": source, "source": source, "faces_b": clips["b"], "folder": tmp_path / "out"} | change
        with pytest.raises(UserError, match=said):
            evaluate.evaluate(**given)
    assert not list(tmp_path.glob("**/report.json*"))


def test_sound_and_time_stamps_are_asked_for_packet_by_packet(clips, tmp_path) -> None:
    source = samples.path("person_a")
    kept = evaluate._kept(source, whole(source, tmp_path / "whole.mp4"))
    assert {name: columns["swap"].mean() for name, columns in kept.items()} == {"timing": 1, "sound": 1}
    video.write(tmp_path / "mute.mp4", video.frames(source), 25)  # its frames come at 25 a second, not at 24
    kept = evaluate._kept(source, tmp_path / "mute.mp4")
    assert kept["sound"]["swap"].mean() == 0 and kept["timing"]["swap"].mean() < 0.1
    with av.open(str(source)) as container:
        packets = sum(bool(packet.size) for packet in container.demux(audio=0))
    assert len(kept["sound"]["swap"]) == packets


def shares(source, swap, true) -> tuple[dict[str, float], dict[str, float]]:
    """What evaluate says of timing and sound, and what comes of the clip's true times, begun at 0, and PyAV alone."""
    kept = {name: float(columns["swap"].mean()) for name, columns in evaluate._kept(source, swap).items()}
    found, expected = times_of(swap), {}
    for name, ours, theirs in (("timing", found.pictures, true.pictures), ("sound", found.sounds, true.sounds)):
        start = min(true.pictures[0], true.sounds[0])
        expected[name] = float(np.mean([abs(a - b + start) < 0.002 for a, b in zip(ours, theirs, strict=True)]))
    return kept, expected


def whole(clip, out):
    video.rewrite(clip, out, lambda numbered: (frame for _, frame in numbered))
    return out


FAULTS = {
    "ten hours late": lambda packet, kind, number: move(packet, 36000),
    "as late as a transport stream": lambda packet, kind, number: move(packet, LEAD),
    "sound a tenth late": lambda packet, kind, number: move(packet, Fraction(1, 10) * (kind == "audio")),
    "the second half squeezed": lambda packet, kind, number: move(
        packet, Fraction(-packet.dts + 90000 // 2 + number, 90000) * (kind == "video" and number > 12)
    ),
}


def move(packet, seconds) -> None:
    packet.pts, packet.dts = (round(each + 90000 * seconds) for each in (packet.pts, packet.dts))


@pytest.mark.parametrize("late", [36000, WRAP - Fraction(1, 2), LEAD])
def test_a_source_whose_clock_is_off_is_judged_by_what_it_should_be(tmp_path, late) -> None:
    true, source = clip(tmp_path / "source.ts", late), tmp_path / "source.ts"
    kept, expected = shares(source, whole(source, tmp_path / "swap.mp4"), true)
    assert kept == expected == {"timing": 1, "sound": 1}
    kept = evaluate._kept(source, source)
    assert kept["timing"]["swap"].sum() == kept["sound"]["swap"].sum() == 0, "as it is it is wrong"


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_in_time_are_seen(tmp_path, fault) -> None:
    true, _ = clip(tmp_path / "source.ts", 36000), clip(tmp_path / "swap.mkv", 0, edit=FAULTS[fault])
    kept, expected = shares(tmp_path / "source.ts", tmp_path / "swap.mkv", true)
    assert min(expected.values()) < 0.7 and kept["timing"] == pytest.approx(expected["timing"])
    assert fault.endswith("squeezed") or kept["sound"] == pytest.approx(expected["sound"])


def test_joined_recordings_are_judged_by_the_time_that_they_take(tmp_path) -> None:
    clip(tmp_path / "one.ts")
    source = join(tmp_path / "source.ts", tmp_path / "one.ts", tmp_path / "one.ts")
    kept = evaluate._kept(source, whole(source, tmp_path / "swap.mp4"))
    assert kept["timing"]["swap"].mean() == kept["sound"]["swap"].mean() == 1
    with av.open(str(tmp_path / "swap.mp4")) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    # As it was once written: from where the clock goes back on, all pictures in half a millisecond.
    with av.open(str(tmp_path / "squeezed.mkv"), "w") as out:
        stream = out.add_stream("libx264", 24, width=64, height=48, pix_fmt="yuv420p", time_base=Fraction(1, 90000))
        for i, rgb in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(rgb)
            frame.pts, frame.time_base = round(90000 * min(i, 23) / 24) + 90 * max(i - 23, 0), Fraction(1, 90000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    kept = evaluate._kept(source, tmp_path / "squeezed.mkv")
    assert kept["timing"]["swap"].mean() <= 0.5 and kept["sound"]["swap"].sum() == 0


def test_a_faceset_of_another_video_is_refused(short, facesets, tmp_path):
    with pytest.raises(UserError, match="taken from another video"):
        evaluate.evaluate(short["a"], short["a"], facesets["b"], tmp_path, faces_a=facesets["b"])
    assert not list(tmp_path.iterdir()) and samples.path("person_a").exists()


def test_a_report_says_that_a_model_is_the_kits():
    assert evaluate._from_the_kit({"kit": "This model came with the kit\x1b[2J."}) == [
        "This model came with the kit?[2J."
    ]
    assert evaluate._from_the_kit({}) == []
