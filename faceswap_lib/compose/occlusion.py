"""What passes in front of a face stays there: a hand, a microphone, a lock of hair.

The network knows how faces look, and nothing else: a decoder has a person's mean texture and what faces do to it. So
the video's own person is drawn as that person, and where the frame differs from it, something lies in front. The base
tells best, for it never saw this video; a decoder trained on it knows its microphone too. What somebody wears in most
frames, glasses for example, is in the mean texture and cannot be told from the face.
"""

from bisect import bisect_right
from collections.abc import Callable

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from faceswap_lib.compose.scenes import Keeper, Scene
from faceswap_lib.face.anatomy import ANCHOR, OVAL, POINTS
from faceswap_lib.face.detect import Hands
from faceswap_lib.face.faceset import evenly
from faceswap_lib.face.geometry import similarity, transform
from faceswap_lib.face.mesh import Mesh

BRIGHT, TINT = 0.02, 0.012  # how far skin is from its drawing, of full scale: what differs so is 1 unit apart
SURE, MAYBE, WHOLE = 10.0, 2.0, 4.0  # units: where something begins, how far it goes, from where it hides all
SEEN = 0.3  # of `Mesh.visibility`: below, a texture is smeared
CLEAR = 0.25  # at least this share of the frames shows each place with nothing in front of it
PART = 0.3  # of a hand in front of a face, what at least differs from it; behind it nothing does
GRID, ROUGH, RIDGE = 32, 0.15, 10.0  # light is fitted on so many places across; what is further off (logarithm) is none
SHADE = 0.05  # logarithm: shadows differ less within, hands more
SAMPLE = 64  # frames that say how far the network is off anyway
# textures uint8 (N, S, S, 3), the faces' numbers N and their person's mean texture (S, S, 3) in [0, 1] -> that person
# drawn as the network knows faces, (N, S, S, 3) in [0, 1]
Own = Callable[[np.ndarray, list[int], np.ndarray], np.ndarray]


class Front:
    """Tells what lies in front of one person's face, from textures and from that person drawn by the network.

    usual (S, S, 3): what the network is off by where nothing lies in front; spread (S, S): how many units it wavers.
    """

    def __init__(self, on: Mesh):
        self.on, self.usual, self.spread = on, np.zeros((on.size, on.size, 3), "f4"), np.ones((on.size, on.size), "f4")
        px = on.size / 128
        self._soft, self._kernels = px, {n: _disc(n * px) for n in (3, 7, 9)}
        self.least = 12 * px**2
        # towards the border hair and background come in: the nearest place further in speaks for it
        self._trust = cv2.erode(on.inside, _disc(7 * px)) > 0
        self._inner = distance_transform_edt(~self._trust, return_distances=False, return_indices=True)
        self._lit = cv2.resize(self._trust.astype("f4"), (GRID, GRID), interpolation=cv2.INTER_AREA) > 0.9
        self._form = _plane(GRID)
        # lids, gaze and teeth are not drawn as well as skin
        self._hard = 1 + cv2.GaussianBlur(np.max(on.parts, 0), (0, 0), 1.5 * px)

    def learn(self, textures: np.ndarray, own: np.ndarray) -> None:
        """Take from a sample of a video what the network is off by anyway; arrays as `mask`, of N frames."""
        apart = np.stack([self._apart(self._relit(*pair), pair[1]) for pair in zip(textures, own, strict=True)])
        rank = np.argsort(np.abs(apart).sum(-1), 0)[int(CLEAR * len(apart))][None, ..., None]
        self.usual = cv2.GaussianBlur(np.take_along_axis(apart, rank, 0)[0], (0, 0), self._soft)
        wavers = np.quantile([self._units(one) for one in apart], CLEAR, 0).astype("f4")
        # the quarter of a half-normal distribution lies within 0.32 of its deviation
        self.spread = np.maximum(1, cv2.GaussianBlur(wavers, (0, 0), 2 * self._soft) / 0.32)

    def mask(self, texture: np.ndarray, own: np.ndarray, visibility: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How much lies in front at each canonical pixel, float32 (S, S) 0..1, and how many units it differs by (S, S).

        texture uint8 (S, S, 3), own (S, S, 3) 0..1 the person drawn, visibility (S, S) 0..1. An area counts when it
        holds a sure core (hysteresis; Canny 1986), whole where it differs half as much as the core beside it.
        """
        seen = self._relit(texture, own)
        units = self._units(self._apart(seen, own)) / self.spread * self._trust * (visibility > SEEN)
        count, area = cv2.connectedComponents((units > MAYBE).astype("u1"))
        sure = np.bincount(area[units > SURE], minlength=count) >= self.least
        sure[[0, *(k for k in np.flatnonzero(sure) if _shadow(seen[area == k], own[area == k]))]] = False
        whole = np.maximum(WHOLE, cv2.dilate(units, self._kernels[7]) / 2)
        out = (((units - MAYBE) / (whole - MAYBE)).clip(0, 1) * sure[area]).astype("f4")
        out = cv2.morphologyEx(out, cv2.MORPH_CLOSE, self._kernels[9])
        return cv2.GaussianBlur(out[tuple(self._inner)], (0, 0), 0.7 * self._soft), units

    def _relit(self, texture: np.ndarray, own: np.ndarray) -> np.ndarray:
        """A texture in the light it is drawn in, float32: without a light that falls off evenly across the face.

        A plane in the logarithm, fitted by iterated reweighting (weights of Geman & McClure 1985), so that it is the
        light of most of the face whatever lies in front of the rest; drawn a little towards no light.
        """
        seen = (texture / 255).astype("f4")
        small = (cv2.resize(picture, (GRID, GRID), interpolation=cv2.INTER_AREA)[self._lit] for picture in (seen, own))
        ratio, form = _quotient(*small), self._form[self._lit]
        fit = np.median(ratio, 0) * np.eye(form.shape[1])[:, :1]
        for _ in range(5):
            weight = 1 / (1 + ((ratio - form @ fit) ** 2).sum(1) / ROUGH**2)[:, None] ** 2
            # OpenCV's: NumPy's wakes a thread on each core, which then waits busily for a millisecond
            left, right = form.T @ (weight * form) + RIDGE * np.eye(len(fit)), form.T @ (weight * ratio)
            fit = cv2.solve(left, right, flags=cv2.DECOMP_CHOLESKY)[1]
        return seen / cv2.resize(np.exp((self._form @ fit).clip(-1, 1)).astype("f4"), seen.shape[:2])

    def _apart(self, seen: np.ndarray, own: np.ndarray) -> np.ndarray:
        """How far a picture is outside of what is drawn within a pixel around: landmarks are not more exact."""
        near = self._kernels[3]
        out = np.maximum(seen - cv2.dilate(own, near), 0) - np.maximum(cv2.erode(own, near) - seen, 0)
        return cv2.GaussianBlur(out, (0, 0), self._soft)

    def _units(self, apart: np.ndarray) -> np.ndarray:
        apart = apart - self.usual
        bright = apart.mean(-1)
        tint = np.linalg.norm(apart - bright[..., None], axis=-1)
        return np.hypot(bright / BRIGHT, tint / TINT) / self._hard


def keeper(at: Scene, own: Own, mean: np.ndarray) -> Keeper:
    """What keeps in front of a scene's faces what is in front of them; the scene is on the mesh.

    mean (S, S, 3) in [0, 1]: the person's as far as known, corrected by the faceset's pictures. What is behind is
    filled in as `own` draws it, so that neither the network nor the colour match takes a hand's shade for the face's.
    """
    front = Front(at.on)
    mean = _learn(front, at, own, mean)
    hands, last = Hands(), 0  # one for all pieces: each takes memory that MediaPipe keeps

    def piece(face: int) -> int:
        return bisect_right(at.borders, at.frames[face])

    def keep(pictures: list[np.ndarray], textures: np.ndarray, seen: list[int]) -> tuple[np.ndarray, list[np.ndarray]]:
        nonlocal last
        if seen[0] < last or piece(seen[0]) != piece(last):  # once more from an earlier frame, or over a border
            hands.reset()
        last = seen[-1]
        drawn, masks, filled = own(textures, seen, mean), [], textures.copy()
        for k, i in enumerate(seen):
            mask, units = front.mask(textures[k], drawn[k], at.on.visibility(at.solid[i]))
            if (units > SURE / 2).sum() > front.least:  # a hand is like a face: half of it is enough to ask
                mask = with_hands(mask, units > MAYBE, at.on, at.solid[i], hands.covers(pictures[k]))
            if mask.any():
                filled[k] = textures[k] * (1 - mask[..., None]) + drawn[k] * 255 * mask[..., None] + 0.5
                mask = carry(mask, at.on, at.solid[i], at.targets[i])
            masks.append(mask)
        return filled, masks

    return keep


def _learn(front: Front, at: Scene, own: Own, mean: np.ndarray) -> np.ndarray:
    """Show a sample of the faceset's pictures; returns their mean without what is in front, found in two rounds.

    Whom the model was trained on with another video is known without this one's microphone from the start.
    """
    usable = at.found.usable
    if not len(usable):
        return mean
    pick = usable[evenly(SAMPLE, len(usable))]
    flat = [transform(at.found.transform(i), at.solid[i][:, :2]) for i in pick]
    textures = np.stack([at.on.texture(*one) for one in zip(at.found.images(pick), flat, strict=True)])
    seen = np.stack([at.on.visibility(at.solid[i]) for i in pick])
    for _ in range(2):
        drawn = own(textures, pick.tolist(), mean)
        front.learn(textures, drawn)
        bare = seen * [1 - front.mask(*one)[0] for one in zip(textures, drawn, seen, strict=True)]
        weight = bare[..., None] + 1e-3
        mean = ((weight * textures).sum(0) / weight.sum(0) / 255).astype("f4")
    front.learn(textures, own(textures, pick.tolist(), mean))
    return mean


def with_hands(mask: np.ndarray, odd: np.ndarray, on: Mesh, solid: np.ndarray, covers: list[np.ndarray]) -> np.ndarray:
    """A mask (S, S) on the mesh of points (478, ≥ 2) with each hand that is seen to be in front, all of it.

    A hand has a face's colours, and where its shade is the face's too nothing tells them apart but its form. odd:
    where the face is not as drawn, bool (S, S); a hand behind it makes no difference. covers: uint8 (H, W) each.
    """
    for cover in covers:
        hand = on.texture(cover, solid[:, :2]) / np.float32(255) * on.inside
        if (hand * odd).sum() > PART * hand.sum():
            mask = np.maximum(mask, cv2.GaussianBlur(hand, (0, 0), 0.7 * on.size / 128))
    return mask


def carry(mask: np.ndarray, on: Mesh, solid: np.ndarray, target: np.ndarray) -> np.ndarray:
    """A mask (S, S) on the mesh of points (478, ≥ 2), as it lies on the mesh of a face drawn at target (478, ≥ 2).

    The drawn face has another shape, and what lies in front of it stays where it is in the frame. For each canonical
    pixel the place on the first mesh is found whose frame position is the same (three steps of Newton's method).
    """
    here, there = (on.spread(on.extend(points[:POINTS, :2])) for points in (solid, target))
    keep = ANCHOR + OVAL
    back = cv2.invertAffineTransform(similarity(on.points[keep], solid[keep, :2]))[:, :2]
    y, x = np.mgrid[0 : on.size, 0 : on.size].astype("f4")
    place = np.stack([x, y], -1)
    for _ in range(3):
        now = cv2.remap(here, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        place += ((there - now) @ back.T).astype("f4")
    return cv2.remap(mask, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _quotient(seen: np.ndarray, own: np.ndarray) -> np.ndarray:
    return np.log(seen + 0.05) - np.log(own + 0.05)


def _shadow(seen: np.ndarray, own: np.ndarray) -> bool:
    """Whether pixels (N, 3) are darker or brighter than drawn by one factor: what lies in light has its own drawing."""
    ratio = _quotient(seen, own)
    factor = np.median(ratio, 0)
    return np.abs(factor - factor.mean()).max() < SHADE and np.median(np.abs(ratio - factor).mean(1)) < SHADE


def _plane(size: int) -> np.ndarray:
    """1, x and y, -1 to 1, at each of size × size places: (size, size, 3)."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    return np.stack([np.ones_like(x), x, y], -1)


def _disc(width: float) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round((width - 1) / 2) + 1,) * 2)
