"""pick.py: a click on the contact sheet moves a picture on the disk, another one brings it back; who is who."""

import shutil

import cv2
import numpy as np
import pytest
import rewritten

from faceswap_lib import UserError
from faceswap_lib.face import faceset
from faceswap_lib.widgets import pick


@pytest.fixture
def folder(facesets, tmp_path):
    return shutil.copytree(facesets["a"], tmp_path / "a")


def test_a_click_leaves_a_face_out_and_another_takes_it_back(folder):
    made, before = pick.sheet(folder), faceset.load(folder)
    third, tile = before.records[14].file, np.s_[64:128, 128:192]
    whole = made.picture.copy()
    made._clicked(128 + 20, 64 + 30)
    assert made.left_out == [before.records[14].frame] and (folder / "left-out" / third).is_file()
    assert not (folder / third).exists() and len(faceset.load(folder).usable) == 29
    assert np.abs(made.picture[tile].astype(int) - whole[tile]).mean() > 20
    outside = made.picture.copy()
    outside[tile] = whole[tile]
    assert np.array_equal(outside, whole), "no other tile has changed"
    assert "29 of 30 faces to train on" in made.told.value and made.button.description == "Take back"
    made._clicked(128 + 20, 64 + 30)
    assert len(faceset.load(folder).usable) == 30 and np.array_equal(made.picture, whole)


def test_the_same_by_keyboard(folder):
    made = pick.sheet(folder)
    made.face.value = 5
    made.button.click()
    assert made.left_out == [faceset.load(folder).records[4].frame]
    assert pick.sheet(folder).left_out == made.left_out, "a sheet made later knows it"
    made.button.click()
    assert made.left_out == []


def test_a_click_beside_the_faces_does_nothing(folder):
    made = pick.sheet(folder)
    made._clicked(11 * 64 + 5, 2 * 64 + 5)  # the 36th of 30
    made._clicked(-3, 5)
    assert made.left_out == []


def test_many_faces_have_several_sheets(folder):
    made = pick.sheet(folder, most=12)
    assert made.page.max == 3
    first = made.picture.copy()
    made.page.value = 3
    assert not np.array_equal(made.picture, first)
    made._clicked(5, 5)
    assert made.left_out == [faceset.load(folder).records[20].frame]


def test_the_page_shows_the_sheet_and_a_faceset_without_pictures_has_none(folder):
    still = pick.sheet(folder).still
    assert 'alt="Contact sheet 1 of 1' in still and "30 of 30" in still
    for path in folder.glob("0*.png"):
        path.unlink()
    with pytest.raises(UserError, match="No face of"):
        pick.sheet(folder)


def test_who_is_who_gives_the_setting_that_takes_another(folder):
    assert "nothing to choose" in pick.who(folder).told.value

    def second(raw):
        for face in raw["faces"][20:]:
            face.update(person=1, file=None, left_out="another person")

    rewritten.faces(folder, second)
    cv2.imwrite(str(folder / "people.jpg"), np.zeros((20, 30, 3), "u1"))
    made = pick.who(folder, "person_b")
    assert [value for _, value in made.person.options] == [0, 1] and "person_b = 0" in made.told.value
    made.person.value = 1
    assert "person_b = 1" in made.told.value and "run again" in made.told.value
    assert "<img" in made.still and "person_b = 1" in made.still
