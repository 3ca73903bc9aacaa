"""An invisible mark in the pixels: it says "made by this kit" where label and file are cut off, and carries a number.

Spread spectrum (Cox, Kilian, Leighton & Shamoon 1997): the picture is laid out in about SIDES² cells, each made a
little brighter or darker by a keyed pattern, more where the picture is busy. Half of the cells hold the pilot, by which
a reader finds the pattern again after scaling and cropping; the others hold the number, in a first-order Reed-Muller
code (Reed 1954), read softly. The pattern is the same in every frame, so that it survives compression and frames add
up. It is no lock: whoever knows this file can take the mark out.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from scipy import fft

KEY = "faceswap_lib mark 1"
SIDES = (56, 96)  # cells of a square picture's side: of one below LARGE pixels, and of a larger one
LARGE, MASTER = 512, 192  # pixels; cells of the pattern's side, enough for a picture of 4 : 1
FINE = 4  # samples of a cell's side when it is read
AMPLITUDE = 1.0  # grey levels where a picture is flat
BLOCKS, CHIPS, BITS = 5, 32, 22  # 5 words of 6 bits: the number's 22 and 8 that check it
SCALES = np.arange(1.0, 0.83, -0.01)  # how much of the picture's side is left, from all to a crop of 17 %
CUT = 0.2  # at most so much of a side is missing before what is left
SURE = 5.5  # standard deviations of the pilot's correlation above which there is a mark
MOST = 24  # frames that are looked at


@dataclass(frozen=True)
class Reading:
    """What was read: whether there is a mark, how far above chance (standard deviations), its number if it is whole."""

    found: bool
    strength: float
    number: int | None


def number_of(digest: str) -> int:
    """The number, 0 to 2^22 - 1, that stands for something with a SHA-256 in hexadecimal."""
    return int(digest[:8], 16) % (1 << BITS)


class Mark:
    """The mark of one video: a number, laid out for frames of one size."""

    def __init__(self, width: int, height: int, number: int):
        side = SIDES[int(height * width >= LARGE**2)]
        self.rows, self.cols = _cells(height, width, side)
        coarse = _pattern(number)[: self.rows, : self.cols]
        fine = (self.cols * FINE, self.rows * FINE)
        self._field = cv2.GaussianBlur(cv2.resize(coarse, fine, interpolation=cv2.INTER_NEAREST), (0, 0), 0.8)

    def stamp(self, frame: np.ndarray) -> np.ndarray:
        """A frame, RGB uint8 (H, W, 3), with the mark in it, a new array."""
        h, w = frame.shape[:2]
        detail = _detail(frame, self.rows, self.cols)
        small = AMPLITUDE * self._field * (1 + np.minimum(np.sqrt(cv2.GaussianBlur(detail**2, (0, 0), 6)) / 15, 0.7))
        added = np.round(cv2.resize(small, (w, h))).astype("i2")
        return cv2.add(frame, cv2.merge([added] * 3), dtype=cv2.CV_8U)


def read(frames: Sequence[np.ndarray]) -> Reading:
    """Look for a mark in frames of one size, RGB uint8 (H, W, 3): whole, scaled, or with up to a sixth cut away."""
    best = max((place for side in SIDES for place in _places(frames, side)), key=lambda place: place.strength)
    pattern, strength = _layout(), best.strength
    chips, signed = pattern.chip[pattern.carries], (best.cells() * pattern.sign)[pattern.carries]
    softly = np.bincount(chips, signed, BLOCKS * CHIPS)
    number = _decoded(softly)
    found = strength > SURE or (number is not None and strength > SURE - 1)
    return Reading(found, round(float(strength), 1), number if found else None)


@dataclass(frozen=True)
class _Layout:
    """The pattern of MASTER x MASTER cells: each one's sign, whether it carries the number, and which chip of it."""

    sign: np.ndarray
    carries: np.ndarray
    chip: np.ndarray


@cache
def _layout() -> _Layout:
    random, chips = np.random.default_rng(list(hashlib.sha256(KEY.encode()).digest())), BLOCKS * CHIPS
    sign = random.choice([-1.0, 1.0], (MASTER, MASTER)).astype("f4")
    # half of every 2 x 4 cells, and one after another each chip once: so any part of the pattern holds all
    carries = random.permuted(np.tile([False, True], (MASTER * MASTER // 8, 4)), axis=1)
    carries = carries.reshape(MASTER // 2, MASTER // 4, 2, 4).swapaxes(1, 2).reshape(MASTER, MASTER)
    chip, count = np.zeros((MASTER, MASTER), int), int(carries.sum())
    chip[carries] = random.permuted(np.tile(np.arange(chips), (count // chips + 1, 1)), axis=1).ravel()[:count]
    return _Layout(sign, carries, chip)


@cache
def _words() -> np.ndarray:
    """The Hadamard matrix (CHIPS, CHIPS): with its negative, the words of the Reed-Muller code RM(1, 5)."""
    words = np.ones((1, 1))
    while len(words) < CHIPS:
        words = np.block([[words, words], [words, -words]])
    return words


def _pattern(number: int) -> np.ndarray:
    """The pattern (MASTER, MASTER), each cell +1 or -1, with a number in it."""
    cells, bits = _layout(), f"{number:0{BITS}b}"
    bits += _check(bits)
    six = [bits[k : k + 6] for k in range(0, len(bits), 6)]
    chips = np.concatenate([_words()[int(word[1:], 2)] * (-1 if word[0] == "1" else 1) for word in six])
    return (cells.sign * np.where(cells.carries, chips[cells.chip], 1)).astype("f4")


def _decoded(softly: np.ndarray) -> int | None:
    """The number in chips (BLOCKS · CHIPS,) of any size, or None where its check does not fit."""
    alike = softly.reshape(BLOCKS, CHIPS) @ _words()
    nearest = np.abs(alike).argmax(1)
    bits = "".join(f"{int(row[k] < 0)}{k:05b}" for row, k in zip(alike, nearest, strict=True))
    return int(bits[:BITS], 2) if bits[BITS:] == _check(bits[:BITS]) else None


def _check(bits: str) -> str:
    return f"{hashlib.sha256(bits.encode()).digest()[0]:08b}"


def _cells(height: int, width: int, side: int) -> tuple[int, int]:
    """Rows and columns of a picture of side² cells."""
    cell = np.sqrt(height * width) / side
    return min(MASTER, max(1, round(height / cell))), min(MASTER, max(1, round(width / cell)))


def _detail(frame: np.ndarray, rows: int, cols: int) -> np.ndarray:
    """How much brighter each point of a frame is than what is around it, FINE samples a cell."""
    small = cv2.resize(frame, (cols * FINE, rows * FINE), interpolation=cv2.INTER_AREA)
    picture = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype("f4")
    return picture - cv2.GaussianBlur(picture, (0, 0), FINE)


@dataclass(frozen=True)
class _Place:
    """Where the pilot fits best if so much of the picture's side is left: how well, and how far down and right."""

    strength: float
    seen: np.ndarray
    scale: float
    y: int
    x: int

    def cells(self) -> np.ndarray:
        """What each cell of the pattern is there, (MASTER, MASTER)."""
        moved = np.roll(_padded(self.seen, self.scale)[0], (self.y, self.x), (0, 1))
        return moved.reshape(MASTER, FINE, MASTER, FINE).mean((1, 3))


def _places(frames: Sequence[np.ndarray], side: int) -> list[_Place]:
    """The pilot's best place in frames, for each scale."""
    seen = sum(_whitened(_detail(frame, *_cells(*frame.shape[:2], side))) for frame in frames)
    return [_place(seen, scale) for scale in SCALES]


def _place(seen: np.ndarray, scale: float) -> _Place:
    padded, tall, wide = _padded(seen, scale)
    fit = fft.irfft2(_pilot() * np.conj(fft.rfft2(padded)), padded.shape)
    near = fit[: round(CUT * tall), : round(CUT * wide)]
    y, x = np.unravel_index(near.argmax(), near.shape)
    chance = np.median(np.abs(fit[::4, ::4])) / 0.6745  # robust: the one true place is far out
    return _Place(float(near[y, x] / max(chance, 1e-9)), seen, scale, int(y), int(x))


def _padded(seen: np.ndarray, scale: float) -> tuple[np.ndarray, int, int]:
    """What is seen, at a scale, in a field as large as the pattern; its height and width."""
    tall, wide = (round(side * scale) for side in seen.shape)
    padded = np.zeros((MASTER * FINE, MASTER * FINE), "f4")
    padded[:tall, :wide] = cv2.resize(seen, (wide, tall), interpolation=cv2.INTER_AREA)
    return padded, tall, wide


@cache
def _pilot() -> np.ndarray:
    return fft.rfft2(np.kron(np.where(_layout().carries, 0, _layout().sign), np.ones((FINE, FINE), "f4")))


def _whitened(detail: np.ndarray) -> np.ndarray:
    """Detail beside what is usual around it, so that no edge of the picture outweighs the pattern."""
    usual = np.sqrt(cv2.GaussianBlur(detail**2, (0, 0), 2 * FINE)) + 0.7
    return (detail / usual).clip(-1.5, 1.5)
