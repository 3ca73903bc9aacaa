"""people.py on tracks made by hand: how faces are followed, grouped into people and places, and who is meant."""

import numpy as np
import pytest

from faceswap_lib.face import faceset, people
from faceswap_lib.face.people import Track
from faceswap_lib.face.records import Record


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


def face(frame: int, x: float, side: float = 60, mouth: float = 0.0, yaw: float = 0.0) -> Record:
    """A face's record: where it is, how far its lips are apart, and how it is turned."""
    points = np.zeros((478, 2))
    points[[33, 263], 0] = x, x + side
    points[[14, 87, 317], 1] = mouth * side
    points = points.tolist()
    fixed = {"depth": [0.0] * 478, "transform": [[1, 0, 0], [0, 1, 0]], "blur": 1.0, "score": 1.0, "person": 0}
    return Record(frame=frame, box=[x, 80, side, side], landmarks=points, pose=[yaw, 0, 0], file="x.png", **fixed)


def seen(*stretches: tuple) -> tuple[list[Track], list[Record]]:
    """Tracks and records of faces: each (person, first frame, last frame, x) and perhaps what moves them by frame."""
    tracks, records = [], []
    for person, first, last, x, *how in stretches:
        made = [face(i, x, **(how[0](i) if how else {})) for i in range(first, last + 1)]
        numbers = list(range(len(records), len(records) + len(made)))
        tracks.append(Track(np.array(made[-1].box), last, looks(0), numbers, [np.eye(1, 128)[0] * person]))
        records += made
    return tracks, records


def chosen(tracks: list[Track], records: list[Record], number: int = 0, length: int = 200) -> dict[int, float]:
    """Frame -> where the face is that is taken."""
    people.choose(records, people.appearances(tracks, records), number, length, 24)
    mine = [r for r in records if r.person == number]
    assert all(r.left_out is None for r in mine) and len({r.frame for r in mine}) == len(mine)
    assert all(r.left_out for r in records if r.person != number)
    return {r.frame: r.box[0] for r in mine}


def talks(i: int) -> dict:
    return {"mouth": 0.05 * (i // 6 % 2)}


def grows(i: int) -> dict:
    return {"side": 40 + i}


def test_who_moves_comes_before_who_is_seen_more_and_does_not():
    for living in ({"mouth": talks}, {"yaw": lambda i: {"yaw": 20 * np.sin(i / 9)}}):
        tracks, records = seen((0, 0, 99, 100), (3, 20, 79, 400, *living.values()))
        assert set(chosen(tracks, records).values()) == {400}
    tracks, records = seen((0, 0, 99, 100, talks), (3, 20, 79, 400, talks))
    assert set(chosen(tracks, records).values()) == {100}, "both move"
    tracks, records = seen((0, 0, 99, 100), (3, 20, 30, 400, talks))
    assert set(chosen(tracks, records).values()) == {100}, "too short to know"


def test_a_picture_that_another_shot_shows_from_another_side_does_not_move():
    shots = [face(i, 100, yaw=20 * (i >= 50)) for i in range(100)]
    assert people.moves(shots), "a head that turns"
    apart = [r.model_copy(update={"box": [300.0, *r.box[1:]]}) for r in shots[50:]]
    assert not people.moves(shots[:50] + apart)


@pytest.mark.parametrize("shakes", [0.001, 0.003])
def test_jitter_is_no_movement_and_a_blink_is_one(shakes):
    random = np.random.default_rng(0)
    picture = [face(i, 100 + random.normal(), mouth=0.1 + shakes * random.normal()) for i in range(100)]
    assert not people.moves(picture)
    for i in (50, 51, 52, 53):
        for lower in (145, 153, 144, 374, 380, 373):
            picture[i].landmarks[lower][1] += 6
    assert people.moves(picture)


def test_of_two_places_at_once_one_is_followed_though_the_other_one_grows():
    def both(how) -> tuple[list[Track], list[Record]]:
        return seen((0, 0, 99, 100, talks), (0, 0, 99, 400, how))

    tracks, records = both(lambda i: talks(i) | grows(i))
    assert set(chosen(tracks, records).values()) == {400}, "large for longer"
    assert {r.left_out for r in records} == {None, "same person elsewhere"}
    assert set(chosen(*both(lambda i: talks(i) | grows(i)), 1).values()) == {100}, "where that one is asked for"
    assert set(chosen(*both(grows)).values()) == {100}, "a picture that the camera comes near to"


def test_a_face_lost_for_a_moment_is_not_looked_for_in_the_mirror():
    tracks, records = seen(
        (0, 0, 40, 100, talks), (0, 0, 99, 400, lambda i: {"side": 30} | talks(i)), (0, 50, 99, 110, talks)
    )
    where = chosen(tracks, records)
    assert set(where.values()) == {100, 110} and not set(range(41, 50)) & set(where)


def test_whoever_is_gone_for_long_or_for_a_shot_is_taken_where_they_are_seen():
    small = {"side": 30}
    tracks, records = seen((0, 0, 40, 100, talks), (0, 0, 79, 400, lambda i: small | talks(i)), (0, 90, 99, 400))
    where = chosen(tracks, records)
    assert [where[i] for i in (0, 40, 41, 79)] == [100, 100, 400, 400] and len(where) == 90
    assert people.count(records) == 1


def test_after_both_were_lost_each_goes_on_where_it_was():
    tracks, records = seen((0, 0, 40, 100), (0, 0, 40, 400), (0, 50, 99, 395), (0, 50, 99, 105))
    places = [one.records for one in people.appearances(tracks, records)]
    assert [{records[i].box[0] for i in place} for place in places] in (
        [{100, 105}, {400, 395}],
        [{400, 395}, {100, 105}],
    )


def test_what_is_told_names_everybody_who_may_be_meant():
    tracks, records = seen((0, 0, 99, 100, talks), (0, 0, 99, 500, talks), (3, 0, 49, 300), (0, 0, 5, 700))
    chosen(tracks, records)
    assert people.count(records) == 2 and people.told(records, 0, 600) == (
        "Person 0 (100 faces, left) was taken, and not 1 (50 faces, middle, does not move: a picture?), "
        "2 (100 faces, right, the same face again: a mirror or a picture?). people.jpg shows who is who; "
        "--person takes another one (person_a and person_b in the notebooks)."
    )
    tracks, records = seen(*((3 * k, 0, 20 - k, 100 * k, talks) for k in range(7)))
    chosen(tracks, records)
    assert people.told(records, 0, 600).count("faces") == 5 and " and 2 more. " in people.told(records, 0, 600)
    tracks, records = seen((0, 0, 99, 100, talks), (0, 0, 5, 500, talks))
    chosen(tracks, records)
    assert people.told(records, 0, 600) == "", "found twice for a moment"


def test_faces_that_are_turned_are_told_of_when_they_are_most():
    def faces(*rolls: float) -> list[Record]:
        return [face(i, 100).model_copy(update={"pose": [0, 0, roll]}) for i, roll in enumerate(rolls)]

    assert people.turned(faces(0, 30, -40, 60)) == "" == people.turned([])
    assert people.turned(faces(170, -175, 5)).startswith(
        "2 of 3 faces stand on their head in this video; they were found"
    )
    assert people.turned(faces(80, -95, 100)).startswith("3 of 3 faces lie on their side")
