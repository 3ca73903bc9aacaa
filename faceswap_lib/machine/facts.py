"""The facts of this machine: memory, disk, packages, cards, whether TensorFlow works. gpu.py judges them."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import psutil

from faceswap_lib.machine.cards import Card, card_on_the_bus, cards

GROWTH = "TF_FORCE_GPU_ALLOW_GROWTH"  # without it the first TensorFlow takes all of a card's memory
ENCODERS = ("libx264", "aac")  # what the swapped video is written with
PATIENCE = 180  # seconds for a TensorFlow that is loaded for the first time
TRIAL = """
import json, time, keras, tensorflow as tf
details = [tf.config.experimental.get_device_details(d) for d in tf.config.list_physical_devices("GPU")]
said = {"backend": keras.backend.backend(), "tensorflow": tf.__version__, "good": False,
        "cuda": tf.sysconfig.get_build_info().get("cuda_version", ""),
        "gpus": [d.get("device_name", "GPU") for d in details],
        "capabilities": [float("%d.%d" % d["compute_capability"]) for d in details if "compute_capability" in d]}
try:
    start = time.monotonic()
    x, w = tf.random.normal((4, 32, 32, 8)), tf.Variable(tf.random.normal((3, 3, 8, 8)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.conv2d(x, w, 1, "SAME") ** 2)
    gradient = tape.gradient(loss, w)
    said["good"] = bool(tf.reduce_all(tf.math.is_finite(gradient)))
    said |= {"device": gradient.device.split("device:")[-1], "seconds": time.monotonic() - start}
except Exception as error:
    said["error"] = str(error).strip().splitlines()[0]
print(json.dumps(said))
"""


@dataclass(frozen=True)
class Machine:
    """The facts that `judge` judges. Sizes in GB; trial: what the convolution said, or how it failed."""

    python: tuple[int, int] = sys.version_info[:2]
    memory: float = 0.0
    disk: float = 0.0
    opencv: tuple[str, ...] = ()
    card: bool = False  # an NVIDIA card is in the machine, whether or not anything can use it
    trial: dict = field(default_factory=dict)
    swap: float = 0.0
    limit: float | None = None  # of a container
    glibc: tuple[int, ...] | None = None  # None where it does not apply (macOS)
    ffmpeg: str = ""  # version of PyAV's libavcodec
    unable: tuple[str, ...] = ENCODERS  # encoders it lacks
    kernel: str = ""  # the Python that would run a notebook
    cards: tuple[Card, ...] = ()
    cudnn: str = ""  # the wheel's version
    growth: bool = False

    @property
    def room(self) -> float:
        """Memory that work may take, GB."""
        return min(self.memory, self.limit or self.memory)

    @property
    def capability(self) -> float:
        """Compute capability of the weakest card, 0.0 if nothing says it."""
        return min(self.trial.get("capabilities") or [card.capability for card in self.cards], default=0.0)


def look(folder: str | Path = ".") -> Machine:
    """This machine's facts; folder: where the work will be written. TensorFlow is tried in a process of its own."""
    names = {d.metadata["Name"].lower().replace("_", "-") for d in metadata.distributions() if d.metadata["Name"]}
    wheels = tuple(sorted(name for name in names if name.startswith("opencv-") and "python" in name))
    there = next(p for p in (Path(folder).resolve(), *Path(folder).resolve().parents) if p.exists())
    found, (ffmpeg, unable) = cards(), _ffmpeg()
    return Machine(
        memory=memory(),
        swap=psutil.swap_memory().total / 1e9,
        limit=limit(),
        disk=shutil.disk_usage(there).free / 1e9,
        opencv=wheels,
        glibc=_glibc(),
        ffmpeg=ffmpeg,
        unable=unable,
        kernel=_kernel(),
        card=bool(found) or card_on_the_bus(),
        cards=found,
        growth=os.environ.get(GROWTH, "").lower() == "true",
        cudnn=metadata.version("nvidia-cudnn-cu12") if "nvidia-cudnn-cu12" in names else "",
        trial=trial(),
    )


def memory() -> float:
    """The machine's memory in GB (Linux and macOS)."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def limit(root: str | Path = "/") -> float | None:
    """What the control groups this process is in, v1 or v2, leave it of the memory, in GB; None: no limit."""
    try:
        lines = (Path(root) / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    least = memory()
    for _, kinds, path in (line.split(":", 2) for line in lines):
        top, name = Path(root) / "sys/fs/cgroup", "memory.max"
        if "memory" in kinds.split(","):
            top, name = top / "memory", "memory.limit_in_bytes"
        for folder in (Path(path.strip("/")), *Path(path.strip("/")).parents):  # a parent's limit binds as well
            with_limit = top / folder / name
            text = with_limit.read_text().strip() if with_limit.is_file() else ""
            least = min(least, int(text) / 1e9 if text.isdigit() else least)
    return least if least < memory() else None


@lru_cache(maxsize=4)
def trial(program: str = TRIAL) -> dict:
    """A convolution and its backward pass in another process, once: what it printed, or {"error": its last line}."""
    quiet = {GROWTH: "true"} | os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, env=quiet, timeout=PATIENCE
        )
        return json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"error": f"no answer in {PATIENCE} s"}
    except (IndexError, ValueError):
        return {"error": (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]}


def numbers(version: str) -> tuple[int, ...]:
    """A version's numbers: "9.3.0" is (9, 3, 0)."""
    return tuple(map(int, re.findall(r"\d+", version)))


def dotted(version: tuple[int, ...]) -> str:
    """A version in words: (9, 3, 0) is "9.3.0"."""
    return ".".join(map(str, version))


def _glibc() -> tuple[int, ...] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        return numbers(os.confstr("CS_GNU_LIBC_VERSION") or "")
    except (ValueError, OSError):
        return ()


def _ffmpeg() -> tuple[str, tuple[str, ...]]:
    """The version of PyAV's libavcodec, and which of ENCODERS it cannot do."""
    try:
        import av
    except ImportError:
        return "no PyAV", ENCODERS
    unable = tuple(name for name in ENCODERS if name not in av.codecs_available)
    return f"libavcodec {dotted(av.library_versions['libavcodec'])}", unable


def _kernel() -> str:
    """The interpreter that Jupyter would start for a notebook's kernel, `python3`; "" if there is none."""
    from jupyter_client.manager import KernelManager

    try:
        return shutil.which(KernelManager(kernel_name="python3").format_kernel_cmd()[0]) or ""
    except (KeyError, IndexError, OSError):  # no such kernel, or one without a command
        return ""
