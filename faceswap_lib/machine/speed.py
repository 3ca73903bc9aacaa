"""How fast this machine is (lab 2): operations timed on processor and card, the roofline, the load while it works.

TensorFlow is only ever loaded in a process of its own, a Worker: the notebook stays small (TensorFlow takes 0.7 GB),
and a worker can be held to one core. Matrices and pictures are float32; one multiplication with its addition is 2 FLOP.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import psutil

from faceswap_lib import profiles
from faceswap_lib.machine.cards import ask_driver, number
from faceswap_lib.machine.worker import Op, Timing, Worker, core_words, fastest


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


def product(n: int) -> Op:
    """Matrix product, n × n by n × n: n³ multiplications; two matrices are read, one is written."""
    return Op(f"product {n}", "product", {"n": n}, 2 * n**3, 4 * 3 * n**2)


def convolution(batch: int, pixels: int, channels: int) -> Op:
    """3 × 3 convolution of (batch, pixels, pixels, channels) into as many channels, edges padded."""
    values = batch * pixels**2 * channels
    return Op(
        f"convolution, {channels} channels",
        "convolution",
        {"batch": batch, "pixels": pixels, "channels": channels},
        2 * 9 * channels * values,
        4 * (2 * values + 9 * channels**2),
    )


def step(batch: int, pixels: int, channels: int) -> Op:
    """A training step of that convolution: forward, and backward to its weights and to its input, each as much work."""
    once = convolution(batch, pixels, channels)
    return Op(f"step, batch {batch}", "step", once.size, 3 * once.flops, 3 * once.moved)


def dense(batch: int, units: int) -> Op:
    """A dense layer, (batch, units) by (units, units): its weights are read once, for however many pictures."""
    return Op(
        f"dense, batch {batch}",
        "dense",
        {"batch": batch, "units": units},
        2 * batch * units**2,
        4 * (2 * batch * units + units**2),
    )


def stream(floats: int, cores: int) -> list[Timing]:
    """Copy and add of float32 arrays by numpy, a part on each core, after McCalpin's STREAM (1995)."""
    a, b, c = (np.full(floats, number, "f4") for number in (1, 2, 0))
    parts = [slice(i * floats // cores, (i + 1) * floats // cores) for i in range(cores)]
    with ThreadPoolExecutor(cores) as pool:  # numpy lets go of the interpreter while it copies
        copy = fastest(lambda: list(pool.map(lambda p: np.copyto(c[p], a[p]), parts)))
        add = fastest(lambda: list(pool.map(lambda p: np.add(a[p], b[p], out=c[p]), parts)))
    where = core_words(cores)
    return [
        Timing(where, Op("copy", "copy", {}, 0, 8 * floats), copy),
        Timing(where, Op("add", "add", {}, floats, 12 * floats), add),
    ]


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
    ops = [
        *map(product, sizes.products),
        *(convolution(4, sizes.pixels, c) for c in (4, 16, 64)),
        *(dense(batch, sizes.units) for batch in (1, 16)),
    ]
    timings = stream(sizes.floats, worker.cores) + compare(ops, worker, one_core=False)
    on_card = Op("add", "add", {"floats": sizes.floats}, sizes.floats, 12 * sizes.floats)
    timings += [worker.time(on_card, at, name) for name, at in worker.devices.items() if at != "/CPU:0"]
    places = dict.fromkeys(timing.where for timing in timings)
    roofs = [
        Roof(
            place,
            *(max(getattr(t, kind) for t in timings if t.where == place) for kind in ("gflops", "gb_s")),
            measured=True,
        )
        for place in places
    ]
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
        taken = [
            p
            for t0, t, p in zip(since, self.times, self.own, strict=False)
            if (t > self.start and t0 < self.end) == busy
        ]
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
            load.card += [number(line[0]) for line in ask_driver("utilization.gpu")[:1]]

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
