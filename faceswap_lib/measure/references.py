"""Swaps that need no training, to stand beside a trained one: it earns its place only above them.

The classic paste is how face swaps were made before networks; the other two go through the mesh as the trained one
does, with the same shape and the same light, and differ from it in the texture alone.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import numpy as np
from scipy.ndimage import gaussian_filter1d

from faceswap_lib.compose import color, render, scenes
from faceswap_lib.compose.scenes import Drawer, Each, Scene
from faceswap_lib.face import anatomy, geometry, motion
from faceswap_lib.face.faceset import Faceset, evenly
from faceswap_lib.face.mesh import Mesh, canvas
from faceswap_lib.media import video
from faceswap_lib.network import batches
from faceswap_lib.network.batches import Side
from faceswap_lib.progress import Progress
from faceswap_lib.trust import consent as consents
from faceswap_lib.trust.consent import Consent
from faceswap_lib.trust.statement import Statement

MOST = 1000  # faces of B, evenly over time
CALM = 4  # frames to either side that calm a motion picture: SciPy's four standard deviations
NEAREST = 12  # B's frames that count: the twelfth nearest has a weight of e^-3
LABELS = ("classic paste", "B's mean", "B's nearest")


def make(
    clip: str | Path,
    a: Faceset,
    b: Faceset,
    folder: str | Path,
    size: int = 128,
    progress: Progress | None = None,
    *,
    consent: str | Path | Consent | None = None,
) -> dict[str, Path]:
    """Write the three references of a clip into a folder, labelled and signed as synthetic; label -> file.

    a: the clip's own faceset, b: that of the person put in; size: pixels of the textures; consent: as in convert, which
    `agreed` asks. Raises UserError as train.
    """
    said = agreed(a, b, consent)
    folder, on = Path(folder), canvas("mesh", size)
    folder.mkdir(parents=True, exist_ok=True)
    side = batches.load_side(b, on, MOST)
    mine = motion.shape(a)
    through = scenes.scene(a, on, mine, side.shape)
    flat = scenes.scene(a, canvas("similarity", 2 * size), mine, side.shape)
    relit = color.matched("relit", through, side.mean)
    drawers = (
        (flat, paste(a, b, 2 * size), color.matched("mean", flat, side.mean)),
        (through, mean(side), relit),
        (through, nearest(through, side), relit),
    )
    made = files(folder, clip)
    with ThreadPoolExecutor() as pool:
        note = _Note(progress, len(LABELS))
        facts = [Statement(label, a.source.sha256, person=b.fingerprint, consent=said) for label in made]
        each = zip(made.values(), drawers, facts, strict=True)
        done = [
            pool.submit(render.render, clip, out, *how, note.of(k), facts=told)
            for k, (out, how, told) in enumerate(each)
        ]
        for one in done:
            one.result()
    consents.given(consent).note(*made.values())
    return made


def agreed(a: Faceset, b: Faceset, consent: str | Path | Consent | None) -> str:
    """What the consent says of a swap of these two; UserError where they have not agreed to one."""
    names = {each.source.sha256: each.source.name for each in (a, b)}
    return consents.given(consent).agreed(names, a.source.sha256, b.source.sha256)


def files(folder: str | Path, clip: str | Path) -> dict[str, Path]:
    """Label -> file of a clip's references in a folder."""
    names = {label: f"{label.replace(' ', '_').replace(chr(39), '')}.mp4" for label in LABELS}
    return {label: video.fitting(clip, Path(folder) / name) for label, name in names.items()}


def paste(a: Faceset, b: Faceset, size: int) -> Drawer:
    """B's picture whose landmarks lie nearest to A's, both aligned by similarity; turned and scaled, never bent."""
    usable, on = b.usable[evenly(MOST, len(b.usable))], canvas("similarity", size)
    solid = b.some(usable).solid
    theirs = _aligned(solid)

    def draw(textures: np.ndarray, moves: np.ndarray, indices: list[int]) -> np.ndarray:
        mine = _aligned(a.some(indices).solid)
        near = [int(np.argmin(((theirs - face) ** 2).sum((1, 2)))) for face in mine]
        flat = [geometry.transform(b.transform(usable[k]), solid[k][:, :2]) for k in near]
        return np.stack([on.texture(*one) for one in zip(b.images(usable[near]), flat, strict=True)]).astype("f4") / 255

    return draw


def mean(side: Side) -> Drawer:
    """B's mean texture, whatever A does."""
    return lambda textures, moves, indices: np.repeat(side.mean[None], len(indices), 0)


def nearest(at: Scene, side: Side) -> Drawer:
    """B's frames whose motion is nearest to A's, averaged by nearness (Nadaraya 1964, Watson 1964).

    Nearness is that of the motion pictures, eyes and mouth above all; a frame counts only where it sees the face.
    """
    theirs = _features(at.on, side.motions.astype("f4"))
    bright, last = (theirs**2).sum(1), min(NEAREST, len(theirs) - 1)

    def weights(faces: range) -> np.ndarray:
        first = max(0, faces.start - CALM)
        near = np.stack([at.on.motion_picture(one) for one in at.moves[first : faces.stop + CALM]])
        mine = _features(at.on, near)[faces.start - first : faces.stop - first]
        far = np.maximum(0, (mine**2).sum(1)[:, None] + bright - 2 * mine @ theirs.T)
        found = np.exp(-3 * far / (np.sort(far, 1)[:, last : last + 1] + 1e-12))
        return np.where(found < 0.01, 0, found).astype("f4")

    each = Each(len(at.moves), weights)
    return lambda textures, moves, indices: np.stack([_blend(side, each[i]) for i in indices])


def _blend(side: Side, weights: np.ndarray) -> np.ndarray:
    few = np.flatnonzero(weights)
    seen = weights[few, None, None, None] * side.weights[few].astype("f4") + np.float32(1e-6)
    total, drawn = seen.sum(0), np.einsum("nhwi,nhwc->hwc", seen, side.targets[few].astype("f4")) / 255
    # a pixel that none of them sees is the mean's
    trust = np.minimum(1, total / 0.05)
    return trust * drawn / total + (1 - trust) * side.mean


def _features(on: Mesh, moves: np.ndarray) -> np.ndarray:
    """Motion pictures (N, S/2, S/2, 4) as vectors (N, D), weighted as the loss is, calmed over time."""
    weighted = moves * np.sqrt(on.importance * on.inside)[::2, ::2, None]
    return gaussian_filter1d(weighted.reshape(len(moves), -1), CALM / 4, axis=0, mode="nearest")


def _aligned(solid: np.ndarray) -> np.ndarray:
    flat = solid[:, : anatomy.POINTS, :2]
    return np.stack([geometry.transform(geometry.align(points, 1), points) for points in flat])


class _Note:
    """One line of progress for several videos at a time."""

    def __init__(self, progress: Progress | None, count: int):
        self.progress, self.done, self.lock = progress, [0] * count, Lock()

    def of(self, number: int) -> Progress:
        def tell(done: int, total: int | None, note: str) -> None:
            with self.lock:
                self.done[number] = done
                if self.progress:
                    self.progress(sum(self.done), total and total * len(self.done), "frames of references drawn")

        return tell
