"""Contact sheets of the cast: a few frames of each person, or their textures, to look at before training.

python setup/base/sheet.py CAST --out sheet.png [--textures] [--first 0] [--people 12]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image


def row(path: Path, textures: bool) -> np.ndarray:
    """Six frames or twelve textures of a person side by side, 128 pixels high."""
    with np.load(path) as found:
        if not textures:
            return np.concatenate(list(found["thumbs"]), 1)
        pictures = found["textures"]
    few = np.linspace(0, len(pictures) - 1, 11).astype(int)
    mean = np.round(pictures.mean(0)).astype("u1")
    return np.concatenate([mean, *pictures[few]], 1)


def main(argv: list[str] | None = None) -> int:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cast", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--textures", action="store_true", help="the mean texture and eleven textures of each")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--people", type=int, default=12)
    args = parser.parse_args(argv)
    rows = [row(path, args.textures) for path in sorted(args.cast.glob("????.npz"))[args.first :][: args.people]]
    if not args.textures and len(rows) > 1:  # two people side by side
        rows = [np.concatenate(pair, 1) for pair in zip(rows[::2], rows[1::2], strict=False)]
    Image.fromarray(np.concatenate(rows, 0)).save(args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
