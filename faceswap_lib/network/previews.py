"""A training's preview: held-out faces of both people as the network draws them now, one sheet a check."""

from pathlib import Path

import numpy as np

from faceswap_lib import files
from faceswap_lib.face.faceset import read_image, save_image
from faceswap_lib.network.batches import other

COLUMNS = ("A", "A → A", "A → B", "B", "B → B", "B → A")
ROWS = 4


def save(net: object, held: dict, path: Path) -> None:
    """Write a sheet of ROWS rows of COLUMNS; held: a batch of held-out faces of both sides, as `batches.plain`."""
    from faceswap_lib.network.model import draw

    pick = np.linspace(0, len(held["target_a"]) - 1, ROWS).astype(int)
    columns = []
    for s in "ab":
        picture, moves = held[f"picture_{s}"][pick], held[f"motion_{s}"][pick]
        columns.append(held[f"target_{s}"][pick])
        columns += [draw(net, picture, moves, to) for to in (s, other(s))]
    sheet = np.concatenate([np.concatenate(list(c), 0) for c in columns], 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.whole(path) as part:
        save_image(part, (sheet * 255).clip(0, 255).astype("u1"))


def paths(model: str | Path) -> list[Path]:
    """A model's sheets, the first one first; a sheet's name is its iteration."""
    return sorted((Path(model) / "previews").glob("[!.]*.jpg"))


def cut(path: Path) -> list[list[np.ndarray]]:
    """A sheet into its rows of pictures."""
    return [np.split(line, len(COLUMNS), 1) for line in np.split(read_image(path), ROWS)]
