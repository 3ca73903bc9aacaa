"""scenes.py: the new face has its own shape, moves as the old one does, and goes where that one was."""

import shutil
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import rewritten

from faceswap_lib.compose import model_swap, scenes
from faceswap_lib.face import faceset, geometry, motion
from faceswap_lib.face.mesh import canvas
from faceswap_lib.network import record


@pytest.mark.parametrize("source, to", ["ab", "ba"])
def test_the_drawn_shape_is_the_others_with_the_sources_motion(facesets, trained, source, to):
    found, about = faceset.load(facesets[source]), record.read_about(trained.model)
    scene = model_swap.scene(found, about, to)
    shape, other = (np.array(about["shapes"][side]) for side in (source, to))
    own = motion.person(motion.smooth(found.solid, found.frames), shape).motion
    mine = own * motion.carried(shape, other) + motion.parted(shape, other, own)
    drawn = motion.person(np.stack(scene.targets), other).motion
    assert np.abs(drawn - mine).max() < 0.02, "in eye distances"
    assert scene.moves[:] == pytest.approx(mine, abs=1e-6)


def test_towards_profile_the_new_face_fades_out(facesets, trained):
    found, about = faceset.load(facesets["a"]), record.read_about(trained.model)
    at = model_swap.scene(found, about, "b")
    assert all(scenes.shown(at.yaw(i)) == 1 for i in range(len(at.solid))), "the built-in clip never turns that far"
    turned = {}
    for degrees in (20, 47, 65):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        solid = at.solid[:1] @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]], "f4")
        one = scenes.Scene(found, at.on, solid, at.own[:1], at.moves[:1], at.targets[:1])
        turned[degrees] = scenes.shown(one.yaw(0))
    assert turned[20] == 1 > turned[47] > turned[65] == 0


def long(folder, faces: int) -> faceset.Faceset:
    """A faceset of so many faces, those of a folder again and again."""
    found = faceset.load(folder)
    again = [found.records[k % len(found.records)].model_copy(update={"frame": k}) for k in range(faces)]
    return replace(found, records=again)


def test_worked_out_in_blocks_all_is_as_at_once(facesets, monkeypatch):
    """Over 60 faces and a cut, which is where the same thirty begin again."""
    found, a, b = long(facesets["a"], 60), *(motion.person(faceset.load(facesets[name]).solid).mean for name in "ab")
    solid, worked_out = motion.smooth(found.solid, found.frames), {}
    for blocks in (7, 1000):
        monkeypatch.setattr(scenes, "BLOCK", blocks)
        at = scenes.scene(found, canvas("mesh", 64), a, b)
        assert (at.solid[:] == solid).all() and (at.solid[[3, 59]] == solid[[3, 59]]).all()
        assert (at.own[:] == motion.person(solid, a).motion.astype("f4")).all()
        assert len(list(at.targets)) == len(at.targets) == 60 and np.array_equal(at.targets[58:][1], at.targets[-1])
        with pytest.raises(IndexError):
            at.moves[60]
        worked_out[blocks] = np.concatenate([at.moves[:], at.targets[:]])
    assert np.array_equal(worked_out[7], worked_out[1000])


def test_memory_does_not_grow_with_the_faces(facesets, monkeypatch):
    monkeypatch.setattr(scenes, "BLOCK", 8)
    mean, peaks = motion.person(faceset.load(facesets["a"]).solid).mean, []
    for count in (150, 600):
        found = long(facesets["a"], count)
        tracemalloc.start()
        at = scenes.scene(found, canvas("mesh", 64), mean, 1.02 * mean)
        assert all(np.isfinite(at.targets[i]).all() and np.isfinite(at.solid[i]).all() for i in range(count))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / 450 < 0.1 * found.solid[0].nbytes, "a face is 5.7 kB, and a number or two are kept"


def test_a_scene_knows_which_face_is_in_which_frame(facesets, tmp_path):
    gappy = shutil.copytree(facesets["a"], tmp_path / "gappy")
    gone = (3, 4, 11)
    rewritten.faces(gappy, lambda raw: raw.update(faces=[face for face in raw["faces"] if face["frame"] not in gone]))
    found = faceset.load(gappy)
    mean = motion.person(motion.smooth(found.solid, found.frames)).mean
    at = scenes.scene(found, canvas("mesh", 64), mean, mean)
    assert len(at.solid) == 27 and {3, 4, 11}.isdisjoint(at.at)
    assert {frame: found.records[i].frame for frame, i in at.at.items()} == {frame: frame for frame in at.at}


def test_who_is_put_in_for_herself_stays_where_she_is(facesets):
    found = faceset.load(facesets["a"])
    mean = motion.person(motion.smooth(found.solid, found.frames)).mean
    at = scenes.scene(found, canvas("mesh", 64), mean, mean)
    assert at.moves[:] == pytest.approx(at.own[:], abs=1e-6)
    eyes = geometry.eye_distance(at.solid[0])
    assert np.abs(at.targets[:] - at.solid[:])[..., :2].max() < 0.02 * eyes


def test_aligned_by_similarity_the_new_face_takes_the_old_ones_shape(facesets):
    found = faceset.load(facesets["a"])
    mine, theirs = (motion.person(faceset.load(facesets[name]).solid).mean for name in "ab")
    at = scenes.scene(found, canvas("similarity", 64), mine, theirs)
    assert at.targets[:] == pytest.approx(at.solid[:], abs=1e-3) and (at.moves[:] == at.own[:]).all()
    through = scenes.scene(found, canvas("mesh", 64), mine, theirs)
    assert np.abs(through.targets[:] - through.solid[:])[..., :2].max() > 0.03 * geometry.eye_distance(at.solid[0])
