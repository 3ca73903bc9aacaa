"""worker.py: a clock set by hand, and the process that measures: it does every kind of work, dies, and comes again."""

import os
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from faceswap_lib import UserError
from faceswap_lib.machine import speed
from faceswap_lib.machine import worker as worker_module


def test_the_fastest_counts_and_the_first_is_left_out(monkeypatch):
    clock = iter([10.0, 13.0, 20.0, 21.0])
    monkeypatch.setattr(worker_module.time, "perf_counter", lambda: next(clock))
    calls = []
    assert worker_module.fastest(lambda: calls.append(1), budget=4.0) == 1.0
    assert len(calls) == 3


def test_short_work_is_repeated_until_the_budget_is_used(monkeypatch):
    now = iter(np.arange(0, 100, 0.125))
    monkeypatch.setattr(worker_module.time, "perf_counter", lambda: next(now))
    calls = []
    assert worker_module.fastest(lambda: calls.append(1), budget=1.0) == 0.125
    assert len(calls) == 1 + 8


def test_what_takes_long_is_timed_once(monkeypatch):
    clock = iter([10.0, 12.0])
    monkeypatch.setattr(worker_module.time, "perf_counter", lambda: next(clock))
    calls = []
    assert worker_module.fastest(lambda: calls.append(1)) == 2.0 and len(calls) == 2


def test_a_timing_is_work_divided_by_seconds():
    one = speed.Timing("here", speed.product(1000), 0.01)
    assert one.gflops == pytest.approx(200) and one.gb_s == pytest.approx(1.2)


def test_more_work_takes_longer(worker):
    small, large = worker.time(speed.step(1, 16, 4)), worker.time(speed.step(32, 64, 32))
    assert 0 < small.seconds < large.seconds and large.where == worker_module.core_words(worker_module.core_count())
    assert 0 < small.peak <= large.peak


@pytest.mark.parametrize(
    "op",
    [
        speed.product(16),
        speed.dense(3, 16),
        speed.convolution(1, 8, 4),
        speed.step(1, 8, 4),
        speed.Op("add", "add", {"floats": 100}, 100, 1200),
    ],
    ids=lambda op: op.work,
)
def test_the_worker_does_every_kind_of_operation(worker, op):
    assert worker.time(op).gflops > 0


def test_the_worker_is_another_process_and_tensorflow_stays_out_of_this_one(worker):
    loaded = (
        "import sys; import faceswap_lib.gpu, faceswap_lib.display.plots_machine; print('tensorflow' in sys.modules)"
    )
    worker.ask("cards")
    assert worker.process.pid != os.getpid()
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True).strip() == "False"


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux can hold a process to a core")
def test_a_worker_keeps_to_its_cores():
    with speed.Worker(1) as one:
        assert list(one.devices)[0] == "1 core"
        assert {len(os.sched_getaffinity(t.id)) for t in psutil.Process(one.process.pid).threads()} == {1}


def test_a_worker_that_dies_says_so_and_the_next_question_starts_another(monkeypatch):
    scripts = iter(["read line; kill -9 $$", "read line; echo '[\"NVIDIA A10\"]'; read line"])
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    monkeypatch.setattr(worker_module, "_start", lambda cores: subprocess.Popen(["sh", "-c", next(scripts)], **pipes))
    with speed.Worker(2) as one:
        with pytest.raises(UserError, match="status -9.*micro"):
            one.devices  # noqa: B018
        assert one.devices == {"2 cores": "/CPU:0", "NVIDIA A10": "/GPU:0"}


def test_a_closed_worker_leaves_no_process():
    with speed.Worker() as one:
        one.process = subprocess.Popen(["sleep", "60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process = one.process
    assert process.poll() is not None and one.process is None


def test_a_question_that_is_interrupted_ends_the_process(monkeypatch):
    with speed.Worker() as one:
        one.process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process, begin = one.process, time.monotonic()
        monkeypatch.setattr(worker_module.json, "loads", lambda text: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            one.ask("cards")
        assert one.process is None and process.poll() is not None and time.monotonic() - begin < 10


def test_so_many_times_an_operation_is_repeated_in_so_many_seconds(worker):
    op = speed.product(64)
    short, long = (worker.train(op, seconds) for seconds in (0.0, 0.5))
    assert short == 0 < long and long * worker.time(op).seconds < 4 * 0.5


@pytest.mark.parametrize(("count", "words"), [(1, "1 core"), (2, "2 cores"), (64, "64 cores")])
def test_cores_are_counted_in_words(count, words):
    assert worker_module.core_words(count) == words


def test_what_tells_an_operation_from_others_of_its_kind_is_short():
    assert speed.product(512).short == "512" and speed.convolution(1, 8, 64).short == "64 channels"
    assert speed.dense(16, 8).short == speed.step(16, 8, 4).short == "batch 16"
