"""sheets.py: which moments show everybody, and what is drawn where in the picture of who is who."""

import cv2
import numpy as np

from faceswap_lib.face import faceset, sheets
from faceswap_lib.face.records import Record


def record(frame: int, person: int, x: float = 0.0) -> Record:
    points = {
        "landmarks": [[0.0, 0.0]] * 478,
        "depth": [0.0] * 478,
        "transform": [[1, 0, 0], [0, 1, 0]],
        "pose": [0, 0, 0],
    }
    return Record(frame=frame, box=[x, 40, 60, 80], blur=1, score=1, person=person, file=None, **points)


def test_the_moments_are_few_and_show_everybody():
    records = [record(f, p) for f, p in ((0, 0), (3, 0), (3, 1), (5, 0), (5, 1), (7, 2), (9, 0), (9, 3))]
    assert sheets.moments(records, [0, 1, 2]) == [3, 7]
    assert sheets.moments(records, [0, 1, 2, 3]) == [3, 7, 9]
    assert sheets.moments(records, [0]) == [0] and sheets.moments(records, [8]) == []


def test_everybody_has_a_box_and_a_number_and_who_was_taken_is_green(tmp_path):
    frames = {i: np.full((160, 320, 3), 128, "u1") for i in (2, 6)}
    sheets.who_is_who(tmp_path, frames, [record(2, 0, 20), record(2, 1, 200), record(6, 1, 200), record(4, 0)], 1)
    picture = cv2.imread(str(tmp_path / "people.jpg"))[..., ::-1].astype(int)
    assert picture.shape == (640, 640, 3)
    for top, left, red in ((80, 40, True), (80, 400, False), (400, 400, False)):
        edge, inside = (
            picture[top + 40 : top + 120, left - 1 : left + 2],
            picture[top + 40 : top + 120, left + 20 : left + 90],
        )
        channel = (edge[..., 0] - edge[..., 1]).mean()
        assert (channel > 60) if red else (channel < -60)
        assert np.abs(inside - 128).max() < 30, "the face is seen"
        number = picture[top - 32 : top - 6, left + 2 : left + 30]
        assert number.min() < 60 and number.max() > 150
    assert np.abs(picture[400:560, 20:120] - 128).max() < 20, "nobody there"


def test_a_contact_sheet_shows_sixty_faces_at_most_evenly(tmp_path):
    records = []
    for i in range(130):
        faceset.save_image(tmp_path / f"{i:06d}_0.png", np.full((32, 32, 3), i, "u1"))
        records.append(record(i, 0).model_copy(update={"file": f"{i:06d}_0.png"}))
    sheets.contact_sheet(tmp_path, records)
    sheet = cv2.imread(str(tmp_path / "contact_sheet.jpg"))
    assert (
        sheet.shape == (5 * 96, 12 * 96, 3) and sheet[:90, :90].mean() < 3 and abs(sheet[-90:, -90:].mean() - 129) < 3
    )
    sheets.contact_sheet(tmp_path, records[:3])
    assert cv2.imread(str(tmp_path / "contact_sheet.jpg")).shape == (96, 12 * 96, 3)
