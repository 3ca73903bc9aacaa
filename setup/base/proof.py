"""What the base is worth: the built-in pair, which it never saw, trained from it and from scratch for equal steps.

  python setup/base/proof.py train WORK --faces FACES --start scratch --steps 0 50 150 300 600
  python setup/base/proof.py train WORK --faces FACES --start base --steps 0 50 150 300 600
  python setup/base/proof.py table WORK --faces FACES

FACES holds a/ and b/ as `faceswap_lib extract` makes them of the built-in clips. A run that is there is not run again.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "faceswap_lib" / "samples"
FIGURES = ("to_ideal", "identity", "sharpness", "ssim", "psnr", "parts", "expression", "gaze", "eyes", "mouth")


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "table"))
    parser.add_argument("work", type=Path)
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--start", choices=("scratch", "base"))
    parser.add_argument("--steps", type=int, nargs="+", default=[0, 50, 150, 300, 600])
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=8, help="score every n-th frame")
    return parser.parse_args(argv)


def train(args: argparse.Namespace) -> None:
    """Each number of steps as a run of its own, so that each has its own learning rate to the end; then the swap."""
    from faceswap_lib import convert
    from faceswap_lib import train as lab

    for steps in args.steps:
        model = args.work / f"{args.start}_{steps}"
        swap = model.with_suffix(".mp4")
        if swap.exists():
            continue
        r = lab.train(args.faces / "a", args.faces / "b", model, args.profile, iterations=steps, seed=args.seed,
                      from_scratch=args.start == "scratch")  # fmt: skip
        convert.convert(SAMPLES / "person_a.mp4", args.faces / "a", model, swap)
        print(model.name, f"{r.seconds:.0f} s, {r.egs:.0f} EGs/s", r.history[-1], flush=True)


def table(args: argparse.Namespace) -> None:
    """All swaps that are there measured in one go, with mean losses, as a table."""
    from faceswap_lib import evaluate

    swaps = {p.stem: p for p in sorted(args.work.glob("*_*.mp4"), key=lambda p: (int(p.stem.split("_")[1]), p.stem))}
    first, *rest = swaps
    clips = {"truth": SAMPLES / "truth_a_as_b.mp4", "truth_mask": SAMPLES / "truth_mask.mp4"}
    made = evaluate.evaluate(swaps[first], SAMPLES / "person_a.mp4", args.faces / "b", args.work / "report", **clips,
                             faces_a=args.faces / "a", model=args.work / first, rows={n: swaps[n] for n in rest},
                             seed=args.seed, every=args.every)  # fmt: skip
    print("| start, steps | held A | held B |", " | ".join(FIGURES), "|\n|" + "---|" * (3 + len(FIGURES)))
    for label in (*swaps, "B's mean", "B's nearest", "source", "ideal"):
        figures = [_value(made, figure, label, first) for figure in FIGURES]
        print("|", " | ".join([label, *_held(args.work / label), *figures]), "|")


def _held(model: Path) -> list[str]:
    if not (model / "model.json").is_file():
        return ["", ""]
    last = json.loads((model / "model.json").read_text(encoding="utf-8"))["history"][-1]
    return [f"{last['held_a']:.4f}", f"{last['held_b']:.4f}"]


def _value(made: dict, figure: str, label: str, first: str) -> str:
    found = made["figures"].get(figure, {"reference": {}})
    value = found.get("value") if label == first else found["reference"].get(label)
    return "" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    arguments = parse(None)
    {"train": train, "table": table}[arguments.what](arguments)
