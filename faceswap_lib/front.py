"""What passes in front of a face stays there: a hand, a microphone, a lock of hair.

The network knows how the video's own person looks: the code that decoder B draws as B, decoder A draws as A. Nothing
else can come through, for a decoder has a person's mean texture and what faces do to it. So where the frame differs
from A drawn as A, something lies in front of A. What A wears in every frame is in A's mean texture and cannot be told.
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from faceswap_lib import faces
from faceswap_lib.faces import ANCHOR, OVAL, POINTS, similarity, transform
from faceswap_lib.mesh import Mesh
from faceswap_lib.swap import Keeper, Scene

BRIGHT, TINT = 0.02, 0.012  # how far skin is from its drawing, of full scale: what differs so is 1 unit apart
SURE, MAYBE, WHOLE = 8.0, 2.0, 4.0  # units: where something begins, how far it goes, from where it hides all
SEEN = 0.3  # of `Mesh.visibility`: below, a texture is smeared
CLEAR = 0.25  # at least this share of the frames shows each place with nothing in front of it
PART = 0.2  # of a hand in front of a face, what at least is told from it
SAMPLE = 64  # frames that say how far the network is off anyway
# textures uint8 (N, S, S, 3) and the faces' numbers N -> their person drawn as the network knows it, (N, S, S, 3) 0..1
Own = Callable[[np.ndarray, list[int]], np.ndarray]


class Front:
    """Tells what lies in front of one person's face, from textures and from that person drawn by the network.

    usual (S, S, 3): what the network is off by where nothing lies in front; spread (S, S): how many units it wavers.
    """

    def __init__(self, on: Mesh):
        self.on, self.usual, self.spread = on, np.zeros((on.size, on.size, 3), "f4"), np.ones((on.size, on.size), "f4")
        px = on.size / 128
        self._soft, self._kernels = px, {n: _disc(n * px) for n in (3, 7, 9)}
        self._least = 12 * px**2
        # towards the border hair and background come in: the nearest place further in speaks for it
        self._trust = cv2.erode(on.inside, _disc(7 * px)) > 0
        self._inner = distance_transform_edt(~self._trust, return_distances=False, return_indices=True)
        # lids, gaze and teeth are not drawn as well as skin
        self._hard = 1 + cv2.GaussianBlur(np.max(on.parts, 0), (0, 0), 1.5 * px)

    def learn(self, textures: np.ndarray, own: np.ndarray) -> None:
        """Take from a sample of a video what the network is off by anyway; arrays as `mask`, of N frames."""
        apart = np.stack([self._apart(*pair) for pair in zip(textures, own, strict=True)])
        rank = np.argsort(np.abs(apart).sum(-1), 0)[int(CLEAR * len(apart))][None, ..., None]
        self.usual = cv2.GaussianBlur(np.take_along_axis(apart, rank, 0)[0], (0, 0), self._soft)
        wavers = np.quantile([self._units(one) for one in apart], CLEAR, 0).astype("f4")
        # the quarter of a half-normal distribution lies within 0.32 of its deviation
        self.spread = np.maximum(1, cv2.GaussianBlur(wavers, (0, 0), 2 * self._soft) / 0.32)

    def mask(self, texture: np.ndarray, own: np.ndarray, visibility: np.ndarray) -> np.ndarray:
        """How much lies in front at each canonical pixel, float32 (S, S) 0..1.

        texture uint8 (S, S, 3), own (S, S, 3) 0..1 the person drawn, visibility (S, S) 0..1. An area counts when it
        holds a sure core (hysteresis; Canny 1986), whole where it differs half as much as the core beside it.
        """
        units = self._units(self._apart(texture, own)) / self.spread * self._trust * (visibility > SEEN)
        count, area = cv2.connectedComponents((units > MAYBE).astype("u1"))
        sure = np.bincount(area[units > SURE], minlength=count) >= self._least
        sure[0] = False
        whole = np.maximum(WHOLE, cv2.dilate(units, self._kernels[7]) / 2)
        out = (((units - MAYBE) / (whole - MAYBE)).clip(0, 1) * sure[area]).astype("f4")
        out = cv2.morphologyEx(out, cv2.MORPH_CLOSE, self._kernels[9])
        return cv2.GaussianBlur(out[tuple(self._inner)], (0, 0), 0.7 * self._soft)

    def _apart(self, texture: np.ndarray, own: np.ndarray) -> np.ndarray:
        """How far a texture is outside of what is drawn within a pixel around: landmarks are not more exact."""
        seen, near = (texture / 255).astype("f4"), self._kernels[3]
        out = np.maximum(seen - cv2.dilate(own, near), 0) - np.maximum(cv2.erode(own, near) - seen, 0)
        return cv2.GaussianBlur(out, (0, 0), self._soft)

    def _units(self, apart: np.ndarray) -> np.ndarray:
        apart = apart - self.usual
        bright = apart.mean(-1)
        tint = np.linalg.norm(apart - bright[..., None], axis=-1)
        return np.hypot(bright / BRIGHT, tint / TINT) / self._hard


def keeper(at: Scene, own: Own) -> Keeper:
    """What keeps in front of a scene's faces what is in front of them; the scene is on the mesh.

    A sample of the faceset's pictures says what the network is off by. What is behind is filled in as `own` draws it,
    so that neither the network nor the colour match takes a hand's shade for the face's.
    """
    front, usable = Front(at.on), at.found.usable
    if len(usable):
        pick = usable[np.unique(np.linspace(0, len(usable) - 1, min(SAMPLE, len(usable))).astype(int))]
        flat = [transform(at.found.transform(i), at.solid[i][:, :2]) for i in pick]
        textures = np.stack([at.on.texture(*one) for one in zip(at.found.images(pick), flat, strict=True)])
        front.learn(textures, own(textures, pick.tolist()))

    hands = cache(faces.Hands)  # MediaPipe is woken by the first thing in front of a face

    def keep(pictures: list[np.ndarray], textures: np.ndarray, seen: list[int]) -> tuple[np.ndarray, list[np.ndarray]]:
        drawn, masks, filled = own(textures, seen), [], textures.copy()
        for k, i in enumerate(seen):
            mask = front.mask(textures[k], drawn[k], at.on.visibility(at.solid[i]))
            if mask.any():
                mask = with_hands(mask, at.on, at.solid[i], hands().covers(pictures[k]))
                filled[k] = textures[k] * (1 - mask[..., None]) + drawn[k] * 255 * mask[..., None] + 0.5
                mask = carry(mask, at.on, at.solid[i], at.targets[i])
            masks.append(mask)
        return filled, masks

    return keep


def with_hands(mask: np.ndarray, on: Mesh, solid: np.ndarray, covers: list[np.ndarray]) -> np.ndarray:
    """A mask (S, S) on the mesh of points (478, ≥ 2) with the whole of each hand of which it holds a part.

    A hand has a face's colours, and where its shade is the face's too nothing tells them apart but its form.
    covers: what each hand covers in the frame, uint8 (H, W). A hand behind the face is none of the mask's.
    """
    out = mask
    for cover in covers:
        hand = on.texture(cover, solid[:, :2]) / np.float32(255) * on.inside
        if (mask * hand).sum() > PART * hand.sum():
            out = np.maximum(out, cv2.GaussianBlur(hand, (0, 0), 0.7 * on.size / 128))
    return out


def carry(mask: np.ndarray, on: Mesh, solid: np.ndarray, target: np.ndarray) -> np.ndarray:
    """A mask (S, S) on the mesh of points (478, ≥ 2), as it lies on the mesh of a face drawn at target (478, ≥ 2).

    The drawn face has another shape, and what lies in front of it stays where it is in the frame. For each canonical
    pixel the place on the first mesh is found whose frame position is the same (three steps of Newton's method).
    """
    here, there = (on.spread(on.extend(points[:POINTS, :2])) for points in (solid, target))
    keep = ANCHOR + OVAL
    back = np.linalg.inv(similarity(on.points[keep], solid[keep, :2])[:, :2])
    y, x = np.mgrid[0 : on.size, 0 : on.size].astype("f4")
    place = np.stack([x, y], -1)
    for _ in range(3):
        now = cv2.remap(here, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        place += ((there - now) @ back.T).astype("f4")
    return cv2.remap(mask, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _disc(width: float) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round((width - 1) / 2) + 1,) * 2)
