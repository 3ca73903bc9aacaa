"""How fast this machine is (lab 2): operations timed on processor and card, the roofline, the load while it works.

TensorFlow is only ever loaded in a process of its own, a Worker: the notebook stays small (TensorFlow takes 0.7 GB),
and a worker can be held to one core. Matrices and pictures are float32; one multiplication with its addition is 2 FLOP.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from faceswap_lib import UserError, profiles

SERVE = """
import os, sys
cores = int(sys.argv[1])
if hasattr(os, "sched_setaffinity"):  # before numpy and TensorFlow start their threads
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
from faceswap_lib.speed import serve
serve(cores)
"""
BUDGET = 0.15  # seconds that one timing may take, unless two repeats take longer


@dataclass(frozen=True)
class Card:
    """An NVIDIA card as its driver describes it; memory in GB; capability 0.0: the driver is too old to say."""

    name: str
    driver: str
    memory: float
    capability: float


@dataclass(frozen=True)
class Sizes:
    """How big lab 2 measures: matrices, floats of an array for the memory, the step's pictures, seconds of load."""

    products: tuple[int, ...]
    floats: int
    units: int
    batches: tuple[int, ...]
    pixels: int
    channels: int
    seconds: float


SIZES = {  # an array is several times as large as a processor's cache, or the cache is what is measured (McCalpin)
    "smoke": Sizes((32, 128, 512), 24_000_000, 4096, (1, 4, 16), 32, 32, 1.5),
    "micro": Sizes((32, 128, 512), 8_000_000, 2048, (1, 4, 16), 32, 32, 3.0),
    "demo": Sizes((32, 128, 1024), 32_000_000, 4096, (1, 4, 16, 64), 64, 64, 4.0),
    "gpu": Sizes((32, 128, 1024, 4096), 64_000_000, 8192, (1, 4, 16, 64), 64, 64, 4.0),
}


def sizes(profile: str) -> Sizes:
    """How big a profile measures; UserError for one that there is not."""
    return SIZES[profiles.get(profile).name]


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


def product(n: int) -> Op:
    """Matrix product, n × n by n × n: n³ multiplications; two matrices are read, one is written."""
    return Op(f"product {n}", "product", {"n": n}, 2 * n**3, 4 * 3 * n**2)


def convolution(batch: int, pixels: int, channels: int) -> Op:
    """3 × 3 convolution of (batch, pixels, pixels, channels) into as many channels, edges padded."""
    values = batch * pixels**2 * channels
    return Op(f"convolution, {channels} channels", "convolution", {"batch": batch, "pixels": pixels,
              "channels": channels}, 2 * 9 * channels * values, 4 * (2 * values + 9 * channels**2))  # fmt: skip


def step(batch: int, pixels: int, channels: int) -> Op:
    """A training step of that convolution: forward, and backward to its weights and to its input, each as much work."""
    once = convolution(batch, pixels, channels)
    return Op(f"step, batch {batch}", "step", once.size, 3 * once.flops, 3 * once.moved)


def dense(batch: int, units: int) -> Op:
    """A dense layer, (batch, units) by (units, units): its weights are read once, for however many pictures."""
    return Op(f"dense, batch {batch}", "dense", {"batch": batch, "units": units}, 2 * batch * units**2,
              4 * (2 * batch * units + units**2))  # fmt: skip


def stream(floats: int, cores: int) -> list["Timing"]:
    """Copy and add of float32 arrays by numpy, a part on each core, after McCalpin's STREAM (1995)."""
    a, b, c = (np.full(floats, number, "f4") for number in (1, 2, 0))
    parts = [slice(i * floats // cores, (i + 1) * floats // cores) for i in range(cores)]
    with ThreadPoolExecutor(cores) as pool:  # numpy lets go of the interpreter while it copies
        copy = fastest(lambda: list(pool.map(lambda p: np.copyto(c[p], a[p]), parts)))
        add = fastest(lambda: list(pool.map(lambda p: np.add(a[p], b[p], out=c[p]), parts)))
    where = _cores(cores)
    return [Timing(where, Op("copy", "copy", {}, 0, 8 * floats), copy),
            Timing(where, Op("add", "add", {}, floats, 12 * floats), add)]  # fmt: skip


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


@dataclass(frozen=True)
class Roof:
    """What a machine can reach at best: GFLOP/s, GB/s of its memory; measured here, or from a data sheet."""

    name: str
    gflops: float
    gb_s: float
    measured: bool = False

    def at(self, intensity: float) -> float:
        """Attainable GFLOP/s at so many FLOP per byte (Williams, Waterman & Patterson 2009)."""
        return min(self.gflops, self.gb_s * intensity)


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
        return {_cores(self.cores): "/CPU:0"} | {name: f"/GPU:{i}" for i, name in enumerate(self.ask("cards"))}

    def time(self, op: Op, device: str = "/CPU:0", where: str = "") -> Timing:
        """An operation timed on a device."""
        said = self.ask("time", work=op.work, size=op.size, device=device)
        return Timing(where or _cores(self.cores), op, said["seconds"], said["peak"])

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
            raise UserError(f"The process that measures ended with status {status}; run `python -m faceswap_lib check`"
                            ", and where memory is short take the profile micro and add swap.") from error  # fmt: skip
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
    here = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen([sys.executable, "-c", SERVE, str(cores)], text=True, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            env={"TF_FORCE_GPU_ALLOW_GROWTH": "true"} | os.environ | {"PYTHONPATH": path})  # fmt: skip


def core_count() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cores(count: int) -> str:
    return "1 core" if count == 1 else f"{count} cores"


def fastest(work: Callable[[], object], budget: float = BUDGET) -> float:
    """Seconds of the fastest of several times, two or as many as fit the budget; the first of all, slow, is left out.

    The fastest, because what else runs on a machine can only ever make it slower.
    """
    work()
    seconds: list[float] = []
    while len(seconds) < 2 or sum(seconds) < budget:
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def same(sizes: Sizes) -> list[Op]:
    """What the lesson compares: a large matrix product, and training steps with more and more pictures."""
    return [product(sizes.products[-1]), *(step(batch, sizes.pixels, sizes.channels) for batch in sizes.batches)]


def in_python(n: int = 128) -> Timing:
    """The matrix product of two lists of lists, one multiplication after the other."""
    rows = np.random.default_rng(0).random((n, n)).tolist()
    columns = list(zip(*rows, strict=True))
    work = lambda: [[sum(map(float.__mul__, r, c)) for c in columns] for r in rows]  # noqa: E731
    return Timing("plain Python", product(n), fastest(work, 0))


def compare(ops: Sequence[Op], worker: Worker, one_core: bool = True) -> list[Timing]:
    """The same operations on one core, on all cores, and on each card. One TensorFlow is in memory at a time."""
    timings = []
    if one_core and worker.cores > 1:
        worker.close()
        with Worker(1) as one:
            timings = [one.time(op) for op in ops]
    return timings + [worker.time(op, device, name) for name, device in worker.devices.items() for op in ops]


def roofline(worker: Worker, sizes: Sizes) -> tuple[list[Roof], list[Timing]]:
    """The workshop's kinds of operations timed, on processor and card, and the roof they come out under.

    A roof is the highest rate and the highest flow that any of them reached: measured, not promised.
    """
    ops = [*map(product, sizes.products), *(convolution(4, sizes.pixels, c) for c in (4, 16, 64)),
           *(dense(batch, sizes.units) for batch in (1, 16))]  # fmt: skip
    timings = stream(sizes.floats, worker.cores) + compare(ops, worker, one_core=False)
    on_card = Op("add", "add", {"floats": sizes.floats}, sizes.floats, 12 * sizes.floats)
    timings += [worker.time(on_card, at, name) for name, at in worker.devices.items() if at != "/CPU:0"]
    places = dict.fromkeys(timing.where for timing in timings)
    roofs = [Roof(place, *(max(getattr(t, kind) for t in timings if t.where == place) for kind in ("gflops", "gb_s")),
                  measured=True) for place in places]  # fmt: skip
    return roofs, [timing for timing in timings if timing.op.flops]


@dataclass
class Load:
    """How busy the machine was: times in s; at each, percent of each core, and of all cores by the task alone."""

    times: list[float] = field(default_factory=list)
    cores: list[list[float]] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    card: list[float] = field(default_factory=list)  # percent, empty without one
    start: float = 0.0
    end: float = 0.0

    def mean(self, busy: bool) -> float:
        """Mean percent of all cores that the task itself took, while it ran or while it did not."""
        since = [0.0, *self.times]  # a sample tells of all the time since the one before it
        taken = [p for t0, t, p in zip(since, self.times, self.own, strict=False)
                 if (t > self.start and t0 < self.end) == busy]  # fmt: skip
        return float(np.mean(taken)) if taken else 0.0


def watch(worker: Worker, op: Op, seconds: float, device: str = "/CPU:0", idle: float = 1.0) -> Load:
    """Repeat an operation for so many seconds and sample the load ten times a second, from before it to after it."""
    worker.devices  # noqa: B018 loads TensorFlow now, or it would be seen as work
    load, done, begin = Load(), threading.Event(), time.monotonic()
    process, cores = psutil.Process(worker.process.pid), psutil.cpu_count()

    def sample() -> None:
        psutil.cpu_percent(percpu=True), process.cpu_percent()  # the first answers count from the start of the program
        while not done.wait(0.1):
            load.cores.append(psutil.cpu_percent(percpu=True))
            load.own.append(process.cpu_percent() / cores)
            load.times.append(time.monotonic() - begin)
            load.card += [_number(line[0]) for line in ask_driver("utilization.gpu")[:1]]

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        time.sleep(idle)
        load.start = time.monotonic() - begin
        worker.train(op, seconds, device)
        load.end = time.monotonic() - begin
        time.sleep(idle)
    finally:
        done.set()
        sampler.join()
    return load


def ask_driver(fields: str) -> list[tuple[str, ...]]:
    """What nvidia-smi says of these fields, a tuple a card; empty where there is no driver that works."""
    if not shutil.which("nvidia-smi"):
        return []
    try:
        told = subprocess.run(["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"], timeout=20,
                              capture_output=True, text=True)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = told.stdout.strip().splitlines() if told.returncode == 0 else []
    return [tuple(word.strip() for word in line.split(",")) for line in lines]


def cards() -> tuple[Card, ...]:
    """The NVIDIA cards that a working driver knows."""
    fields = "name,driver_version,memory.total"
    lines = ask_driver(f"{fields},compute_cap") or [(*line, "0") for line in ask_driver(fields)]
    return tuple(Card(name, driver, _number(size) * 2**20 / 1e9, _number(can)) for name, driver, size, can in lines)


def _number(word: str) -> float:
    return float(word) if word.replace(".", "", 1).isdigit() else 0.0  # a driver says [N/A] of what it does not know


def card_on_the_bus(root: str | Path = "/") -> bool:
    """Whether an NVIDIA display or compute device is plugged in, with a driver or without (Linux)."""
    devices = (Path(root) / "sys/bus/pci/devices").glob("*")
    ids = (((d / "vendor").read_text().strip(), (d / "class").read_text().strip()) for d in devices)
    return any(vendor == "0x10de" and kind.startswith("0x03") for vendor, kind in ids)


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
