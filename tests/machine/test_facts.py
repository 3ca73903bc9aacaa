"""The facts of this machine against other sources, made-up control groups, the trial in a process of its own."""

import importlib.metadata
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from faceswap_lib import gpu
from faceswap_lib.machine import facts


@pytest.fixture
def tried(monkeypatch):
    """For what asks `look` for other things than the convolution, which takes seconds."""
    monkeypatch.setattr(facts, "trial", lambda: {"error": "not tried"})


def test_the_real_trial_says_what_it_ran():
    done = facts.trial()
    assert done["good"] is True and done["seconds"] > 0 and done["backend"] in ("tensorflow", "jax")
    assert done["tensorflow"] == importlib.metadata.version("tensorflow")
    assert done["device"].startswith("GPU" if done["gpus"] else "CPU")


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("import no_such_thing", "No module named 'no_such_thing'"),
        ("import os; os._exit(9)", "exit status 9"),
        ("print('hello')", "exit status 0"),
        (facts.TRIAL.replace('"SAME"', '"LAME"'), "LAME"),
    ],
)
def test_a_trial_that_fails_says_how(program, says):
    assert says in facts.trial(program)["error"]


def test_a_trial_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(facts, "PATIENCE", 0.5)
    assert "0.5 s" in facts.trial("import time; time.sleep(60)")["error"]


def test_the_trial_takes_a_cards_memory_only_as_needed(monkeypatch):
    says = f"import json, os; print(json.dumps(os.environ['{facts.GROWTH}']))"
    monkeypatch.delenv(facts.GROWTH, raising=False)
    assert facts.trial(says) == "true"
    monkeypatch.setenv(facts.GROWTH, "false")  # who asks for it gets it
    assert facts.trial(says + " ") == "false"


@pytest.mark.parametrize(
    ("lines", "files", "limit"),
    [
        ("0::/box/inner\n", {"box/memory.max": "1000000000", "box/inner/memory.max": "max"}, 1.0),
        ("0::/\n", {"memory.max": "2000000000"}, 2.0),
        ("0::/not/mounted/here\n", {"memory.max": "500000000"}, 0.5),
        ("4:memory:/box\n0::/\n", {"memory/box/memory.limit_in_bytes": "1500000000"}, 1.5),
        ("4:cpu,memory:/\n", {"memory/memory.limit_in_bytes": "1000000000"}, 1.0),
        ("4:memory:/box\n", {"memory/box/memory.limit_in_bytes": "9223372036854771712"}, None),
        ("0::/box\n", {"box/memory.max": "max"}, None),
        ("0::/box\n", {}, None),
    ],
)
def test_a_containers_limit_is_found(tmp_path, lines, files, limit):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(lines)
    for name, text in files.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    assert facts.limit(tmp_path) == limit


def test_without_control_groups_there_is_no_limit(tmp_path):
    assert facts.limit(tmp_path) is None


def test_this_machine_is_seen_as_it_is(tmp_path, tried):
    here = facts.look(tmp_path / "not" / "there" / "yet")
    assert here.python == sys.version_info[:2] and here.opencv == ("opencv-python-headless",)
    if Path("/proc/meminfo").exists():
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        whole, swap = (int(lines[name].split()[0]) * 1024 for name in ("MemTotal", "SwapTotal"))
        assert here.swap == pytest.approx(swap / 1e9, abs=0.01)
    else:
        whole = int(subprocess.check_output(["sysctl", "-n", "hw.memsize"]))
    assert here.memory == pytest.approx(whole / 1e9, rel=0.03)
    free = int(subprocess.check_output(["df", "-Pk", str(tmp_path)]).split()[-3]) * 1024
    assert here.disk == pytest.approx(free / 1e9, rel=0.2)
    told = gpu.describe()
    assert told["memory"] == f"{here.memory:.1f} GB" and int(told["processor cores"]) >= 1


@pytest.mark.skipif(not shutil.which("ldd"), reason="not Linux")
def test_the_c_library_is_the_one_that_ldd_names(tried):
    said = subprocess.run(["ldd", "--version"], capture_output=True, text=True).stdout.splitlines()[0].split()[-1]
    assert facts.look().glibc == tuple(map(int, said.split(".")))


def test_pyav_writes_what_the_check_says_it_can(tmp_path, tried):
    import av
    import numpy as np

    assert facts.look().unable == () and str(av.library_versions["libavcodec"][0]) in facts.look().ffmpeg
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("libx264", 25, width=64, height=64, pix_fmt="yuv420p")
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), "u1"))))
        out.mux(stream.encode())
    with av.open(str(tmp_path / "a.mp4")) as read:
        assert read.streams.video[0].codec_context.name == "h264"


def test_an_encoder_that_pyav_lacks_is_named(monkeypatch, tried):
    monkeypatch.setattr(facts, "ENCODERS", ("libx264", "no_such_encoder"))
    assert facts.look().unable == ("no_such_encoder",)


def test_the_kernel_is_the_python_that_a_notebook_really_gets(tmp_path, tried):
    import nbformat
    import papermill

    cell = nbformat.v4.new_code_cell("import sys; print(sys.executable)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "in.ipynb")
    book = papermill.execute_notebook(
        tmp_path / "in.ipynb", tmp_path / "out.ipynb", kernel_name="python3", progress_bar=False
    )
    assert book.cells[-1].outputs[0]["text"].strip() == facts.look().kernel == sys.executable


def test_a_kernel_of_another_python_is_found_out(tmp_path, monkeypatch, tried):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text('{"argv": ["/bin/sh", "-f", "{connection_file}"], "display_name": "other"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert facts.look().kernel == "/bin/sh"
    assert [r.verdict for r in gpu.judge(facts.look()) if r.what == "notebooks run by"] == ["FAIL"]


def test_growth_is_read_from_the_environment(monkeypatch, tried):
    monkeypatch.setenv(facts.GROWTH, "true")
    assert facts.look().growth is True
    monkeypatch.delenv(facts.GROWTH)
    assert facts.look().growth is False
