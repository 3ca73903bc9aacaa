"""Verdicts on made-up machines, the facts of this machine against other sources, the trial in a process of its own."""

import importlib.metadata
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from faceswap_lib import UserError, gpu
from faceswap_lib.speed import Card

GOOD = {"backend": "tensorflow", "tensorflow": "2.19.1", "cuda": "12.5.1", "gpus": [], "good": True, "seconds": 0.1,
        "device": "CPU:0"}  # fmt: skip
LAPTOP = gpu.Machine((3, 11), 8.0, 50.0, ("opencv-python-headless",), False, GOOD, glibc=(2, 36), unable=(),
                     ffmpeg="libavcodec 62", kernel=sys.executable)  # fmt: skip


def with_card(name: str, capability: float, cudnn: str = "9.3.0.75", driver: str = "550.54.15") -> gpu.Machine:
    """A good machine with a card that TensorFlow uses."""
    trial = GOOD | {"gpus": [name], "capabilities": [capability], "device": "GPU:0"}
    return replace(LAPTOP, card=True, trial=trial, cards=(Card(name, driver, 17.2, capability),), cudnn=cudnn,
                   growth=True)  # fmt: skip


P100, V100, A10 = with_card("Tesla P100", 6.0), with_card("Tesla V100", 7.0), with_card("NVIDIA A10", 8.6)
UNUSED = replace(A10, trial=GOOD)  # the card is there, TensorFlow does not see it


@pytest.fixture
def tried(monkeypatch):
    """For what asks `look` for other things than the convolution, which takes seconds."""
    monkeypatch.setattr(gpu, "trial", lambda: GOOD)


def row(machine: gpu.Machine, what: str) -> gpu.Row:
    """The one verdict on a thing."""
    (found,) = [r for r in gpu.judge(machine) if r.what == what]
    return found


@pytest.mark.parametrize("machine", [LAPTOP, P100, V100, A10, replace(A10, cudnn="9.11.0.98"),
                                     with_card("NVIDIA T4", 7.5, "9.11.0.98"), replace(LAPTOP, glibc=None),
                                     replace(LAPTOP, glibc=(2, 28)), with_card("NVIDIA A10", 8.6, driver="525.60.13"),
                                     replace(A10, cards=()), replace(A10, cudnn="")])  # fmt: skip
def test_a_good_machine_is_ok_in_every_row(machine):
    assert [r.verdict for r in gpu.judge(machine)] == ["OK"] * (14 if machine.card else 10)
    assert not any(r.remedy for r in gpu.judge(machine))


@pytest.mark.parametrize(("what", "verdict", "says", "machine"), [
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
])  # fmt: skip
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
    failed = {r.what: r.found for r in gpu.judge(replace(V100, cudnn="9.11.0.98", trial=GOOD | said))
              if r.verdict == "FAIL"}  # fmt: skip
    assert failed["a convolution"] == "No DNN in stream executor" and "leaves out this card" in failed["CUDA and cuDNN"]


def test_the_weakest_of_several_cards_counts():
    two = (Card("Tesla P100", "550.54.15", 17.2, 6.0), Card("NVIDIA A10", "550.54.15", 24.0, 8.6))
    assert row(replace(UNUSED, cards=two, cudnn="9.11"), "CUDA and cuDNN").verdict == "FAIL"


def test_what_went_wrong_is_shown():
    assert "tensorflow" in row(replace(LAPTOP, trial={"error": "No module named 'tensorflow'"}), "a convolution").found
    both = replace(LAPTOP, opencv=("opencv-contrib-python", "opencv-python"))
    assert row(both, "OpenCV").found == "opencv-contrib-python, opencv-python"
    assert row(A10, "graphics card").found == "NVIDIA A10, 17 GB" and "GPU:0" in row(A10, "a convolution").found
    boxed = row(replace(LAPTOP, memory=25.0, limit=1.0, swap=2.0), "memory").found
    assert boxed == "1.0 GB (a container's limit, of 25.0 GB) and 2.0 GB of swap"


@pytest.mark.parametrize(("machine", "profile"), [
    (LAPTOP, "demo"), (A10, "gpu"), (replace(LAPTOP, memory=1.0), "micro"), (replace(LAPTOP, memory=4.1), "demo"),
    (replace(LAPTOP, memory=25.0, limit=1.0), "micro"), (UNUSED, "demo"), (gpu.Machine(memory=8.0), "demo"),
    (replace(A10, trial=A10.trial | {"good": False}), "demo"),
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
    assert done["tensorflow"] == importlib.metadata.version("tensorflow")
    assert done["device"].startswith("GPU" if done["gpus"] else "CPU")


@pytest.mark.parametrize(("program", "says"), [
    ("import no_such_thing", "No module named 'no_such_thing'"),
    ("import os; os._exit(9)", "exit status 9"),
    ("print('hello')", "exit status 0"),
    (gpu.TRIAL.replace('"SAME"', '"LAME"'), "LAME"),
])  # fmt: skip
def test_a_trial_that_fails_says_how(program, says):
    assert says in gpu.trial(program)["error"]


def test_a_trial_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(gpu, "PATIENCE", 0.5)
    assert "0.5 s" in gpu.trial("import time; time.sleep(60)")["error"]


def test_the_trial_takes_a_cards_memory_only_as_needed(monkeypatch):
    says = f"import json, os; print(json.dumps(os.environ['{gpu.GROWTH}']))"
    monkeypatch.delenv(gpu.GROWTH, raising=False)
    assert gpu.trial(says) == "true"
    monkeypatch.setenv(gpu.GROWTH, "false")  # who asks for it gets it
    assert gpu.trial(says + " ") == "false"


@pytest.mark.parametrize(("lines", "files", "limit"), [
    ("0::/box/inner\n", {"box/memory.max": "1000000000", "box/inner/memory.max": "max"}, 1.0),
    ("0::/\n", {"memory.max": "2000000000"}, 2.0),
    ("0::/not/mounted/here\n", {"memory.max": "500000000"}, 0.5),
    ("4:memory:/box\n0::/\n", {"memory/box/memory.limit_in_bytes": "1500000000"}, 1.5),
    ("4:cpu,memory:/\n", {"memory/memory.limit_in_bytes": "1000000000"}, 1.0),
    ("4:memory:/box\n", {"memory/box/memory.limit_in_bytes": "9223372036854771712"}, None),
    ("0::/box\n", {"box/memory.max": "max"}, None),
    ("0::/box\n", {}, None),
])  # fmt: skip
def test_a_containers_limit_is_found(tmp_path, lines, files, limit):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(lines)
    for name, text in files.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    assert gpu.limit(tmp_path) == limit


def test_without_control_groups_there_is_no_limit(tmp_path):
    assert gpu.limit(tmp_path) is None


def test_this_machine_is_seen_as_it_is(tmp_path, tried):
    machine = gpu.look(tmp_path / "not" / "there" / "yet")
    assert machine.python == sys.version_info[:2] and machine.opencv == ("opencv-python-headless",)
    if Path("/proc/meminfo").exists():
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        whole, swap = (int(lines[name].split()[0]) * 1024 for name in ("MemTotal", "SwapTotal"))
        assert machine.swap == pytest.approx(swap / 1e9, abs=0.01)
    else:
        whole = int(subprocess.check_output(["sysctl", "-n", "hw.memsize"]))
    assert machine.memory == pytest.approx(whole / 1e9, rel=0.03)
    free = int(subprocess.check_output(["df", "-Pk", str(tmp_path)]).split()[-3]) * 1024
    assert machine.disk == pytest.approx(free / 1e9, rel=0.2)
    told = gpu.describe()
    assert told["memory"] == f"{machine.memory:.1f} GB" and int(told["processor cores"]) >= 1


@pytest.mark.skipif(not shutil.which("ldd"), reason="not Linux")
def test_the_c_library_is_the_one_that_ldd_names(tried):
    said = subprocess.run(["ldd", "--version"], capture_output=True, text=True).stdout.splitlines()[0].split()[-1]
    assert gpu.look().glibc == tuple(map(int, said.split(".")))


def test_pyav_writes_what_the_check_says_it_can(tmp_path, tried):
    import av
    import numpy as np

    assert gpu.look().unable == () and str(av.library_versions["libavcodec"][0]) in gpu.look().ffmpeg
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("libx264", 25, width=64, height=64, pix_fmt="yuv420p")
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), "u1"))))
        out.mux(stream.encode())
    with av.open(str(tmp_path / "a.mp4")) as read:
        assert read.streams.video[0].codec_context.name == "h264"


def test_an_encoder_that_pyav_lacks_is_named(monkeypatch, tried):
    monkeypatch.setattr(gpu, "ENCODERS", ("libx264", "no_such_encoder"))
    assert gpu.look().unable == ("no_such_encoder",)


def test_the_kernel_is_the_python_that_a_notebook_really_gets(tmp_path, tried):
    import nbformat
    import papermill

    cell = nbformat.v4.new_code_cell("import sys; print(sys.executable)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "in.ipynb")
    book = papermill.execute_notebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb", kernel_name="python3",
                                      progress_bar=False)  # fmt: skip
    assert book.cells[-1].outputs[0]["text"].strip() == gpu.look().kernel == sys.executable


def test_a_kernel_of_another_python_is_found_out(tmp_path, monkeypatch, tried):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text('{"argv": ["/bin/sh", "-f", "{connection_file}"], "display_name": "other"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert gpu.look().kernel == "/bin/sh" and row(gpu.look(), "notebooks run by").verdict == "FAIL"


def test_growth_is_read_from_the_environment(monkeypatch, tried):
    monkeypatch.setenv(gpu.GROWTH, "true")
    assert gpu.look().growth is True
    monkeypatch.delenv(gpu.GROWTH)
    assert gpu.look().growth is False


def test_check_judges_what_look_saw(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(gpu, "look", lambda folder: asked.append(folder) or UNUSED)
    assert gpu.check(tmp_path) == gpu.judge(UNUSED) and asked == [tmp_path]
