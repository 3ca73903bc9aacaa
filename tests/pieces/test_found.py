"""found.py: whoever looks for the faces, they are the same, and over a cut they are still the same people."""

import hashlib
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from keyed_clips import FRAMES, GAP, keyed, start

from faceswap_lib import UserError, extract
from faceswap_lib.media import cuts, video
from faceswap_lib.pieces import found
from faceswap_lib.pieces.crew import ALONE


def content(folder: Path) -> dict[str, str]:
    """Name -> SHA-256 of each file of a faceset."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> Path:
    """A on the left all the time, B on the right from the middle of the second piece on, and to the end."""
    a, b = start("a"), start("b")
    wall = np.full_like(a[0], 110)
    frames = [np.hstack([a[i], b[i] if i >= 24 else wall])[::2, ::2] for i in range(FRAMES)]
    return keyed(tmp_path_factory.mktemp("pair") / "pair.mp4", frames)


def test_one_process_or_two_workers_one_of_them_killed_give_the_same_faceset(pair, two, tmp_path):
    alone = extract.extract(pair, tmp_path / "alone", profile="smoke")
    assert len(cuts.pieces(video.probe(pair))) == 3 and alone.people == 2
    told, killed = [], []

    def kill(done: int, total: int | None, note: str) -> None:
        told.append((done, total))
        if not killed:
            killed.extend(two._client.run(os.getpid).values())
            os.kill(killed[0], signal.SIGKILL)

    extract.extract(pair, tmp_path / "killed", profile="smoke", crew=two, progress=kill)
    assert told == [(16, 48), (32, 48), (48, 48)] and len(killed) == 2
    assert content(tmp_path / "alone") == content(tmp_path / "killed")


def test_pieces_find_what_one_pass_finds_and_tracks_go_on_over_the_cuts(pair, tmp_path, monkeypatch):
    info = video.probe(pair)
    joined, first = found.Joined(), []
    for piece in ALONE.each(found.faces, [(one, tmp_path, 128) for one in cuts.pieces(info)]):
        joined.add(piece)
        first.append(len(piece.tracks))
    tracks = joined.known()
    assert first == [1, 2, 2], "the second person comes in the second piece"
    assert [[joined.records[i].frame for i in track.records] for track in tracks] == [
        list(range(FRAMES)),
        list(range(24, FRAMES)),
    ]
    assert all(track.likeness for track in tracks), "of the first piece nobody had asked"
    monkeypatch.setattr(cuts, "SECONDS", 60)
    (whole,) = ALONE.each(found.faces, [(one, tmp_path, 128) for one in cuts.pieces(info)])
    assert len(whole.records) == len(joined.records)
    off = [np.abs(a.landmarks - b.landmarks).max() for a, b in zip(joined.records, whole.records, strict=True)]
    assert max(off) < 0.5, "pixels: nothing begins anew at a cut"
    assert [one.frame for one in joined.records] == [one.frame for one in whole.records]


def test_a_person_who_is_replaced_at_a_cut_is_another(tmp_path):
    path = keyed(tmp_path / "both.mp4", [*start("a")[:GAP], *start("b")[: 2 * GAP]])
    result = extract.extract(path, tmp_path / "f", profile="smoke")
    assert (result.people, result.faces, result.left_out) == (2, 2 * GAP, {"another person": GAP})


def test_remarks_and_numbers_go_on(tmp_path, clip):
    one, other = found.Found(), found.Found()
    with pytest.raises(UserError, match="more faces than a faceset holds"):
        found.check_number([None] * 10**6, clip)
    one.remarks.note(0.0, False, False)
    other.remarks.note(0.5, True, True)
    one.remarks.add(other.remarks)
    assert (one.remarks.damaged, one.remarks.interlaced, one.remarks.frames) == ([(1, 0.5)], 1, 2)
