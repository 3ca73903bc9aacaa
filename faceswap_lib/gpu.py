"""Lab 2: what this machine can do, and whether its graphics card can be used. Verdicts are OK, WARN or FAIL.

`look` gathers facts (machine.py), `judge` turns facts into verdicts. How fast the machine is: speed.py.
"""

import os
import platform
import shutil
import sys
from pathlib import Path

from faceswap_lib import profiles
from faceswap_lib.machine.facts import GROWTH, Machine, dotted, limit, look, memory, numbers, trial
from faceswap_lib.profiles import PROFILES
from faceswap_lib.progress import Row, row

PYTHONS = ((3, 10), (3, 12))
GLIBC = (2, 28)  # the wheels are built for manylinux_2_28
MEMORY_DEMO, MEMORY_MICRO = 3.5, 0.9  # GB of the whole machine; training the demo takes 1.6 GB, Jupyter the rest
MEMORY_AND_SWAP = 2.0  # GB: the smallest training takes 0.9, the notebook server and the system the rest
DISK = 2.0  # GB: facesets, models and videos of the built-in people take 0.2
DRIVER = (525, 60, 13)  # of CUDA 12 on Linux, any minor version (NVIDIA, cuDNN support matrix 9.5.1)
CUDNN_LEAST, CUDNN_MODERN = (9, 3), (9, 11)  # TensorFlow 2.19 refuses an older one; from 9.11 on none before Turing
CAPABILITY_LEAST, CAPABILITY_MODERN = 6.0, 7.5  # Pascal, the oldest in TensorFlow's wheel; Turing
AGAIN = "run `bash setup/env.sh` again."


def check(folder: str | Path = ".") -> list[Row]:
    """Look at this machine and judge it, a row per thing."""
    return judge(look(folder))


def judge(machine: Machine) -> list[Row]:
    """The verdicts on a machine's facts."""
    return [
        _system(machine),
        _python(machine),
        _memory(machine),
        row(
            machine.disk >= DISK, "free disk", f"{machine.disk:.1f} GB", f"Free {DISK:.0f} GB, or give another workdir."
        ),
        row(
            len(machine.opencv) == 1,
            "OpenCV",
            ", ".join(machine.opencv) or "none",
            "Exactly one may be there, they share a folder: delete .venv and run `bash setup/env.sh`.",
        ),
        row(
            not machine.unable,
            "FFmpeg in PyAV",
            machine.ffmpeg + f", no {', '.join(machine.unable)}" * bool(machine.unable),
            f"Videos cannot be written: delete .venv and {AGAIN}",
        ),
        _notebooks(machine),
        *_trial(machine),
        *_card(machine),
    ]


def suggest_profile(machine: Machine | None = None) -> str:
    """The profile that fits: gpu where TensorFlow uses a card, micro where memory is short, demo elsewhere."""
    machine = machine or Machine(memory=memory(), limit=limit(), trial=trial())
    if machine.trial.get("gpus") and machine.trial.get("good"):
        return "gpu"
    return "demo" if machine.room >= MEMORY_DEMO else "micro"


def fits(profile: str, machine: Machine | None = None) -> bool:
    """Whether a machine can run a profile: the suggested one and all smaller ones."""
    sizes = list(PROFILES)
    return sizes.index(profiles.get(profile).name) <= sizes.index(suggest_profile(machine))


def describe() -> dict[str, str]:
    """This machine in words: system, processor cores, memory, free disk."""
    free = shutil.disk_usage(".").free / 1e9
    return {
        "system": f"{platform.system()} on {platform.machine()}",
        "processor cores": str(os.cpu_count()),
        "memory": f"{memory():.1f} GB",
        "free disk": f"{free:.0f} GB",
    }


def _system(machine: Machine) -> Row:
    found = "not needed here" if machine.glibc is None else dotted(machine.glibc) or "another C library"
    return row(
        machine.glibc is None or machine.glibc >= GLIBC,
        "system (glibc)",
        found,
        "Take a newer system: Ubuntu 20.04, Oracle Linux 8, or later; the packages do not run on this one.",
    )


def _python(machine: Machine) -> Row:
    good = PYTHONS[0] <= machine.python <= PYTHONS[1]
    return row(good, "Python", dotted(machine.python), f"Install Python 3.10, 3.11 or 3.12 and {AGAIN}")


def _memory(machine: Machine) -> Row:
    boxed = machine.limit is not None and machine.limit < machine.memory
    found = f"{machine.room:.1f} GB" + f" (a container's limit, of {machine.memory:.1f} GB)" * boxed
    found += f" and {machine.swap:.1f} GB of swap" * bool(machine.swap)
    if machine.room >= MEMORY_DEMO:
        return Row("OK", "memory", found)
    if machine.room < MEMORY_MICRO:
        return Row("FAIL", "memory", found, "Take a machine, or a container, with at least 1 GB of memory.")
    if machine.room + machine.swap >= MEMORY_AND_SWAP:
        return Row("WARN", "memory", found, "Take the profile micro; it is slow but it ends.")
    more = "raise the container's limit" if boxed else "add swap: `sudo bash setup/vm/prepare.sh --only swap`"
    return Row("FAIL", "memory", found, f"Take the profile micro, and {more}.")


def _notebooks(machine: Machine) -> Row:
    mine = machine.kernel and Path(machine.kernel).parent == Path(sys.executable).parent
    return row(
        bool(mine),
        "notebooks run by",
        machine.kernel or "no kernel python3",
        f"Run `jupyter kernelspec remove python3`, then start Jupyter from {Path(sys.executable).parent}.",
    )


def _trial(machine: Machine) -> list[Row]:
    seen = machine.trial
    if not seen.get("good"):
        found = seen.get("error") or "a gradient that is not a number"
        return [Row("FAIL", "a convolution", found, f"TensorFlow does not work here: {AGAIN}")]
    where, on_card = seen.get("device", "CPU:0"), seen.get("device", "").startswith("GPU")
    built = f", built with CUDA {seen['cuda']}" if seen.get("cuda") else ""
    return [
        Row("OK", "Keras backend", f"{seen['backend']}, TensorFlow {seen['tensorflow']}{built}"),
        row(
            on_card or not seen["gpus"],
            "a convolution",
            f"forward and backward on {where} in {seen['seconds']:.2f} s",
            "The card is seen but not used: see the rows below.",
        ),
    ]


def _card(machine: Machine) -> list[Row]:
    gpus, driver = machine.trial.get("gpus"), min((numbers(c.driver) for c in machine.cards), default=())
    if not machine.card and not gpus:
        return [Row("OK", "graphics card", "none; the profile demo needs none")]
    names = ", ".join(f"{c.name}, {c.memory:.0f} GB" for c in machine.cards) or ", ".join(gpus or ["not usable"])
    names += "; a training shares its batches among them" * (len(gpus or []) > 1)
    rows = [
        row(
            driver >= DRIVER or bool(gpus and not driver),
            "NVIDIA driver",
            dotted(driver) or "not told",
            f"Install driver {dotted(DRIVER)} or newer (`sudo bash setup/vm/prepare.sh --only driver`), restart, "
            "and look at `nvidia-smi`.",
        )
    ]
    if machine.capability:
        rows += [
            row(
                machine.capability >= CAPABILITY_LEAST,
                "compute capability",
                f"{machine.capability}",
                f"It has to be {CAPABILITY_LEAST} or more: take another card, or a machine without one.",
            ),
            _cudnn(machine),
        ]
    if gpus:
        found = "taken as needed" if machine.growth else "the first program takes all of it"
        rows.append(row(machine.growth, "card's memory", found, f"Start Jupyter with {GROWTH}=true set.", "WARN"))
    return [
        *rows,
        row(
            bool(gpus),
            "graphics card",
            names,
            "An NVIDIA card is here, but TensorFlow cannot use it: see the other rows, then `nvidia-smi`.",
        ),
    ]


def _cudnn(machine: Machine) -> Row:
    has, old = numbers(machine.cudnn), 0 < machine.capability < CAPABILITY_MODERN
    built = f"TensorFlow is built with CUDA {machine.trial.get('cuda') or 'none'}"
    if not has:  # another installation may serve as well, and the convolution says whether it does
        good = bool(machine.trial.get("gpus") and machine.trial.get("good"))
        return row(good, "CUDA and cuDNN", f"{built}, its wheels are not here", f"They come with the lock: {AGAIN}")
    fault = (
        f"from {dotted(CUDNN_MODERN)} on it leaves out this card"
        if old and has >= CUDNN_MODERN
        else "too old"
        if has < CUDNN_LEAST
        else "of another CUDA"
        if has[0] != CUDNN_LEAST[0]
        else ""
    )
    return row(
        not fault,
        "CUDA and cuDNN",
        f"{built}; cuDNN {machine.cudnn}" + f": {fault}" * bool(fault),
        "It has "
        f"to be nvidia-cudnn-cu12>={dotted(CUDNN_LEAST)},<{dotted(CUDNN_MODERN)}, as in the lock: "
        f"delete .venv and {AGAIN}",
    )
