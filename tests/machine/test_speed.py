"""speed.py: work counted by hand and by TensorFlow, and what is timed on one core, on many and on cards."""

import subprocess
import sys

import expected
import numpy as np
import psutil
import pytest

from faceswap_lib import UserError
from faceswap_lib.machine import speed

TINY = speed.Sizes((8, 32), 200_000, 64, (1, 2), 8, 4, 0.4)


def timing(where: str, op: speed.Op, seconds: float = 0.001, peak: float = 0.8) -> speed.Timing:
    """A timing nobody measured."""
    return speed.Timing(where, op, seconds, peak)


def test_the_work_of_a_product_is_what_three_loops_count():
    flops, touched = 0, set()
    for i in range(5):
        for j in range(5):
            touched.add(("c", i, j))
            for k in range(5):
                flops += 2
                touched |= {("a", i, k), ("b", k, j)}
    op = speed.product(5)
    assert (op.flops, op.moved) == (flops, 4 * len(touched))
    assert op.intensity == pytest.approx(5 / 6)


def test_the_work_of_a_convolution_and_a_dense_layer_is_what_their_arrays_say():
    x, w = np.zeros((2, 6, 6, 3), "f4"), np.zeros((3, 3, 3, 3), "f4")
    op = speed.convolution(2, 6, 3)
    assert op.moved == 2 * x.nbytes + w.nbytes  # the answer is as large as x
    assert op.flops == x.size * 2 * w[..., 0].size  # for each value of the answer a window over all channels
    step = speed.step(2, 6, 3)
    assert (step.flops, step.intensity) == (3 * op.flops, pytest.approx(op.intensity))
    x, w = np.zeros((4, 50), "f4"), np.zeros((50, 50), "f4")
    op = speed.dense(4, 50)
    assert op.moved == 2 * x.nbytes + w.nbytes and op.flops == 2 * 4 * w.size


def test_a_batch_raises_the_intensity_of_a_dense_layer_but_not_of_a_convolution():
    assert speed.dense(16, 4096).intensity == pytest.approx(16 * speed.dense(1, 4096).intensity, rel=0.02)
    assert speed.convolution(16, 64, 8).intensity == pytest.approx(speed.convolution(1, 64, 8).intensity, rel=0.02)


def test_tensorflow_counts_the_same_work():
    program = """
import sys, tensorflow as tf
from faceswap_lib.machine import speed
def flops(work, *shapes):
    graph = tf.Graph()
    with graph.as_default():
        work(*(tf.compat.v1.placeholder(tf.float32, s) for s in shapes))
    options = tf.compat.v1.profiler.ProfileOptionBuilder(tf.compat.v1.profiler.ProfileOptionBuilder.float_operation())
    return tf.compat.v1.profiler.profile(graph, options=options.with_empty_output().build()).total_float_ops
print(flops(tf.matmul, (24, 24), (24, 24)), flops(lambda x, w: tf.nn.conv2d(x, w, 1, "SAME"), (2, 16, 16, 6),
      (3, 3, 6, 6)), flops(tf.matmul, (5, 40), (40, 40)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    ops = speed.product(24), speed.convolution(2, 16, 6), speed.dense(5, 40)
    assert [int(n) for n in done.stdout.split()[-3:]] == [op.flops for op in ops]


def test_plain_python_multiplies_right_and_is_timed(monkeypatch):
    seen = []
    monkeypatch.setattr(speed, "fastest", lambda work, budget: seen.append(np.array(work())) or 0.5)
    result = speed.in_python(6)
    a = np.random.default_rng(0).random((6, 6))
    assert np.allclose(seen[0], a @ a) and result.seconds == 0.5 and result.op == speed.product(6)


def test_stream_moves_what_it_says_on_any_number_of_cores(monkeypatch):
    ran = []
    monkeypatch.setattr(speed, "fastest", lambda work: ran.append([r for r in work() if r is not None]) or 0.001)
    copy, add = speed.stream(1003, 3)
    assert np.concatenate(ran[1]).tolist() == [3.0] * 1003  # 1 + 2, every element once
    assert copy.gb_s == pytest.approx(8 * 1003 / 1e6) and add.op.intensity == pytest.approx(1 / 12)
    assert copy.where == add.where == "3 cores"


def test_a_roof_is_the_lower_of_its_two_limits():
    roof = speed.Roof("x", 100, 10)
    assert [roof.at(i) for i in (0.5, 10, 500)] == [5, 100, 100]


def test_cards_are_measured_beside_the_processor(worker, monkeypatch):
    faked = {"2 cores": "/CPU:0", "NVIDIA A10": "/CPU:0"}  # no card here: the same road, on the processor
    monkeypatch.setattr(speed.Worker, "devices", faked)
    ops = [speed.product(16), speed.step(1, 8, 4)]
    timings = speed.compare(ops, worker, one_core=False)
    assert [(t.where, t.op) for t in timings] == [(name, op) for name in faked for op in ops]


def test_one_core_comes_first_and_alone(monkeypatch):
    alive = []

    class Fake(speed.Worker):
        devices = {"4 cores": "/CPU:0"}

        def time(self, op, device="/CPU:0", where=""):
            alive.append(self)
            self.process = "running"
            assert not [w for w in alive if w is not self and w.process], "two TensorFlows at once"
            return timing(where or f"{self.cores} core", op)

        def close(self):
            self.process = None

    monkeypatch.setattr(speed, "Worker", Fake)
    main = Fake(4)
    main.process = "running"
    assert [t.where for t in speed.compare([speed.product(8)], main)] == ["1 core", "4 cores"]


def test_the_roofline_is_the_envelope_of_its_points(worker):
    roofs, points = speed.roofline(worker, TINY)
    assert {p.op.work for p in points} == {"add", "product", "convolution", "dense"} and roofs[0].measured
    assert all(p.gflops <= roofs[0].at(p.op.intensity) * 1.0001 for p in points)
    assert roofs[0].gflops == max(p.gflops for p in points)


def test_this_machine_is_as_fast_as_lab_2_says(worker):
    step = worker.time(speed.step(16, 64, 64))
    found = {
        "GFLOP/s of plain Python": speed.in_python().gflops,
        "GFLOP/s of compiled code": worker.time(speed.product(1024)).gflops,
        "pictures a second": 16 / step.seconds,
    }
    claims = [claim for claim in expected.claims() if claim.of in found]
    assert len(claims) == len(found) and not [told for claim in claims if (told := claim.wrong(found, expected.busy()))]


def test_the_load_shows_idle_then_busy(worker):
    seen = speed.watch(worker, speed.step(8, 32, 16), 1.0, idle=0.5)
    assert len(seen.times) == len(seen.cores) == len(seen.own) and len(seen.cores[0]) == psutil.cpu_count()
    assert 0.5 <= seen.start < seen.start + 1.0 <= seen.end <= seen.times[-1]
    assert seen.mean(busy=True) > seen.mean(busy=False)  # the step's own load, whatever else runs here


def test_a_sample_belongs_to_the_task_that_ran_since_the_one_before():
    seen = speed.Load([0.5, 1.0, 1.5, 2.0, 2.5], [[0.0]] * 5, [0.0, 0.0, 40.0, 20.0, 0.0], [], start=1.0, end=1.8)
    assert (seen.mean(busy=True), seen.mean(busy=False)) == (30.0, 0.0)


def test_the_load_of_a_card_is_read_where_there_is_one(worker, monkeypatch):
    monkeypatch.setattr(speed, "ask_driver", lambda fields: [("37",), ("0",)])
    seen = speed.watch(worker, speed.product(8), 0.2, idle=0.2)
    assert set(seen.card) == {37.0} and len(seen.card) == len(seen.times)


def test_every_profile_has_its_sizes_and_the_micro_machine_small_ones():
    from faceswap_lib.profiles import PROFILES

    assert set(speed.SIZES) == set(PROFILES)
    micro = speed.sizes("micro")
    assert 3 * 4 * micro.floats < 100e6 and speed.step(max(micro.batches), micro.pixels, micro.channels).moved < 100e6
    with pytest.raises(UserError, match="huge"):
        speed.sizes("huge")


def test_a_machine_of_one_core_is_not_measured_twice(monkeypatch):
    monkeypatch.setattr(speed.Worker, "devices", {"1 core": "/CPU:0"})
    monkeypatch.setattr(speed.Worker, "time", lambda self, op, device, where: timing(where, op))
    assert [t.where for t in speed.compare([speed.step(1, 8, 4)], speed.Worker(1))] == ["1 core"]
