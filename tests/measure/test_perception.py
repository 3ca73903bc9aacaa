"""perception.py: the loss would rather have a blur than a face moved by a hair, and every row is measured."""

import numpy as np
import pytest

from faceswap_lib.measure import perception


@pytest.fixture(scope="module")
def judged(trained, facesets):
    return perception.judge(trained.model, facesets["b"])


def of(judged: perception.Judged, name: str) -> dict:
    return next(row for row in judged.rows if row["picture"] == name)


def test_the_real_face_is_no_loss_and_as_sharp_as_itself(judged):
    real = of(judged, "real")
    assert (real["L1"], real["DSSIM"], real["loss"]) == pytest.approx((0, 0, 0), abs=1e-5)
    assert real["sharpness"] == pytest.approx(1)


def test_the_loss_would_rather_have_a_blur_than_a_face_moved_by_a_hair(judged):
    blurred, shifted = of(judged, "blurred"), of(judged, "shifted")
    for word in ("L1", "DSSIM", "loss"):
        assert 0 < blurred[word] < shifted[word], word
    assert blurred["sharpness"] < 0.85 < shifted["sharpness"]


def test_the_loss_is_what_training_adds_up(judged):
    for row in judged.rows:
        assert row["loss"] == pytest.approx(3 * row["L1"] + 1.5 * row["DSSIM"], rel=0.01, abs=1e-4)


def test_a_shift_keeps_every_pixel_but_those_at_the_edge():
    pictures = np.random.default_rng(0).random((2, 64, 64, 3), "f4")
    moved = perception.shifted(pictures)
    assert np.array_equal(moved[:, :, 1:], pictures[:, :, :-1])
    assert perception.blurred(pictures).std() < 0.7 * pictures.std()


def test_models_are_compared_on_the_same_held_out_faces(trained, facesets, judged):
    made = perception.compare({"one": trained.model, "two": trained.model}, facesets["b"])
    assert list(made.pictures) == ["real", "one", "two"]
    assert np.array_equal(made.pictures["real"], judged.pictures["real"])
    assert np.array_equal(made.pictures["one"], made.pictures["two"])
    drawn = of(judged, "drawn")
    for word in ("L1", "DSSIM", "loss", "sharpness", "discriminator"):
        assert made.rows[0][word] == pytest.approx(drawn[word], rel=1e-5), word
