"""Lab 2: what this machine can do, and what a graphics card would change. Verdicts are OK, WARN or FAIL."""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import numpy as np

from faceswap_lib import profiles
from faceswap_lib.profiles import PROFILES

PYTHONS = ((3, 10), (3, 12))
MEMORY_DEMO, MEMORY_MICRO = 3.5, 0.9  # GB of the whole machine; training the demo takes 1.6 GB, Jupyter the rest
DISK = 2.0  # GB: facesets, models and videos of the built-in people take 0.2
PATIENCE = 180  # seconds for a TensorFlow that is loaded for the first time
TRIAL = """
import json, time, keras, tensorflow as tf
x, w = tf.random.normal((4, 32, 32, 8)), tf.Variable(tf.random.normal((3, 3, 8, 8)))
start = time.monotonic()
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(tf.nn.conv2d(x, w, 1, "SAME") ** 2)
good = bool(tf.reduce_all(tf.math.is_finite(tape.gradient(loss, w))))
names = [tf.config.experimental.get_device_details(d).get("device_name", d.name)
         for d in tf.config.list_physical_devices("GPU")]
print(json.dumps({"backend": keras.backend.backend(), "tensorflow": tf.__version__, "gpus": names, "good": good,
                  "seconds": time.monotonic() - start}))
"""


@dataclass(frozen=True)
class Row:
    """One thing looked at: OK, WARN or FAIL, what it is, what was found, and what to do about it ("" if nothing)."""

    verdict: str
    what: str
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Machine:
    """The facts that `judge` judges. memory and disk in GB; trial: what the convolution said, or how it failed."""

    python: tuple[int, int] = sys.version_info[:2]
    memory: float = 0.0
    disk: float = 0.0
    opencv: tuple[str, ...] = ()
    card: bool = False  # an NVIDIA card is in the machine, whether or not TensorFlow sees it
    trial: dict = field(default_factory=dict)


def look(folder: str | Path = ".") -> Machine:
    """This machine's facts; folder: where the work will be written. TensorFlow is tried in a process of its own."""
    names = {d.metadata["Name"].lower().replace("_", "-") for d in metadata.distributions() if d.metadata["Name"]}
    wheels = tuple(sorted(name for name in names if name.startswith("opencv-") and "python" in name))
    there = next(p for p in (Path(folder).resolve(), *Path(folder).resolve().parents) if p.exists())
    disk = shutil.disk_usage(there).free / 1e9
    card = bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia/gpus").exists()
    return Machine(sys.version_info[:2], memory(), disk, wheels, card, trial())


def memory() -> float:
    """The machine's memory in GB (Linux and macOS)."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


@lru_cache(maxsize=4)
def trial(program: str = TRIAL) -> dict:
    """A convolution and its backward pass in another process, once: what it printed, or {"error": its last line}."""
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=quiet,
                              timeout=PATIENCE)  # fmt: skip
        return json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"error": f"no answer in {PATIENCE} s"}
    except (IndexError, ValueError):
        return {"error": (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]}


def check(folder: str | Path = ".") -> list[Row]:
    """Look at this machine and judge it, a row per thing."""
    return judge(look(folder))


def judge(machine: Machine) -> list[Row]:
    """The verdicts on a machine's facts."""
    return [_python(machine), _memory(machine), _disk(machine), _opencv(machine), *_trial(machine)]


def suggest_profile(machine: Machine | None = None) -> str:
    """The profile that fits: gpu where TensorFlow uses a card, micro where memory is short, demo elsewhere."""
    machine = machine or Machine(memory=memory(), trial=trial())
    if machine.trial.get("gpus") and machine.trial.get("good"):
        return "gpu"
    return "demo" if machine.memory >= MEMORY_DEMO else "micro"


def fits(profile: str, machine: Machine | None = None) -> bool:
    """Whether a machine can run a profile: the suggested one and all smaller ones."""
    sizes = list(PROFILES)
    return sizes.index(profiles.get(profile).name) <= sizes.index(suggest_profile(machine))


def _python(machine: Machine) -> Row:
    found = ".".join(map(str, machine.python))
    if PYTHONS[0] <= machine.python <= PYTHONS[1]:
        return Row("OK", "Python", found)
    return Row("FAIL", "Python", found, "Install Python 3.10, 3.11 or 3.12 and run `bash setup/env.sh` again.")


def _memory(machine: Machine) -> Row:
    found = f"{machine.memory:.1f} GB"
    if machine.memory >= MEMORY_DEMO:
        return Row("OK", "memory", found)
    if machine.memory >= MEMORY_MICRO:
        return Row("WARN", "memory", found, "Take the profile micro and add a swap file; it is slow but it ends.")
    return Row("FAIL", "memory", found, "Take a machine with at least 1 GB of memory.")


def _disk(machine: Machine) -> Row:
    enough = machine.disk >= DISK
    return Row("OK" if enough else "FAIL", "free disk", f"{machine.disk:.1f} GB",
               "" if enough else f"Free {DISK:.0f} GB, or give another workdir.")  # fmt: skip


def _opencv(machine: Machine) -> Row:
    found = ", ".join(machine.opencv) or "none"
    if len(machine.opencv) == 1:
        return Row("OK", "OpenCV", found)
    return Row("FAIL", "OpenCV", found, "Exactly one may be there, they share a folder: delete .venv and run "
               "`bash setup/env.sh`.")  # fmt: skip


def _trial(machine: Machine) -> list[Row]:
    seen = machine.trial
    if not seen.get("good"):
        found = seen.get("error") or "a gradient that is not a number"
        return [Row("FAIL", "a convolution", found, "TensorFlow does not work here: run `bash setup/env.sh` again.")]
    rows = [Row("OK", "Keras backend", f"{seen['backend']}, TensorFlow {seen['tensorflow']}"),
            Row("OK", "a convolution", f"forward and backward in {seen['seconds']:.2f} s")]  # fmt: skip
    if seen["gpus"]:
        return [*rows, Row("OK", "graphics card", ", ".join(seen["gpus"]))]
    if machine.card:
        remedy = "An NVIDIA card is here, but TensorFlow cannot use it: check the driver with `nvidia-smi`."
        return [*rows, Row("FAIL", "graphics card", "not usable", remedy)]
    return [*rows, Row("OK", "graphics card", "none; the profile demo needs none")]


def describe() -> dict[str, str]:
    """This machine in words: system, processor cores, memory, free disk."""
    free = shutil.disk_usage(".").free / 1e9
    return {"system": f"{platform.system()} on {platform.machine()}", "processor cores": str(os.cpu_count()),
            "memory": f"{memory():.1f} GB", "free disk": f"{free:.0f} GB"}  # fmt: skip


def time_products(size: int = 128, large: int = 1024) -> dict[str, float]:
    """The same matrix product three ways, in billions of multiplications a second (each with its addition).

    Plain Python and numpy multiply size × size matrices, TensorFlow large × large ones.
    """
    from keras import ops

    a = np.random.default_rng(0).random((size, size), "f4")
    lists, columns = a.tolist(), a.T.tolist()
    big = ops.convert_to_tensor(np.random.default_rng(0).random((large, large), "f4"))
    ways = {
        "plain Python": (size, lambda: [[sum(map(float.__mul__, r, c)) for c in columns] for r in lists]),
        f"numpy, {size} × {size}": (size, lambda: a @ a),
        f"TensorFlow, {large} × {large}": (large, lambda: ops.convert_to_numpy(ops.matmul(big, big)[0, 0])),
    }
    return {name: n**3 / _fastest(work) / 1e9 for name, (n, work) in ways.items()}


def time_step(batch: int = 16, pixels: int = 64, channels: int = 64) -> float:
    """Seconds for one training-like step: a 3 × 3 convolution over a batch of pictures, forward and backward."""
    import tensorflow as tf

    random = np.random.default_rng(0)
    x = tf.constant(random.standard_normal((batch, pixels, pixels, channels)).astype("f4"))
    w = tf.Variable(random.standard_normal((3, 3, channels, channels)).astype("f4") * 0.05)

    def step() -> float:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.conv2d(x, w, 1, "SAME") ** 2)
        return float(tape.gradient(loss, w)[0, 0, 0, 0])

    return _fastest(step)


def _fastest(work: object, times: int = 2) -> float:
    work()  # the first time also loads and compiles
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
