"""Verdicts on made-up machines, the trial in a process of its own, and the timings of lab 2."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from faceswap_lib import UserError, gpu

GOOD = {"backend": "tensorflow", "tensorflow": "2.19.1", "gpus": [], "good": True, "seconds": 0.1}
LAPTOP = gpu.Machine((3, 11), 8.0, 50.0, ("opencv-python-headless",), False, GOOD)
CARD = replace(LAPTOP, card=True, trial=GOOD | {"gpus": ["NVIDIA A10"]})


def row(machine: gpu.Machine, what: str) -> gpu.Row:
    """The one verdict on a thing."""
    (found,) = [r for r in gpu.judge(machine) if r.what == what]
    return found


@pytest.mark.parametrize("machine", [LAPTOP, CARD])
def test_a_good_machine_is_ok_in_every_row(machine):
    assert [r.verdict for r in gpu.judge(machine)] == ["OK"] * 7
    assert not any(r.remedy for r in gpu.judge(machine))


@pytest.mark.parametrize(("what", "verdict", "says", "change"), [
    ("Python", "FAIL", "setup/env.sh", {"python": (3, 9)}),
    ("Python", "FAIL", "setup/env.sh", {"python": (3, 13)}),
    ("memory", "WARN", "micro", {"memory": 1.0}),
    ("memory", "FAIL", "1 GB", {"memory": 0.5}),
    ("free disk", "FAIL", "workdir", {"disk": 0.3}),
    ("OpenCV", "FAIL", "setup/env.sh", {"opencv": ("opencv-contrib-python", "opencv-python-headless")}),
    ("OpenCV", "FAIL", "setup/env.sh", {"opencv": ()}),
    ("a convolution", "FAIL", "setup/env.sh", {"trial": {"error": "No module named 'tensorflow'"}}),
    ("a convolution", "FAIL", "setup/env.sh", {"trial": GOOD | {"good": False}}),
    ("graphics card", "FAIL", "nvidia-smi", {"card": True}),
])  # fmt: skip
def test_each_fault_has_its_verdict_and_its_remedy_and_touches_no_other_row(what, verdict, says, change):
    machine = replace(LAPTOP, **change)
    found = row(machine, what)
    assert found.verdict == verdict and says in found.remedy
    assert all(r.verdict == "OK" for r in gpu.judge(machine) if r.what != what)


def test_what_went_wrong_is_shown():
    assert "tensorflow" in row(replace(LAPTOP, trial={"error": "No module named 'tensorflow'"}), "a convolution").found
    both = replace(LAPTOP, opencv=("opencv-contrib-python", "opencv-python"))
    assert row(both, "OpenCV").found == "opencv-contrib-python, opencv-python"
    assert row(CARD, "graphics card").found == "NVIDIA A10"


@pytest.mark.parametrize(("machine", "profile"), [
    (LAPTOP, "demo"), (CARD, "gpu"), (replace(LAPTOP, memory=1.0), "micro"), (replace(LAPTOP, memory=4.1), "demo"),
    (replace(LAPTOP, card=True), "demo"), (replace(CARD, trial=CARD.trial | {"good": False}), "demo"),
])  # fmt: skip
def test_the_profile_fits_the_machine(machine, profile):
    assert gpu.suggest_profile(machine) == profile
    order = ["smoke", "micro", "demo", "gpu"]
    assert [gpu.fits(name, machine) for name in order] == [order.index(name) <= order.index(profile) for name in order]


def test_an_unknown_profile_does_not_fit_but_is_refused():
    with pytest.raises(UserError, match="huge"):
        gpu.fits("huge", LAPTOP)


def test_the_real_trial_says_what_it_ran():
    done = gpu.trial()
    assert done["good"] is True and done["seconds"] > 0 and done["backend"] in ("tensorflow", "jax")
    assert row(replace(LAPTOP, trial=done), "a convolution").verdict == "OK"


@pytest.mark.parametrize(("program", "says"), [
    ("import no_such_thing", "No module named 'no_such_thing'"),
    ("import os; os._exit(9)", "exit status 9"),
    ("print('hello')", "exit status 0"),
])  # fmt: skip
def test_a_trial_that_fails_says_how(program, says):
    assert says in gpu.trial(program)["error"]


def test_a_trial_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(gpu, "PATIENCE", 0.5)
    assert "0.5 s" in gpu.trial("import time; time.sleep(60)")["error"]


def test_this_machine_is_seen_as_it_is(tmp_path):
    machine = gpu.look(tmp_path / "not" / "there" / "yet")
    assert machine.python == sys.version_info[:2]
    assert machine.opencv == ("opencv-python-headless",)
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        whole = int(meminfo.read_text().split()[1]) * 1024
    else:
        whole = int(subprocess.check_output(["sysctl", "-n", "hw.memsize"]))
    assert machine.memory == pytest.approx(whole / 1e9, rel=0.03)
    free = int(subprocess.check_output(["df", "-Pk", str(tmp_path)]).split()[-3]) * 1024
    assert machine.disk == pytest.approx(free / 1e9, rel=0.2)
    told = gpu.describe()
    assert told["memory"] == f"{machine.memory:.1f} GB" and int(told["processor cores"]) >= 1


def test_the_fastest_of_several_counts_and_the_first_does_not(monkeypatch):
    clock = iter([10.0, 13.0, 20.0, 21.0])
    monkeypatch.setattr(gpu.time, "perf_counter", lambda: next(clock))
    calls = []
    assert gpu._fastest(lambda: calls.append(1), times=2) == 1.0
    assert len(calls) == 3


def test_products_are_counted_right_and_compiled_code_is_far_faster(monkeypatch):
    plain, numpy, large = gpu.time_products(128, 512).values()
    assert 0 < plain and numpy > 10 * plain and large > 10 * plain
    monkeypatch.setattr(gpu, "_fastest", lambda work: 0.001)  # then only the count is left: n³ in a millisecond
    assert list(gpu.time_products(100, 200).values()) == pytest.approx([1.0, 1.0, 8.0])


def test_more_work_takes_longer():
    assert 0 < gpu.time_step(1, 16, 8) < gpu.time_step(32, 64, 32)
