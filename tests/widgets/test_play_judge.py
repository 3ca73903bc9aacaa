"""play_judge.py driven as a hand would: twenty verdicts, a score with its interval beside the network's."""

import numpy as np
import pytest

from faceswap_lib.measure.blind import Piece
from faceswap_lib.widgets import play_judge


@pytest.fixture
def shown() -> list[Piece]:
    """Six pieces; the discriminator scores two of three real ones highest."""
    rng = np.random.default_rng(0)
    facts = zip([True, False, True, False, False, True], [0.9, 0.1, 0.8, 0.2, 0.5, 0.3], strict=True)
    return [Piece(rng.integers(0, 255, (24, 40, 3), "u1"), real, "eyes", score) for real, score in facts]


def test_a_learner_who_is_always_right_beats_the_network(shown):
    game = play_judge.Judge(shown)
    first = game.picture.value
    assert "Piece 1 of 6" in game.status.value and not game.sheet.value
    for piece in shown:
        game.buttons["real" if piece.real else "drawn"].click()
    assert game.score == (6, 6) and game.picture.value != first
    assert "6 of 6" in game.status.value and "61% to 100%" in game.status.value  # Wilson, by hand: 6/9.84 = 0.61
    assert "4 of 6" in game.status.value and "discriminator" in game.status.value
    assert game.sheet.value.count("<img") == 6 and game.sheet.value.count("you right") == 6
    assert all(button.disabled for button in game.buttons.values())


def test_nothing_is_told_before_the_end_and_no_verdict_counts_after_it(shown):
    game = play_judge.Judge(shown)
    for _ in range(5):
        game.say(True)
    assert game.score == (2, 5) and not game.sheet.value and "right" not in game.status.value
    game.say(True)
    game.say(False)
    assert game.score == (3, 6)
    game.reset()
    assert game.score == (0, 0) and not game.sheet.value and not game.buttons["real"].disabled


def test_a_page_without_a_kernel_shows_the_solution(shown):
    still = play_judge.Judge(shown).still
    assert still.count("<img") == 6 and 'alt="eyes, real"' in still and "4 of 6" in still and ">you<" not in still


def test_a_piece_fits_its_frame():
    frame = play_judge.framed(np.zeros((10, 40, 3), "u1"), 200, 100)
    assert frame.shape == (100, 200, 3) and (frame[50] == 0).all() and (frame[10] == 255).all()
