"""What the lessons tell a learner to expect, measured on a finished run; expected.json holds the sentences and ranges.

`python -m tests.expected WORKDIR` reads a run of the whole workshop with the profile demo and says which number of a
lesson is outside its range (exit status 1).
"""

import html
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from faceswap_lib.classroom import logbook
from faceswap_lib.face import faceset
from faceswap_lib.measure import report
from faceswap_lib.network import record

ROOT = Path(__file__).parents[1]
SENTENCES = json.loads((Path(__file__).with_name("expected.json")).read_text(encoding="utf-8"))["labs"]
FILES = ROOT / "notebooks" / "measured", ROOT / "faceswap_lib" / "base"  # what the kit itself was measured with


@dataclass(frozen=True)
class Claim:
    """A lesson's words, and what they say: this measured value lies within low to high.

    runs: where it holds, in the words of expected.json.
    """

    lab: str
    says: str
    of: str
    low: float
    high: float
    runs: tuple[str, ...]

    def wrong(self, values: dict[str, float], slower: float = 1.0) -> str:
        """A sentence if a run's value is out of range; slower: how many times slower than promised it may be."""
        value, low, high = values[self.of], self.low, self.high
        if self.of.startswith("seconds"):
            high *= slower
        if re.search(r"GFLOP/s|EGs/s|a second", self.of):
            low /= slower
        told = f"lab {self.lab}, “{self.says}”: {self.of} is {value:.4g}, not {low:g} to {high:g}"
        return "" if low <= value <= high else told


def busy() -> float:
    """How many times slower than a quiet machine this one may be: by its load, and twice as slow in any case."""
    return 2 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def claims() -> Iterator[Claim]:
    """Every number that a lesson promises, with its range."""
    for lab, told in SENTENCES.items():
        for each in told:
            for of, (low, high) in each["of"].items():
                yield Claim(lab, each["says"], of, low, high, tuple(each["runs"]))


def measured(run: Path) -> dict[str, float]:
    """What a finished workshop left behind in its workdir, by the names that expected.json uses."""
    a, b = (faceset.load(run / "faces" / side) for side in "ab")
    model, noise = (record.read_about(run / name) for name in ("model", "model-noise"))
    first, last, began = model["history"][0], model["history"][-1], noise["history"][0]
    figures = report.read(run)["figures"]
    return {
        "frames of A": a.source.frames,
        "faces of A": len(a.records),
        "frames of B": b.source.frames,
        "faces of B": len(b.records),
        "yaw of A": float(abs(a.poses[:, 0]).max()),
        "yaw of B": float(abs(b.poses[:, 0]).max()),
        "seconds of a clip's extraction": _seconds(run, "found_a = extract.extract") / 2,
        "seconds of the bench's first picture": _seconds(run, "bench = tuner.bench"),
        "seconds of the conversion": _seconds(run, "swapped = video.fitting"),
        "times as long": float(re.search(r"([\d.e+]+) times as long", _text(run, "channels, pixels = "))[1]),
        "times the arithmetic": float(re.search(r"([\d.e+]+) times the arithmetic", _text(run, "channels, pix"))[1]),
        "minutes of training": (model["seconds"] + noise["seconds"]) / 60,
        "seconds of compiling": _seconds(run, "with dashboard.Dashboard(first") - noise["seconds"],
        "EGs/s": last["egs"],
        "iterations": last["iteration"],
        "iterations from noise": noise["history"][-1]["iteration"],
        **{f"held-out loss of {s.upper()}, before": first[f"held_{s}"] for s in "ab"},
        **{f"held-out loss of {s.upper()}, after": last[f"held_{s}"] for s in "ab"},
        "loss from noise, before": max(began["held_a"], began["held_b"]),
        **{f"loss of the {row['picture']}": float(row["loss"]) for row in _table(run, "judged = perception.judge")},
        **{name: figures[name]["value"] for name in ("ssim", "to_ideal", "identity", "gaze", "sharpness")},
        "ssim of the source": figures["ssim"]["reference"]["source"],
        "gaze of B's mean": figures["gaze"]["reference"]["B's mean"],
        "AUC of its own swap": json.loads((run / "detection.json").read_text())["cases"][0]["own"]["auc"]["value"],
        **{f"seconds of lab {int(n)}": lab.seconds for n, lab in logbook.read(run).labs.items() if lab.seconds},
    }


def _cell(run: Path, begins: str) -> dict:
    """The executed cell with a line that begins so."""
    for path in sorted((run / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "code" and re.search(f"^{re.escape(begins)}", cell.source, re.MULTILINE):
                return cell
    raise LookupError(f"no cell of {run} begins with {begins}")


def _seconds(run: Path, begins: str) -> float:
    return _cell(run, begins)["metadata"]["papermill"]["duration"]


def _text(run: Path, begins: str) -> str:
    outputs = _cell(run, begins)["outputs"]
    return "".join(str(each.get("text", "")) + "".join(each.get("data", {}).get("text/html", "")) for each in outputs)


def _table(run: Path, begins: str) -> list[dict[str, str]]:
    """The table that a cell showed, a dict a line."""
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in _text(run, begins).split("<tr>")[1:]]
    head, *lines = [[html.unescape(cell) for cell in row] for row in rows]
    return [dict(zip(head, line, strict=True)) for line in lines]


def of_the_kit(path: str) -> float:
    """A value of a measured file of the kit, e.g. "noise.json/held_out/0 s/a/1"."""
    name, *steps = path.split("/")
    (file,) = [folder / name for folder in FILES if (folder / name).exists()]
    value = json.loads(file.read_text(encoding="utf-8"))
    for step in steps:
        value = value[int(step) if isinstance(value, list) else step]
    return value


def main(workdir: str) -> int:
    """Say which of a finished demo's numbers are not as the lessons promise; returns the exit status."""
    values = measured(Path(workdir))
    wrong = [told for claim in claims() if "demo" in claim.runs and (told := claim.wrong(values))]
    print("\n".join(wrong) or "Every number of the lessons is within its range.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
