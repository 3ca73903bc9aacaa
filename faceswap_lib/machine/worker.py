"""TensorFlow in a process of its own: a Worker asks, `serve` answers. All float32; a multiply-and-add is 2 FLOP."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceswap_lib import UserError

SERVE = """
import os, sys
cores = int(sys.argv[1])
if hasattr(os, "sched_setaffinity"):  # before numpy and TensorFlow start their threads
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
from faceswap_lib.machine.worker import serve
serve(cores)
"""
BUDGET, LONG = 0.15, 1.0  # seconds that one timing may take, unless two repeats take longer; above LONG one is enough


@dataclass(frozen=True)
class Op:
    """One operation: what the worker does, how many FLOP it takes, how many bytes it must move at the least."""

    name: str
    work: str
    size: dict
    flops: float
    moved: float

    @property
    def short(self) -> str:
        """What tells it from others of its kind, e.g. "64 channels"."""
        return self.name.split(", ")[-1].removeprefix("product ")

    @property
    def intensity(self) -> float:
        """Arithmetic intensity, FLOP per byte (Williams, Waterman & Patterson 2009)."""
        return self.flops / self.moved


@dataclass(frozen=True)
class Timing:
    """An operation timed: where, the fastest of several times in seconds, the most memory its process took in GB."""

    where: str
    op: Op
    seconds: float
    peak: float = 0.0

    @property
    def gflops(self) -> float:
        """Billions of multiplications and additions a second."""
        return self.op.flops / self.seconds / 1e9

    @property
    def gb_s(self) -> float:
        """Billions of bytes that had to be moved, a second."""
        return self.op.moved / self.seconds / 1e9


class Worker:
    """TensorFlow in a process of its own, started when it is first asked and held to so many cores (None: all)."""

    def __init__(self, cores: int | None = None):
        self.cores, self.process = cores or core_count(), None

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    @property
    def devices(self) -> dict[str, str]:
        """Where it can compute: name -> device, e.g. {"2 cores": "/CPU:0", "NVIDIA A10": "/GPU:0"}."""
        return {core_words(self.cores): "/CPU:0"} | {name: f"/GPU:{i}" for i, name in enumerate(self.ask("cards"))}

    def time(self, op: Op, device: str = "/CPU:0", where: str = "") -> Timing:
        """An operation timed on a device."""
        said = self.ask("time", work=op.work, size=op.size, device=device)
        return Timing(where or core_words(self.cores), op, said["seconds"], said["peak"])

    def train(self, op: Op, seconds: float, device: str = "/CPU:0") -> int:
        """Repeat an operation for so many seconds; returns how often."""
        return self.ask("repeat", work=op.work, size=op.size, device=device, seconds=seconds)

    def ask(self, what: str, **about: object) -> object:
        """Put a question to the process; UserError when the process has ended instead of answering."""
        if self.process is None or self.process.poll() is not None:
            self.process = _start(self.cores)
        try:
            self.process.stdin.write(json.dumps({"what": what, **about}) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (ValueError, BrokenPipeError) as error:
            status = self.process.wait(10)
            raise UserError(
                f"The process that measures ended with status {status}; run `python -m faceswap_lib check`"
                ", and where memory is short take the profile micro and add swap."
            ) from error
        except BaseException:  # interrupted: the answer that is still to come must not be taken for the next one
            self.close()
            raise

    def close(self) -> None:
        """End the process; the next question starts another."""
        if self.process:
            self.process.kill()
            self.process.communicate()
        self.process = None


def _start(cores: int) -> subprocess.Popen:
    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, str(cores)],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"TF_FORCE_GPU_ALLOW_GROWTH": "true"} | os.environ | {"PYTHONPATH": path},
    )


def core_count() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def core_words(count: int) -> str:
    """So many cores in words."""
    return "1 core" if count == 1 else f"{count} cores"


def fastest(work: Callable[[], object], budget: float = BUDGET) -> float:
    """Seconds of the fastest of several times, two or as many as fit the budget; the first of all, slow, is left out.

    The fastest, because what else runs on a machine can only ever make it slower; of what takes LONG, one is enough.
    """
    work()
    seconds: list[float] = []
    while len(seconds) < 2 and sum(seconds) < LONG or sum(seconds) < budget:
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _prepare(work: str, size: dict, device: str) -> Callable[[], object]:
    """The operation as a function, its operands already on the device."""
    import tensorflow as tf

    random, n, units = np.random.default_rng(0), size.get("n"), size.get("units")
    shape = (size.get("batch"), size.get("pixels"), size.get("pixels"), size.get("channels"))
    values = lambda *shape: tf.constant(random.random(shape, "f4") - 0.5)  # noqa: E731
    with tf.device(device):
        if work == "product":
            a = values(n, n)
            return lambda: tf.matmul(a, a)
        if work == "dense":
            x, w = values(size["batch"], units), values(units, units)
            return lambda: tf.matmul(x, w)
        if work == "add":
            a = values(size["floats"])
            return lambda: a + a
        x, w = values(*shape), values(3, 3, shape[3], shape[3])
    if work == "convolution":
        return lambda: tf.nn.conv2d(x, w, 1, "SAME")

    def train() -> object:
        with tf.GradientTape() as tape:
            tape.watch((x, w))
            loss = tf.reduce_mean(tf.nn.conv2d(x, w, 1, "SAME") ** 2)
        return tape.gradient(loss, (x, w))

    return train


def _answer(what: str, work: str = "", size: dict | None = None, device: str = "", seconds: float = 0) -> object:
    import tensorflow as tf

    if what == "cards":
        found = tf.config.list_physical_devices("GPU")
        return [tf.config.experimental.get_device_details(d).get("device_name", d.name) for d in found]
    ready, end, times = _prepare(work, size, device), time.monotonic() + seconds, 0

    def run() -> None:
        with tf.device(device):
            ready()
        tf.test.experimental.sync_devices()  # a card is only told what to do: wait until it has done it

    if what == "time":
        return {"seconds": fastest(run), "peak": _peak(device) / 1e9}
    while time.monotonic() < end:
        run()
        times += 1
    return times


def _peak(device: str) -> float:
    """The most memory taken so far, bytes: of the card, or of this process."""
    import resource

    import tensorflow as tf

    if "GPU" in device:
        return tf.config.experimental.get_memory_info(device.strip("/"))["peak"]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def serve(cores: int) -> None:
    """A worker's own side: answer questions, a line of JSON each, on so many cores, until there are no more."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(cores)
    tf.config.threading.set_inter_op_parallelism_threads(cores)
    for line in sys.stdin:
        print(json.dumps(_answer(**json.loads(line))), flush=True)
