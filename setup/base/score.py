"""Score the kit on pairs nobody tuned it on, in both directions.

  python setup/base/score.py PAIRS --work WORK --iterations 170 --out notebooks/measured/pairs.json

PAIRS is what pairs.py filmed. Steps are counted and not minutes, so other work on the machine changes nothing; 170 of
`demo` are a minute on 2 cores, so that the row "60 s" of `bench` is the built-in pair's.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import card  # the library is found only now

from faceswap_lib import bench, convert, evaluate, train
from faceswap_lib.network.batches import other
from faceswap_lib.trust import consent

SHOWN = (
    "ssim",
    "psnr",
    "parts",
    "expression",
    "sharpness",
    "to_ideal",
    "identity",
    "share_nearer_b",
    "mouth",
    "eyes",
    "gaze",
    "flicker",
)
BESIDE = ("ssim", "to_ideal")  # shown for B's mean as well


def directions(folder: Path, work: Path) -> list[tuple[str, bench.Pair, str]]:
    """Whose face goes into whose clip: "b into a"; clips of both ways, consents in `work`."""
    names = {"b into a": ("a", "b", "ab"), "a into b": ("b", "a", "ba")}
    return [
        (told, bench.Pair(*(folder / f"{n}.mp4" for n in (x, y, z, f"{z}_mask")), agreed(folder, work, x, y)), y)
        for told, (x, y, z) in names.items()
    ]


def agreed(folder: Path, work: Path, x: str, y: str) -> Path:
    """The record of consent for y's face in x's clip."""
    path = work / f"consent_{y}_into_{x}.json"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        shown = (consent.person("nobody, rendered", folder / f"{name}.mp4") for name in (x, y))
        consent.new(path, *shown, agreed="swaps that are measured", means="they do not exist")
    return path


def main(argv: list[str] | None = None) -> int:
    """Extract, train, convert, evaluate; one row a direction."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--iterations", type=int, default=170)
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(argv)
    rows = []
    for folder in sorted(path.parent for path in args.pairs.glob("*/who.json")):
        name, who = folder.name, json.loads((folder / "who.json").read_text())
        ways = directions(folder, args.work / name)
        work = bench.prepare(args.work / name, ways[0][1])
        faces = {side: work / "faces" / side for side in "ab"}
        model = train.train(
            faces["a"], faces["b"], work / "model", profile=args.profile, iterations=args.iterations, seed=args.seed
        ).model
        for told, pair, to in ways:
            there = faces[other(to)]
            made = convert.convert(pair.a, there, model, work / f"to_{to}.mp4", to=to, consent=pair.consent).out
            report = evaluate.evaluate(
                made,
                pair.a,
                faces[to],
                work / f"to_{to}",
                truth=pair.truth,
                truth_mask=pair.mask,
                faces_a=there,
                model=model,
                consent=pair.consent,
            )
            found = report["figures"]
            people = [_said(person) for person in (who if to == "b" else who[::-1])]
            rows.append(
                {"pair": name, "by": who[0]["by"], "swap": told, "there": people[0], "put in": people[1]}
                | {f: found[f]["value"] for f in SHOWN}
                | {f"{f}, mean": found[f]["reference"]["B's mean"] for f in BESIDE}
            )
            print(json.dumps(rows[-1]), flush=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    about = {"iterations": args.iterations, "profile": args.profile, "seed": args.seed}
    args.out.write_text(json.dumps({"rows": rows, "about": about}, indent=1))
    return 0


def _said(who: dict) -> str:
    """Somebody in words."""
    return f"{card.sex(who)}, {card.age(who)}, {card.skin(who)} skin" + (", beard" if who["beard"] > 0.3 else "")


if __name__ == "__main__":
    sys.exit(main())
