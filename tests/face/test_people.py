"""people.py on tracks made by hand: how faces are followed, grouped into people and places, and who is meant."""

import numpy as np
import pytest

from faceswap_lib.face import faceset, people
from faceswap_lib.face.people import Track


def test_two_looks_multiplied_are_their_correlation_whatever_the_light(facesets):
    one, other = faceset.load(facesets["a"]).images(np.array([0, 20]))
    means = [
        (picture @ [0.299, 0.587, 0.114]).reshape(16, len(picture) // 16, 16, -1).mean((1, 3)).ravel()
        for picture in (one, other)
    ]
    expected = np.corrcoef(means)[0, 1]
    assert 0.5 < expected < 0.999
    assert (people.look(one) * people.look(other)).sum() == pytest.approx(expected, abs=2e-3)
    darker = (0.6 * one + 20).astype("u1")
    assert (people.look(one) * people.look(darker)).sum() > 0.999


def looks(seed: int) -> np.ndarray:
    """How somebody looks, (16, 16) of mean 0 and length 1."""
    grey = np.random.default_rng(seed).normal(size=(16, 16))
    grey -= grey.mean()
    return grey / np.linalg.norm(grey)


BOX = np.array([100.0, 80, 60, 60])


@pytest.mark.parametrize(
    ("frame", "aside", "look", "goes_on"),
    [(5, 4, 0, True), (6, 4, 0, True), (7, 4, 0, False), (5, 50, 0, False), (5, 4, 1, False)],
    ids=["next frame", "one missed", "two missed", "jumped", "after a cut"],
)
def test_a_face_goes_on_with_the_track_that_is_near_in_time_place_and_look(frame, aside, look, goes_on):
    tracks = [Track(BOX, 4, looks(0))]
    first, moved = tracks[0], BOX + [aside, 0, 0, 0]
    found = people.follow(tracks, moved, frame, set(), looks(look))
    assert (found is first) == goes_on and len(tracks) == 2 - goes_on and tracks[-1] is found
    assert found.last == frame and (found.box == moved).all() and (found.look == looks(look)).all()


def test_of_two_tracks_the_nearer_one_goes_on_and_no_track_twice_in_a_frame():
    tracks = [Track(BOX + [30, 0, 0, 0], 4, looks(0)), Track(BOX, 4, looks(0))]
    near, taken = tracks[1], set()
    assert people.follow(tracks, BOX + [2, 0, 0, 0], 5, taken, looks(0)) is near
    taken.add(id(near))
    assert people.follow(tracks, BOX + [4, 0, 0, 0], 5, taken, looks(0)) is tracks[0] and len(tracks) == 2
    taken.add(id(tracks[0]))
    assert people.follow(tracks, BOX, 5, taken, looks(0)) is tracks[2]


def track(count: int, *likeness: float) -> Track:
    """A track of so many faces, whose likenesses differ in one number."""
    return Track(BOX, 0, looks(0), list(range(count)), [np.eye(1, 128)[0] * x for x in likeness])


def test_tracks_are_grouped_by_likeness_and_who_has_most_faces_comes_first():
    a, b, a_again, c = track(5, 0, 0.2), track(7, 1.1), track(4, 0.5), track(1, 3)
    assert people.people([c, a_again, a, b]) == [[a, a_again], [b], [c]]
    assert people.people([]) == []


def test_of_two_people_who_are_alike_the_nearer_one_gets_the_track():
    one, other, between = track(9, 0), track(8, 0.8), track(3, 0.45)
    assert people.people([one, other, between]) == [[other, between], [one]]
