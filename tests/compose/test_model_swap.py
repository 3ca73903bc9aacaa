"""model_swap.py: a trained model finds its people, its network and what it keeps in front."""

import cv2
import numpy as np
import pytest

from faceswap_lib import UserError, profiles
from faceswap_lib.compose import model_swap, scenes
from faceswap_lib.face import faceset
from faceswap_lib.face.mesh import canvas
from faceswap_lib.network import checkpoint, model, pretrained


def test_there_is_no_keeper_without_a_network_or_a_mesh(scene, trained):
    at, about = scene
    assert model_swap.keeper(None, trained.model, about, at, "a", "b") is None
    flat = scenes.Scene(at.found, canvas("similarity", 64), at.solid, at.own, at.moves, at.solid)
    assert model_swap.keeper(object(), trained.model, about, flat, "a", "b") is None


def test_a_video_is_known_by_its_fingerprint_and_a_strange_one_shows_the_other_person(facesets, scene):
    about, (a, b) = scene[1], (faceset.load(facesets[name]) for name in "ab")
    assert [model_swap.side_of(found, about, to) for found in (a, b) for to in "ab"] == ["a", "a", "b", "b"]
    strange = about | {"data": {side: {"sha256": "0" * 64} for side in "ab"}}
    assert [model_swap.side_of(a, strange, to) for to in "ab"] == ["b", "a"]
    twins = about | {"data": {side: {"sha256": a.source.sha256} for side in "ab"}}
    assert model_swap.side_of(a, twins, "b") == "a", "trained on one video twice"


def test_without_a_network_the_mean_texture_is_drawn_whoever_moves(trained):
    for to in "ab":
        draw = model_swap.drawer(None, trained.model, "a", to)
        drawn = draw(np.zeros((2, 64, 64, 3), "u1"), np.zeros((2, 32, 32, 4), "f4"), [5, 8])
        mean = cv2.imread(str(trained.model / f"mean_{to}.png"))[..., ::-1] / 255
        assert drawn == pytest.approx(np.stack([mean, mean]), abs=1e-6)


@pytest.fixture(scope="module")
def net(trained, scene) -> model.FaceSwap:
    """The model as it was saved."""
    return model_swap.network(trained.model, scene[1], 0)


def test_a_network_from_scratch_is_as_trained_however_far_it_is_to_be_pulled(net, trained, scene):
    assert scene[1]["start"] == "mean"
    saved = checkpoint.build(profiles.get("smoke"), 3)
    checkpoint.restore(saved, trained.model)
    for each in (net, model_swap.network(trained.model, scene[1], 1)):
        assert all((a.numpy() == b.numpy()).all() for a, b in zip(each.weights, saved.weights, strict=True))


def test_a_network_is_pulled_towards_the_base_it_started_from(net, trained, scene, tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    about, parts = scene[1] | {"start": "mesh_64_0.5"}, {"encoder": net.encoder, "decoder": net.decoder_a}
    zeros = {
        f"{n}_{k:02d}": 0 * v.numpy() for n, part in parts.items() for k, v in enumerate(pretrained.variables(part))
    }
    with pytest.raises(UserError, match="--pull 0"):
        model_swap.network(trained.model, about, 0.25)
    assert model_swap.network(trained.model, about, 0), "who is not pulled needs no base"
    np.savez(tmp_path / "mesh_64_0.5.npz", **zeros)
    pulled = model_swap.network(trained.model, about, 0.25)
    for mine, theirs in zip(*(pretrained.variables(one.encoder) for one in (pulled, net)), strict=True):
        assert mine.numpy() == pytest.approx(0.75 * theirs.numpy(), abs=1e-6)


def test_a_network_draws_from_what_a_face_differs_by_from_its_own_mean(net, trained, scene, clip_a):
    at = scene[0]
    textures = np.stack([at.on.texture(clip_a.frames[i], at.solid[i][:, :2]) for i in (0, 9)])
    moves = np.stack([at.on.motion_picture(at.moves[i]) for i in (0, 9)])
    mean = cv2.imread(str(trained.model / "mean_a.png"))[..., ::-1] / 255
    halves = [x.reshape(-1, 32, 2, 32, 2, 3).mean((2, 4)) / 255 + 0.05 for x in (textures, mean[None] * 255)]
    differs = np.log(halves[0] / halves[1]).clip(-2, 2).astype("f4")
    expected = model.draw(net, differs, moves, "b")
    assert model_swap.drawer(net, trained.model, "a", "b")(textures, moves, [0, 9]) == pytest.approx(expected, abs=1e-3)
    assert expected[0].std() > 0.05
