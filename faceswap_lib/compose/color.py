"""Colour matching: the drawn face takes on the light and complexion of the one it replaces.

All methods take and give canonical pictures, float32 RGB (S, S, 3) in [0, 1], a canvas that says where the face is, and
the points (478, 3) where it goes in the frame, which only `relit` looks at.
"""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from skimage.exposure import match_histograms

from faceswap_lib import UserError
from faceswap_lib.compose import relight
from faceswap_lib.compose.scenes import Match, Scene
from faceswap_lib.face.mesh import Crop, Mesh

RADIUS = 12 / 128  # of the picture: a smaller one takes A's features along, a larger one leaves A's light behind
CRISP = 0.7  # a texture goes through two resamplings, into the mesh and back
WHITES = 90  # per cent of an eye's points are darker than its whites
GLINT = 95  # and so many per cent darker than what glints in them
LIT = 2  # the light on an eye changes by a factor of so much at most
GAIN = (0.4, 2.5)  # between very different complexions the quotient of low frequencies runs away


def none(drawn: np.ndarray, source: np.ndarray, on: Mesh | Crop, solid: np.ndarray | None = None) -> np.ndarray:
    """The drawn face as it is."""
    return drawn


def mean(drawn: np.ndarray, source: np.ndarray, on: Mesh | Crop, solid: np.ndarray | None = None) -> np.ndarray:
    """Mean and standard deviation inside the face, channel by channel in Lab (Reinhard et al. 2001)."""
    inside = on.inside > 0.5
    d, s = _lab(drawn), _lab(source)
    a, b = d[inside], s[inside]
    scale = (b.std(0) / (a.std(0) + 1e-6)).clip(0.5, 2)
    return _rgb((d - a.mean(0)) * scale + b.mean(0))


def histogram(drawn: np.ndarray, source: np.ndarray, on: Mesh | Crop, solid: np.ndarray | None = None) -> np.ndarray:
    """The whole distribution inside the face, channel by channel (scikit-image's match_histograms)."""
    inside = on.inside > 0.5
    out = drawn.copy()
    out[inside] = match_histograms(drawn[inside], source[inside], channel_axis=-1)
    return out.astype("f4")


def light(drawn: np.ndarray, source: np.ndarray, on: Mesh | Crop, solid: np.ndarray | None = None) -> np.ndarray:
    """Low frequencies exchanged: B's detail under A's light, in A's complexion (after Liu, Shan & Zhang 2001).

    The quotient is taken over the skin alone; eyes and mouth have a mean of their own, or they would glow or stay dark.
    What the bounded quotient leaves over is shifted in Lab.
    """
    gain = ((_low(source, on) + 0.01) / (_low(drawn, on) + 0.01)).clip(*GAIN)
    out = (drawn * gain).clip(0, 1).astype("f4")
    inside = on.inside > 0.5
    d, s = _lab(out), _lab(source)
    return _rgb(d + s[inside].mean(0) - d[inside].mean(0))


def relit(
    drawn: np.ndarray,
    source: np.ndarray,
    on: Mesh | Crop,
    solid: np.ndarray | None = None,
    logarithm: np.ndarray | None = None,
) -> np.ndarray:
    """The drawn face as it would look in the source's light and complexion, by the network of relight.py.

    Eyes do not take on a lighter complexion, or they would glow: whites are alike in all people, so their quotient says
    what light falls on each eye. And eyes glint no more than the source's: the highlight of another lamp gives a swap
    away. The network knows the mesh alone; faces aligned by similarity get `light`. logarithm: of the gain, where it is
    known already.
    """
    if isinstance(on, Crop) or solid is None:
        return light(drawn, source, on)
    gain = relight.gain(drawn, source, solid) if logarithm is None else relight.of(logarithm, len(drawn))
    for eye in on.parts[:2]:
        lit = (_whites(source, eye) / max(_whites(drawn, eye), 1e-3)).clip(1 / LIT, LIT)
        soft = cv2.GaussianBlur(eye, (0, 0), on.size / 100)[..., None]
        gain = gain * (lit / np.exp(np.log(gain[eye > 0.5]).mean())) ** soft
    out = (drawn * gain).clip(0, 1).astype("f4")
    eyes = np.maximum(*on.parts[:2])
    most = np.percentile(source[eyes > 0.5].mean(-1), GLINT)
    share = (most / np.maximum(out.mean(-1), 1e-3)).clip(0.5, 1)
    soft = cv2.GaussianBlur(eyes, (0, 0), on.size / 128)
    return out * (1 + soft * (share - 1))[..., None]


def crisp(picture: np.ndarray, on: Mesh | Crop) -> np.ndarray:
    """A mesh texture with what two resamplings took from its finest detail given back (an unsharp mask)."""
    if isinstance(on, Crop):
        return picture
    soft = cv2.GaussianBlur(picture, (0, 0), on.size / 128)
    return (picture + CRISP * (picture - soft)).clip(0, 1)


METHODS = {"relit": relit, "light": light, "mean": mean, "histogram": histogram, "none": none}


def method(name: str) -> object:
    """The colour method called name; raises UserError that lists the known ones."""
    if name not in METHODS:
        raise UserError(f"There is no colour method '{name}'; choose one of {', '.join(METHODS)}.")
    return METHODS[name]


def matched(name: str, at: Scene, mean: np.ndarray) -> Match:
    """The colour method called name for a scene's frames, `relit` calibrated on its two people; mean: B's texture.

    The network that relights is asked of many faces at once; the rest is left to do, each face for itself.
    """
    found = method(name)
    calibrated = found is relit and isinstance(at.on, Mesh)
    off = relight.calibration(at, mean) if calibrated else None

    def match(faces: np.ndarray, sources: np.ndarray, on: Mesh | Crop, solids: np.ndarray) -> list[Callable]:
        more = [(one,) for one in relight.logarithms(faces, sources, solids) - off] if calibrated else [()] * len(faces)
        each = zip(faces, sources, solids, more, strict=True)
        return [partial(found, face, source, on, solid, *known) for face, source, solid, known in each]

    return match


def _low(picture: np.ndarray, on: Mesh | Crop) -> np.ndarray:
    sigma = RADIUS * on.size
    total = cv2.GaussianBlur(picture * on.skin[..., None], (0, 0), sigma)
    out = (total + 1e-3) / (cv2.GaussianBlur(on.skin, (0, 0), sigma)[..., None] + 1e-3)
    for part in on.parts:
        soft = cv2.GaussianBlur(part, (0, 0), on.size / 100)[..., None]
        out = out * (1 - soft) + soft * picture[part > 0].mean(0)
    return out


def _whites(picture: np.ndarray, eye: np.ndarray) -> float:
    """How bright the whites of an eye are; of a shut one, the lid."""
    return np.percentile(picture[eye > 0.5].mean(-1), WHITES)


def _lab(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.ascontiguousarray(picture, "f4"), cv2.COLOR_RGB2LAB)


def _rgb(lab: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(lab.astype("f4"), cv2.COLOR_LAB2RGB).clip(0, 1)
