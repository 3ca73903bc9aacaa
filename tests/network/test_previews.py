"""previews.py: a sheet shows held-out faces and what the network draws of them, each in its column."""

import cv2
import numpy as np

from faceswap_lib import profiles
from faceswap_lib.face import faceset
from faceswap_lib.face.mesh import canvas
from faceswap_lib.network import batches, previews

SMOKE = profiles.get("smoke")


def test_previews_are_pictures_of_the_rows_in_the_history(trained):
    previews = sorted((trained.model / "previews").glob("*.jpg"))
    assert [int(p.stem) for p in previews] == [row["iteration"] for row in trained.history]
    sheet = cv2.imread(str(previews[-1]))
    assert sheet.shape == (4 * SMOKE.texture, 6 * SMOKE.texture, 3)
    columns = np.split(sheet.astype(float), 6, 1)
    near, far = (np.abs(columns[i] - columns[j]).mean() for i, j in ((0, 1), (0, 2)))
    assert near < far, "A is drawn more like A by decoder A than by decoder B"


def test_a_sheet_is_cut_into_the_faces_that_were_held_out_and_what_was_drawn_of_them(trained, facesets):
    newest = previews.cut(previews.paths(trained.model)[-1])
    assert len(newest) == previews.ROWS and {len(row) for row in newest} == {len(previews.COLUMNS)}
    on = canvas("mesh", SMOKE.texture)
    for side in "ab":
        data = batches.load_side(faceset.load(facesets[side]), on, SMOKE.faces)
        for row in newest:
            real, own = (
                row[previews.COLUMNS.index(name)] for name in (side.upper(), f"{side.upper()} → {side.upper()}")
            )
            apart = [np.abs(real.astype(float) - one).mean() for one in data.targets]
            assert min(apart) < 6, "but for JPEG"
            assert np.argmin(apart) >= data.cut, "never one of those it learns from"
            assert np.abs(own.astype(float) - real).mean() > min(apart)


def test_sheets_are_told_in_the_order_of_their_steps(tmp_path):
    (tmp_path / "previews").mkdir()
    for step in (0, 1000, 50):
        (tmp_path / "previews" / f"{step:06d}.jpg").touch()
    assert [int(path.stem) for path in previews.paths(tmp_path)] == [0, 50, 1000]
    assert previews.paths(tmp_path / "none") == []
