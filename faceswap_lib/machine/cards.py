"""NVIDIA cards: this machine's, as a driver or the bus shows them, and what data sheets say of others."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Card:
    """An NVIDIA card as its driver describes it; memory in GB; capability 0.0: the driver is too old to say."""

    name: str
    driver: str
    memory: float
    capability: float


def ask_driver(fields: str) -> list[tuple[str, ...]]:
    """What nvidia-smi says of these fields, a tuple a card; empty where there is no driver that works."""
    if not shutil.which("nvidia-smi"):
        return []
    try:
        told = subprocess.run(
            ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"],
            timeout=20,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = told.stdout.strip().splitlines() if told.returncode == 0 else []
    return [tuple(word.strip() for word in line.split(",")) for line in lines]


def cards() -> tuple[Card, ...]:
    """The NVIDIA cards that a working driver knows."""
    fields = "name,driver_version,memory.total"
    lines = ask_driver(f"{fields},compute_cap") or [(*line, "0") for line in ask_driver(fields)]
    return tuple(Card(name, driver, number(size) * 2**20 / 1e9, number(can)) for name, driver, size, can in lines)


def number(word: str) -> float:
    """A driver's word as a number; 0.0 for one that is none."""
    return float(word) if word.replace(".", "", 1).isdigit() else 0.0  # a driver says [N/A] of what it does not know


def card_on_the_bus(root: str | Path = "/") -> bool:
    """Whether an NVIDIA display or compute device is plugged in, with a driver or without (Linux)."""
    devices = (Path(root) / "sys/bus/pci/devices").glob("*")
    ids = (((d / "vendor").read_text().strip(), (d / "class").read_text().strip()) for d in devices)
    return any(vendor == "0x10de" and kind.startswith("0x03") for vendor, kind in ids)


def data_sheets() -> dict[str, dict]:
    """What is said of the cards a cloud rents, and what this project measured on two: name -> entry of cards.json."""
    return json.loads(Path(__file__).with_name("cards.json").read_text(encoding="utf-8"))["cards"]
