"""pretrained.py: a base goes into encoder and both decoders, spares each person's mean, and is refused if it is not."""

import json
from dataclasses import replace

import numpy as np
import pytest

from faceswap_lib import UserError, profiles, train
from faceswap_lib.network import checkpoint, layers, model, pretrained, schedule

SMOKE = profiles.get("smoke")


def stored(net) -> dict[str, np.ndarray]:
    """What setup/base/pretrain.py writes, from a network's own encoder and first decoder."""
    parts = {"encoder": net.encoder, "decoder": net.decoder_a}
    return {
        f"{name}_{k:02d}": np.asarray(v).astype("f2")
        for name, part in parts.items()
        for k, v in enumerate(pretrained.variables(part))
    }


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    np.savez(folder / "mesh_64_0.5.npz", **stored(checkpoint.build(SMOKE, 3)))
    return folder


def test_a_base_fills_the_encoder_and_both_decoders_but_no_mean(base):
    net, made_of = checkpoint.build(SMOKE, 4), checkpoint.build(SMOKE, 3)
    net.decoder_b.get_layer(pretrained.MEAN).set(np.full((64, 64, 3), 0.25))
    pretrained.fill(net, base / "mesh_64_0.5.npz")
    pairs = ((net.encoder, made_of.encoder), (net.decoder_a, made_of.decoder_a), (net.decoder_b, made_of.decoder_a))
    for mine, theirs in pairs:
        for a, b in zip(pretrained.variables(mine), pretrained.variables(theirs), strict=True):
            assert np.allclose(a, b, rtol=2e-3, atol=1e-6), a.path  # kept as 16-bit numbers
    mean = np.asarray(net.decoder_b.get_layer(pretrained.MEAN).mean)
    assert np.allclose(1 / (1 + np.exp(-mean)), 0.25)


@pytest.mark.parametrize(("scratch", "said"), [(False, "mesh_64_0.5"), (True, "mean")])
def test_training_starts_from_the_base_unless_told_otherwise(base, facesets, tmp_path, monkeypatch, scratch, said):
    monkeypatch.setattr(pretrained, "FOLDER", base)
    model = tmp_path / "model"
    train.train(*facesets.values(), model, profile="smoke", iterations=0, start="mean" if scratch else "base")
    assert json.loads((model / "model.json").read_text())["start"] == said
    # a training that goes on says how it began, whatever it is told now
    train.train(
        *facesets.values(), model, profile="smoke", iterations=1, resume=True, start="base" if scratch else "mean"
    )
    assert json.loads((model / "model.json").read_text())["start"] == said


def test_an_older_record_says_scratch_of_the_mean():
    assert "scratch" in pretrained.NO_BASE
    assert schedule.learning_rate(90, 0.1, "scratch") == schedule.learning_rate(90, 0.1, "mean")


def test_where_no_base_fits_there_is_none(base, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", base)
    assert pretrained.find(SMOKE, "mesh") == base / "mesh_64_0.5.npz"
    assert pretrained.find(SMOKE, "similarity") is None
    assert pretrained.find(replace(SMOKE, width=0.25), "mesh") is None


@pytest.mark.parametrize("name", ["micro", "demo", "gpu"])
def test_the_kit_has_a_base_for(name):
    assert pretrained.find(profiles.get(name), "mesh")


def test_a_larger_network_begins_with_the_bases_picture_enlarged(base, monkeypatch):
    for module in (model, pretrained):
        monkeypatch.setattr(module, "TRUNK", 64)
    monkeypatch.setattr(pretrained, "FOLDER", base)
    large, path = replace(SMOKE, texture=128), base / "mesh_64_0.5.npz"
    assert pretrained.find(large, "mesh") == path
    nets = [checkpoint.build(size, seed) for size, seed in ((SMOKE, 6), (large, 7))]
    seen = np.random.default_rng(0).random((2, 8, 8, 7)).astype("f4")
    drawn = []
    for net in nets:
        pretrained.fill(net, path)
        flat = seen.repeat(net.size // 16, 1).repeat(net.size // 16, 2)
        drawn.append(model.draw(net, flat[..., :3], flat[..., 3:], "b"))
    assert np.ptp(drawn[0]) > 0.02
    enlarged = 1 / (1 + np.exp(-np.asarray(layers.double(np.log(drawn[0] / (1 - drawn[0]))))))
    assert np.allclose(drawn[1], enlarged, atol=1e-4)
    fine = [layer for layer in nets[1].decoder_b.layers if layer.name.startswith(model.FINE) and layer.weights]
    before = [np.array(v) for layer in fine for v in layer.weights]
    pretrained.pull(nets[1], "mesh_64_0.5", 1.0, {})
    assert fine
    assert all((np.array(v) == old).all() for v, old in zip((v for f in fine for v in f.weights), before, strict=True))
    assert len(pretrained.variables(nets[1].decoder_b)) == len(pretrained.variables(nets[0].decoder_b))


def test_a_base_of_another_network_is_refused(base):
    net = checkpoint.build(replace(SMOKE, width=0.25), 0)
    with pytest.raises(UserError, match="another network"):
        pretrained.fill(net, base / "mesh_64_0.5.npz")


def test_from_a_base_the_steps_are_smaller(base, facesets, tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", base)
    rates = {}
    for scratch in (False, True):
        seen = rates[scratch] = []
        train.train(
            *facesets.values(),
            tmp_path / str(scratch),
            profile="smoke",
            iterations=3,
            start="mean" if scratch else "base",
            each=lambda run, seen=seen: seen.append(float(run.net.optimizer.learning_rate)),
        )
    assert rates[True][-1] / rates[False][-1] == pytest.approx(schedule.RATE / schedule.RATE_FROM_BASE, rel=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_pulled_weights_lie_between_trained_and_base(base, monkeypatch, share):
    monkeypatch.setattr(pretrained, "FOLDER", base)
    net, trained, made_of = (checkpoint.build(SMOKE, seed) for seed in (5, 5, 3))
    means = {"a": np.full((64, 64, 3), 0.25), "b": np.full((64, 64, 3), 0.5)}
    pretrained.pull(net, "mesh_64_0.5", share, means)
    threes = ((net.encoder, trained.encoder, made_of.encoder), (net.decoder_b, trained.decoder_b, made_of.decoder_a))
    for three in threes:
        for now, was, origin in zip(*map(pretrained.variables, three), strict=True):
            assert np.allclose(now, was + share * (origin - was), rtol=2e-3, atol=2e-4), now.path
    # trained means are 0, gray; A's started from a quarter
    mean = np.asarray(net.decoder_a.get_layer(pretrained.MEAN).mean)
    assert np.allclose(mean, share * np.log(0.25 / 0.75), atol=1e-6)


def test_a_model_whose_base_is_gone_says_how_to_convert_without(base, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", base)
    with pytest.raises(UserError, match="--pull 0"):
        pretrained.pull(checkpoint.build(SMOKE, 0), "mesh_512_9", 0.5, {})
