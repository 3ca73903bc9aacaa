"""crops.py: recording and swap wear the same, were encoded alike, and no moment is on both sides of the split."""

from types import SimpleNamespace

import numpy as np
import pytest

from faceswap_lib.detection import crops
from faceswap_lib.face import faceset
from faceswap_lib.trust import label, mark


@pytest.fixture(scope="module")
def own(swapped_run, short):
    """A's faceset, its recording's faces and its swap's."""
    found = faceset.load(swapped_run / "faces" / "a")
    number = crops.number_of(swapped_run / "swapped.mp4")
    swap = crops.cut(crops.frames_of(swapped_run / "swapped.mp4"), found)
    return found, number, crops.real(short["a"], found, number), swap


def test_blocks_of_learning_and_judging_are_no_neighbours():
    found = SimpleNamespace(source=SimpleNamespace(frames=200), frames=np.arange(200))
    used = crops.blocks(found)
    assert set(used.values()) == set(range(crops.BLOCKS))
    learned, held = ({f for f, block in used.items() if block % 2 == odd} for odd in (0, 1))
    assert learned and held and not learned & held
    for frame in held:
        assert not set(range(frame - 4, frame + 5)) & learned


def test_both_sides_show_the_same_moments(own):
    _, _, real, swap = own
    assert (real.frames == swap.frames).all() and (real.blocks == swap.blocks).all()
    assert len(real.learned) + len(real.held) == len(real) and real.pictures.shape[1:] == (crops.SIZE, crops.SIZE, 3)
    assert not set(real.learned.frames) & set(real.held.frames)


def test_far_from_the_face_a_recording_is_its_swap(own):
    """Label, mark and compression are the same; without them it is another picture."""
    found, _, real, swap = own
    bare = crops.hidden(real).pictures == 128
    around = ~bare.all(-1)
    apart = np.abs(real.pictures.astype(int) - swap.pictures).mean(-1)
    assert around.mean() > 0.05 and apart[around].mean() < 1.5
    assert np.abs(real.pictures.astype(int) - swap.pictures).mean(-1)[~around].mean() > 4, "but the face is another"


def test_a_dressed_recording_has_label_and_mark(short, own):
    found, number, _, _ = own
    dressed = [frame for _, frame in crops.encoded(crops.Dress(found, number).on(crops.frames_of(short["a"])))]
    assert label.share_of(dressed[::6]) == 1 and mark.read(dressed).found
    plain = [frame for _, frame in crops.frames_of(short["a"])]
    assert label.share_of(plain[::6]) == 0 and not mark.read(plain).found


def test_half_the_size_comes_back_in_half_the_size(own, short):
    found, _, real, _ = own
    small = list(crops.encoded(crops.frames_of(short["a"]), scale=0.5))
    assert small[0][1].shape == (160, 160, 3)
    faces = crops.cut(small, found)
    assert np.abs(faces.points - real.points).max() < 0.01, "crops lie where they lay"
    assert faces.pictures.std() == pytest.approx(real.pictures.std(), rel=0.1)


def test_labels_that_mean_nothing_exchange_half_of_each_block(own):
    _, _, real, swap = own
    one, two = crops.exchanged(real, swap, np.random.default_rng(0))
    turned = (one.pictures == swap.pictures).all((1, 2, 3))
    assert ((two.pictures == real.pictures).all((1, 2, 3)) == turned).all()
    assert 0.2 < turned.mean() < 0.8 and (one.pictures[~turned] == real.pictures[~turned]).all()


def test_a_painted_face_leaves_nothing_of_it(own):
    _, _, real, _ = own
    hidden = crops.hidden(real)
    for picture, points in zip(hidden.pictures, hidden.points, strict=True):
        x, y = np.round(points[[1, 33, 263, 61, 291, 152, 10]]).astype(int).clip(0, crops.SIZE - 1).T
        assert (picture[y, x] == 128).all()


def test_nothing_is_left_of_what_was_encoded(own, short, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    stream = crops.encoded(crops.frames_of(short["a"]))
    next(stream)
    stream.close()
    assert not list(tmp_path.iterdir())
