"""blind.py: half are real, none is there twice, and the interval is Wilson's."""

import numpy as np
import pytest

from faceswap_lib.measure import blind


@pytest.fixture(scope="module")
def pieces(trained, facesets):
    return blind.pieces(trained.model, facesets["b"], most=20, seed=1)


def test_half_are_real_and_all_differ(pieces):
    assert len(pieces) % 2 == 0 and 4 <= len(pieces) <= 20
    assert sum(piece.real for piece in pieces) == len(pieces) // 2
    assert {piece.region for piece in pieces} == {"eyes", "mouth"}
    assert all(piece.picture.std() > 3 and piece.picture.dtype == np.uint8 for piece in pieces)
    assert all(np.isfinite(piece.score) for piece in pieces) and len({piece.score for piece in pieces}) > 2


def test_real_pieces_are_cut_from_the_real_faces(trained, facesets, pieces):
    from faceswap_lib.measure.perception import HeldOut

    real = np.round(HeldOut(trained.model, facesets["b"], "b").real * 255).astype("u1")
    for piece in pieces:
        h, w = piece.picture.shape[:2]
        windows = np.lib.stride_tricks.sliding_window_view(real, (h, w), (1, 2))[:, ::8, ::8]
        same = (np.moveaxis(windows, 3, -1) == piece.picture).all((-3, -2, -1)).any()
        assert same == piece.real


def test_the_discriminator_is_told_too_that_half_are_real(pieces):
    said = blind.verdicts(pieces)
    assert sum(said) == len(pieces) // 2
    least = min(piece.score for piece, real in zip(pieces, said, strict=True) if real)
    assert all(piece.score <= least for piece, real in zip(pieces, said, strict=True) if not real)


@pytest.mark.parametrize(
    ("right", "of", "low", "high"), [(15, 20, 0.5313, 0.8881), (0, 10, 0, 0.2775), (20, 20, 0.8389, 1)]
)
def test_the_interval_is_wilsons(right, of, low, high):  # from R's prop.test(correct = FALSE)
    assert blind.wilson(right, of) == pytest.approx((low, high), abs=1e-4)


def test_nothing_asked_is_nothing_known():
    assert blind.wilson(0, 0) == (0, 1)


def test_a_box_holds_its_points_in_whole_patches():
    top, bottom, left, right = blind.box(np.array([[20, 30], [60, 41]]), 128)
    assert (
        top <= 30
        and bottom >= 41
        and left <= 20
        and right >= 60
        and not {top % 8, bottom % 8, left % 8, right % 8} - {0}
    )
    assert blind.box(np.array([[0, 0], [127, 127]]), 128) == (0, 128, 0, 128)
