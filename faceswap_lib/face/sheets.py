"""Pictures over a faceset: its faces at a glance, and who is who in its video. uint8 RGB (H, W, 3)."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib.face.faceset import evenly, read_image, save_image
from faceswap_lib.face.records import Record

COLUMNS, TILE = 12, 96  # of the contact sheet
WIDE = 640  # pixels: a frame of the picture of who is who
TAKEN, NOT_TAKEN = (34, 197, 94), (239, 68, 68)


def contact_sheet(folder: Path, records: list[Record]) -> None:
    """Write contact_sheet.jpg: up to 60 faces of a person, evenly over time."""
    pick = [records[i] for i in evenly(COLUMNS * 5, len(records))] if records else []
    with ThreadPoolExecutor() as pool:
        tiles = list(pool.map(lambda r: _tile(read_image(folder / r.file)), pick))
    tiles += [np.full((TILE, TILE, 3), 255, "u1")] * (-len(tiles) % COLUMNS)
    if tiles:
        rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
        save_image(folder / "contact_sheet.jpg", np.vstack(rows))


def _tile(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA)


def moments(records: list[Record], numbers: list[int]) -> list[int]:
    """Frames that show all these people: each the first one with the most of those whom no frame before has shown."""
    frames: dict[int, set[int]] = {}
    for r in records:
        frames.setdefault(r.frame, set()).add(r.person)
    picked, missing = [], set(numbers)
    while missing:
        best = max(frames, key=lambda frame: (len(frames[frame] & missing), -frame))
        if not frames[best] & missing:
            break
        picked.append(best)
        missing -= frames[best]
    return sorted(picked)


def who_is_who(folder: Path, frames: dict[int, np.ndarray], records: list[Record], chosen: int) -> None:
    """Write people.jpg: frames (index -> picture), a box and a number around everybody's face, green the one chosen."""
    pictures = []
    for index, frame in sorted(frames.items()):
        scale = WIDE / frame.shape[1]
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        picture = cv2.resize(frame, (WIDE, round(frame.shape[0] * scale)), interpolation=way)
        for r in [r for r in records if r.frame == index]:
            x, y, w, h = np.round(np.array(r.box) * scale).astype(int).tolist()
            colour = TAKEN if r.person == chosen else NOT_TAKEN
            cv2.rectangle(picture, (x, y), (x + w, y + h), colour, 2)
            for ink, thick in (((0, 0, 0), 6), (colour, 2)):
                cv2.putText(picture, str(r.person), (x + 4, max(24, y - 6)), cv2.FONT_HERSHEY_SIMPLEX, 1, ink, thick)
        pictures.append(picture)
    save_image(folder / "people.jpg", np.vstack(pictures))
