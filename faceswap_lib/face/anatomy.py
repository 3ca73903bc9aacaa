"""Which of MediaPipe's 478 points is what: loops and pairs of points by name, and the canonical face they lie on."""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("canonical.json")


def _points(numbers: str) -> list[int]:
    return [int(number) for number in numbers.split()]


POINTS = 468  # MediaPipe's mesh without the ten iris points that follow it
OVAL = _points(
    "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 152 148 176 149 150 136 172 "
    "58 132 93 234 127 162 21 54 103 67 109"
)
EYES = (
    _points("33 7 163 144 145 153 154 155 133 173 157 158 159 160 161 246"),
    _points("362 382 381 380 374 373 390 249 263 466 388 387 386 385 384 398"),
)
LIPS = _points("61 185 40 39 37 0 267 269 270 409 291 375 321 405 314 17 84 181 91 146")
MOUTH = _points("78 191 80 81 82 13 312 311 310 415 308 324 318 402 317 14 87 178 88 95")
BROWS = _points("70 63 105 66 107 55 65 52 53 46 300 293 334 296 336 285 295 282 283 276")
IRISES = ([468, 469, 470, 471, 472], [473, 474, 475, 476, 477])
# What stays put while a face talks: eyes' outline, nose bridge, mouth corners
ANCHOR = _points("33 160 158 133 153 144 362 385 387 263 373 380 168 197 61 291")
# iBUG's 68 points among MediaPipe's 478; dlib's recogniser was trained on faces cut by these
IBUG = _points(
    "162 234 93 58 172 136 149 148 152 377 378 365 397 288 323 454 389 71 63 105 66 107 336 296 334 293 "
    "301 168 197 5 4 75 97 2 326 305 33 160 158 133 153 144 362 385 387 263 373 380 61 39 37 0 267 269 "
    "291 405 314 17 84 181 78 82 13 312 308 317 14 87"
)
LID_PAIRS = (((159, 145), (158, 153), (160, 144)), ((386, 374), (385, 380), (387, 373)))  # upper and lower, of each eye
LIP_PAIRS = ((13, 14), (82, 87), (312, 317))  # upper and lower lip, on the inside
EYE_CORNERS = ((33, 133), (362, 263))  # of each eye, left and right in the picture


@lru_cache(maxsize=1)
def canonical() -> np.ndarray:
    """The canonical face (468, 3): symmetric, frontal, eye corners 1 apart, anchors' mean at 0 (setup/canonical.py)."""
    return np.array(_data()["points"], "f4")


def triangles() -> np.ndarray:
    """The mesh's triangles (T, 3): indices of the 468 points and, from 468 on, of the ring around them."""
    return np.array(_data()["triangles"])


@lru_cache(maxsize=1)
def _data() -> dict:
    return json.loads(PATH.read_text())
