"""What can be measured on two pictures of one moment, or on a face's points: one formula a function, with its source.

Pictures are uint8 RGB (H, W, 3), landmarks float pixels (478, 2), areas bool (H, W). The ruler is the iris distance.
"""

import cv2
import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

from faceswap_lib.face import anatomy, geometry, motion
from faceswap_lib.face.anatomy import EYE_CORNERS
from faceswap_lib.face.mesh import canvas

MARGIN = 0.12  # iris distances: how wide eyes and mouth grow, and what sharpness leaves out at the mask's edge
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # MS-SSIM's exponents (Wang, Simoncelli & Bovik 2003, table 1)
REACH = 80  # pixels around an area that MS-SSIM sees: five of its window at the coarsest of five scales
SEAM = (0.04, 0.20)  # iris distances inside the outline: where the seam is looked for
CALM = 64  # pixels of the texture in which shimmer is looked for
FEATURES = [
    *anatomy.EYES[0],
    *anatomy.EYES[1],
    *anatomy.LIPS,
    *anatomy.MOUTH,
    *anatomy.BROWS,
]  # what moves when a face talks


def sharpness(image: np.ndarray, inside: np.ndarray) -> float:
    """Standard deviation of the Laplacian after a Gaussian of 0.8 px, over the pixels where inside (H, W) is set."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype("f4"), (0, 0), 0.8)
    return float(cv2.Laplacian(grey, cv2.CV_32F)[inside > 0].std())


def structure(picture: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    """SSIM at each pixel (H, W), mean over colours, of two pictures; 7 × 7 windows (Wang et al. 2004)."""
    return structural_similarity(picture, ideal, win_size=7, channel_axis=2, data_range=255, full=True)[1].mean(2)


def ms_structure(picture: np.ndarray, ideal: np.ndarray, inside: np.ndarray) -> float:
    """MS-SSIM over the pixels inside, mean over colours: five scales (Wang, Simoncelli & Bovik 2003).

    Gaussian windows of 11 × 11 pixels, sigma 1.5; each scale is half the one before, its area what is left of it.
    """
    x, y, area, total = picture.astype("f4"), ideal.astype("f4"), inside.astype("f4"), np.ones(3)
    for scale, exponent in enumerate(SCALES):
        if scale:
            half = (area.shape[1] // 2, area.shape[0] // 2)
            x, y, area = (
                cv2.resize(p[: 2 * half[1], : 2 * half[0]], half, interpolation=cv2.INTER_AREA) for p in (x, y, area)
            )
        luminance, contrast = _ssim_terms(x, y)
        term = contrast * luminance if scale == len(SCALES) - 1 else contrast
        mean = (term * area[..., None]).sum((0, 1)) / max(area.sum(), 1e-9)
        total *= np.maximum(mean, 0) ** exponent  # as its authors' code does, lest a root of a negative be taken
    return float(total.mean())


def _ssim_terms(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """SSIM's luminance and its contrast · structure, (H, W, 3) each."""
    mx, my, xx, yy, xy = (cv2.GaussianBlur(p, (11, 11), 1.5) for p in (x, y, x * x, y * y, x * y))
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    luminance = (2 * mx * my + c1) / (mx * mx + my * my + c1)
    return luminance, (2 * (xy - mx * my) + c2) / (xx - mx * mx + yy - my * my + c2)


def psnr(picture: np.ndarray, ideal: np.ndarray, inside: np.ndarray) -> float:
    """Peak signal to noise in dB of two pictures over the pixels inside; 100 for a copy."""
    error = np.mean((picture[inside].astype(float) - ideal[inside]) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else 100.0  # infinite, which JSON cannot hold


def delta_e(picture: np.ndarray, other: np.ndarray, inside: np.ndarray) -> float:
    """Mean colour difference CIEDE2000 of two pictures over the pixels inside (Sharma, Wu & Dalal 2005).

    1 is just noticeable side by side, 2 to 5 at a glance, over 10 it is another colour.
    """
    return float(deltaE_ciede2000(rgb2lab(picture[inside]), rgb2lab(other[inside])).mean())


def border(picture: np.ndarray, source: np.ndarray, landmarks: np.ndarray) -> float:
    """CIEDE2000 between a swap and its source just inside the face's outline, where the two should run together.

    Both are smoothed first (a Gaussian as wide as the band), so that it is the colour that counts and not the pores.
    """
    near, far = (_erode(geometry.mask(landmarks, picture.shape), landmarks, inset) for inset in SEAM)
    band, sigma = (near > 0) & (far == 0), (SEAM[1] - SEAM[0]) / 2 * geometry.iris_distance(landmarks)
    x, y, w, h = cv2.boundingRect(near)
    cut = np.s_[max(0, y - 8) : y + h + 8, max(0, x - 8) : x + w + 8]
    smooth = [cv2.GaussianBlur(p[cut], (0, 0), sigma) for p in (picture, source)]
    return delta_e(*smooth, band[cut]) if band.any() else np.nan


def _erode(area: np.ndarray, landmarks: np.ndarray, inset: float) -> np.ndarray:
    return cv2.erode(area, np.ones([2 * round(inset * geometry.iris_distance(landmarks)) + 1] * 2, "u1"))


def square(landmarks: np.ndarray) -> np.ndarray:
    """A square MARGIN wide, to grow or shrink an area by."""
    return np.ones([2 * int(MARGIN / 2 * geometry.iris_distance(landmarks)) + 1] * 2, "u1")


def parts(landmarks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Eyes and mouth, bool (H, W): hulls of their landmarks, grown by a square MARGIN wide."""
    picture = np.zeros(shape[:2], "u1")
    for group in (*anatomy.EYES, anatomy.LIPS):
        cv2.fillConvexPoly(picture, cv2.convexHull(np.round(landmarks[group]).astype("i4")), 1)
    return cv2.dilate(picture, square(landmarks)) > 0


def identity(likeness: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(distance to A's mean − distance to B's) / distance between the two: (N, 128) -> (N,), from −1 to 1."""
    to_a, to_b = (np.linalg.norm(likeness - mean, axis=1) for mean in (a, b))
    return (to_a - to_b) / np.linalg.norm(a - b)


def openings(landmarks: np.ndarray) -> tuple[float, float]:
    """How far eyes and mouth are open: the gap over the width, mean of both eyes (Soukupová & Čech 2016)."""
    eyes = [
        motion.apart(landmarks, lids) / np.linalg.norm(landmarks[left] - landmarks[right])
        for lids, (left, right) in zip(anatomy.LID_PAIRS, EYE_CORNERS, strict=True)
    ]
    return float(np.mean(eyes)), float(motion.apart(landmarks, anatomy.LIP_PAIRS) / geometry.eye_distance(landmarks))


def gaze(landmarks: np.ndarray) -> float:
    """How far the irises stand to the picture's right of the eyes' middles, in eye widths, mean of both eyes."""
    sides = []
    for iris, (left, right) in zip(anatomy.IRISES, EYE_CORNERS, strict=True):
        along = landmarks[right] - landmarks[left]
        sides.append((landmarks[iris].mean(0) - (landmarks[left] + landmarks[right]) / 2) @ along / (along @ along))
    return float(np.mean(sides))


def turn(solid: np.ndarray, other: np.ndarray) -> float:
    """Degrees between the poses of two faces, points (478, 3): the angle of the rotation that is left between them."""
    keep = anatomy.ANCHOR + anatomy.OVAL
    one, two = (geometry.rigid(anatomy.canonical(), p[: anatomy.POINTS], keep)[1] for p in (solid, other))
    return float(np.degrees(np.arccos(np.clip((np.trace(one @ two.T) - 1) / 2, -1, 1))))


def jitter(first: np.ndarray, second: np.ndarray, third: np.ndarray) -> float:
    """The second difference of points (N, 2) in three frames, its mean length in the points' unit: 0 if they glide."""
    return float(np.linalg.norm(third - 2 * second + first, axis=1).mean())


def calm_texture(picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """The face's texture (CALM, CALM, 3) through the mesh at the source's landmarks: what is left of it moves alone."""
    return canvas("mesh", CALM).texture(picture, landmarks).astype("f4")


def shimmer(before: np.ndarray, now: np.ndarray, source_before: np.ndarray, source_now: np.ndarray) -> float:
    """Grey levels by which a texture changes from frame to frame and the source's does not (after Lai et al. 2018)."""
    inside = canvas("mesh", CALM).inside > 0.5
    return float(np.abs((now - before) - (source_now - source_before))[inside].mean())
