"""Verdicts on made-up machines, and the profile that fits them."""

import sys
from dataclasses import replace

import pytest

from faceswap_lib import UserError, gpu, progress
from faceswap_lib.machine.cards import Card

GOOD = {
    "backend": "tensorflow",
    "tensorflow": "2.19.1",
    "cuda": "12.5.1",
    "gpus": [],
    "good": True,
    "seconds": 0.1,
    "device": "CPU:0",
}
LAPTOP = gpu.Machine(
    (3, 11),
    8.0,
    50.0,
    ("opencv-python-headless",),
    False,
    GOOD,
    glibc=(2, 36),
    unable=(),
    ffmpeg="libavcodec 62",
    kernel=sys.executable,
)


def with_card(name: str, capability: float, cudnn: str = "9.3.0.75", driver: str = "550.54.15") -> gpu.Machine:
    """A good machine with a card that TensorFlow uses."""
    trial = GOOD | {"gpus": [name], "capabilities": [capability], "device": "GPU:0"}
    return replace(
        LAPTOP, card=True, trial=trial, cards=(Card(name, driver, 17.2, capability),), cudnn=cudnn, growth=True
    )


P100, V100, A10 = with_card("Tesla P100", 6.0), with_card("Tesla V100", 7.0), with_card("NVIDIA A10", 8.6)
UNUSED = replace(A10, trial=GOOD)  # the card is there, TensorFlow does not see it


def row(machine: gpu.Machine, what: str) -> progress.Row:
    """The one verdict on a thing."""
    (found,) = [r for r in gpu.judge(machine) if r.what == what]
    return found


@pytest.mark.parametrize(
    "machine",
    [
        LAPTOP,
        P100,
        V100,
        A10,
        replace(A10, cudnn="9.11.0.98"),
        with_card("NVIDIA T4", 7.5, "9.11.0.98"),
        replace(LAPTOP, glibc=None),
        replace(LAPTOP, glibc=(2, 28)),
        with_card("NVIDIA A10", 8.6, driver="525.60.13"),
        replace(A10, cards=()),
        replace(A10, cudnn=""),
    ],
)
def test_a_good_machine_is_ok_in_every_row(machine):
    assert [r.verdict for r in gpu.judge(machine)] == ["OK"] * (14 if machine.card else 10)
    assert not any(r.remedy for r in gpu.judge(machine))


@pytest.mark.parametrize(
    ("what", "verdict", "says", "machine"),
    [
        ("system (glibc)", "FAIL", "newer system", replace(LAPTOP, glibc=(2, 27))),
        ("system (glibc)", "FAIL", "newer system", replace(LAPTOP, glibc=())),
        ("Python", "FAIL", "setup/env.sh", replace(LAPTOP, python=(3, 9))),
        ("Python", "FAIL", "setup/env.sh", replace(LAPTOP, python=(3, 13))),
        ("memory", "WARN", "micro", replace(LAPTOP, memory=1.0, swap=4.0)),
        ("memory", "WARN", "micro", replace(LAPTOP, memory=2.1)),
        ("memory", "FAIL", "prepare.sh --only swap", replace(LAPTOP, memory=1.0)),
        ("memory", "FAIL", "1 GB", replace(LAPTOP, memory=0.5, swap=8.0)),
        ("memory", "FAIL", "container's limit", replace(LAPTOP, memory=25.0, limit=1.0)),
        ("memory", "WARN", "micro", replace(LAPTOP, memory=25.0, limit=1.0, swap=2.0)),
        ("free disk", "FAIL", "workdir", replace(LAPTOP, disk=0.3)),
        ("OpenCV", "FAIL", "setup/env.sh", replace(LAPTOP, opencv=("opencv-contrib-python", "opencv-python-headless"))),
        ("OpenCV", "FAIL", "setup/env.sh", replace(LAPTOP, opencv=())),
        ("FFmpeg in PyAV", "FAIL", "setup/env.sh", replace(LAPTOP, unable=("libx264",))),
        ("notebooks run by", "FAIL", "kernelspec remove", replace(LAPTOP, kernel="/usr/bin/python3")),
        ("notebooks run by", "FAIL", "start Jupyter", replace(LAPTOP, kernel="")),
        ("a convolution", "FAIL", "setup/env.sh", replace(LAPTOP, trial={"error": "No module named 'tensorflow'"})),
        ("a convolution", "FAIL", "setup/env.sh", replace(LAPTOP, trial=GOOD | {"good": False})),
        ("a convolution", "FAIL", "rows below", replace(A10, trial=A10.trial | {"device": "CPU:0"})),
        ("graphics card", "FAIL", "nvidia-smi", UNUSED),
        ("CUDA and cuDNN", "FAIL", "nvidia-cudnn-cu12>=9.3,<9.11", replace(P100, cudnn="9.11.0.98")),
        ("CUDA and cuDNN", "FAIL", "nvidia-cudnn-cu12>=9.3,<9.11", replace(V100, cudnn="9.11.0.98")),
        ("CUDA and cuDNN", "FAIL", "nvidia-cudnn-cu12>=9.3,<9.11", replace(A10, cudnn="9.1.0.70")),
        ("CUDA and cuDNN", "FAIL", "nvidia-cudnn-cu12>=9.3,<9.11", replace(A10, cudnn="10.0.1")),
        ("compute capability", "FAIL", "another card", with_card("Tesla M60", 5.2)),
        ("card's memory", "WARN", gpu.GROWTH, replace(A10, growth=False)),
        ("NVIDIA driver", "FAIL", "525.60.13", with_card("NVIDIA A10", 8.6, driver="520.61.05")),
    ],
)
def test_each_fault_has_its_verdict_and_its_remedy_and_touches_no_other_row(what, verdict, says, machine):
    found = row(machine, what)
    assert found.verdict == verdict and says in found.remedy
    assert all(r.verdict == "OK" for r in gpu.judge(machine) if r.what != what)


def test_a_card_without_a_driver_fails_and_says_which_to_install():
    machine = replace(LAPTOP, card=True)
    failed = {r.what: r.remedy for r in gpu.judge(machine) if r.verdict == "FAIL"}
    assert list(failed) == ["NVIDIA driver", "graphics card"] and "--only driver" in failed["NVIDIA driver"]


def test_a_card_that_tensorflow_lost_to_a_cudnn_too_new_names_the_cause():
    said = {"good": False, "error": "No DNN in stream executor", "gpus": ["Tesla V100"], "capabilities": [7.0]}
    failed = {
        r.what: r.found for r in gpu.judge(replace(V100, cudnn="9.11.0.98", trial=GOOD | said)) if r.verdict == "FAIL"
    }
    assert failed["a convolution"] == "No DNN in stream executor" and "leaves out this card" in failed["CUDA and cuDNN"]


def test_the_weakest_of_several_cards_counts():
    two = (Card("Tesla P100", "550.54.15", 17.2, 6.0), Card("NVIDIA A10", "550.54.15", 24.0, 8.6))
    assert row(replace(UNUSED, cards=two, cudnn="9.11"), "CUDA and cuDNN").verdict == "FAIL"


def test_several_cards_that_can_be_used_are_named_with_what_becomes_of_them():
    two = replace(A10, cards=A10.cards * 2, trial=A10.trial | {"gpus": ["NVIDIA A10"] * 2})
    assert (
        row(two, "graphics card").found
        == "NVIDIA A10, 17 GB, NVIDIA A10, 17 GB; a training shares its batches among them"
    )


def test_what_went_wrong_is_shown():
    assert "tensorflow" in row(replace(LAPTOP, trial={"error": "No module named 'tensorflow'"}), "a convolution").found
    both = replace(LAPTOP, opencv=("opencv-contrib-python", "opencv-python"))
    assert row(both, "OpenCV").found == "opencv-contrib-python, opencv-python"
    assert row(A10, "graphics card").found == "NVIDIA A10, 17 GB" and "GPU:0" in row(A10, "a convolution").found
    boxed = row(replace(LAPTOP, memory=25.0, limit=1.0, swap=2.0), "memory").found
    assert boxed == "1.0 GB (a container's limit, of 25.0 GB) and 2.0 GB of swap"


@pytest.mark.parametrize(
    ("machine", "profile"),
    [
        (LAPTOP, "demo"),
        (A10, "gpu"),
        (replace(LAPTOP, memory=1.0), "micro"),
        (replace(LAPTOP, memory=4.1), "demo"),
        (replace(LAPTOP, memory=25.0, limit=1.0), "micro"),
        (UNUSED, "demo"),
        (gpu.Machine(memory=8.0), "demo"),
        (replace(A10, trial=A10.trial | {"good": False}), "demo"),
    ],
)
def test_the_profile_fits_the_machine(machine, profile):
    assert gpu.suggest_profile(machine) == profile
    order = ["smoke", "micro", "demo", "gpu"]
    assert [gpu.fits(name, machine) for name in order] == [order.index(name) <= order.index(profile) for name in order]


def test_an_unknown_profile_does_not_fit_but_is_refused():
    with pytest.raises(UserError, match="huge"):
        gpu.fits("huge", LAPTOP)


def test_check_judges_what_look_saw(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(gpu, "look", lambda folder: asked.append(folder) or UNUSED)
    assert gpu.check(tmp_path) == gpu.judge(UNUSED) and asked == [tmp_path]
