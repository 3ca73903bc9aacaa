"""checkpoint.py: what is saved comes back with all that a training needs; what does not fit is refused."""

import errno
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from safetensors import numpy as tensors
from safetensors import safe_open

from faceswap_lib import UserError, profiles
from faceswap_lib.measure import step_cost
from faceswap_lib.network import checkpoint, saved

SMOKE = profiles.get("smoke")


def values(net) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(v).copy() for v in [*net.variables, *net.optimizer.variables]]


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all((x == y).all() for x, y in zip(first, second, strict=True))


def stir(net, iteration: int) -> None:
    """Random numbers into every weight and moment, as if after so many steps."""
    random = np.random.default_rng(iteration)
    for v in [*net.variables, *net.optimizer.variables]:
        if "float" in v.dtype:
            v.assign(random.normal(0, 1, v.shape))
    net.optimizer.iterations.assign(iteration)


@pytest.fixture(scope="module")
def net():
    return checkpoint.build(SMOKE, 0)


def put_means(folder: Path, net):
    for name in saved.MEANS.values():
        (folder / name).write_bytes(b"a mean texture")
    return net


@pytest.fixture
def saved_model(net, tmp_path):
    """A model of 7 steps with a check at 0, 4 and 7."""
    stir(put_means(tmp_path, net), 7)
    checkpoint.save(net, tmp_path, {"profile": "smoke"}, [{"iteration": i} for i in (0, 4, 7)])
    return tmp_path


def test_a_model_comes_back_with_its_optimizer(net, saved_model):
    before = values(net)
    other = checkpoint.build(SMOKE, 1)
    assert not same(before, values(other))
    assert checkpoint.restore(other, saved_model) == ([{"iteration": 0}, {"iteration": 4}, {"iteration": 7}], 7)
    assert same(before, values(other)) and len(other.optimizer.variables) > len(other.trainable_variables)


def test_a_model_of_16_bits_goes_on_where_it_was(tmp_path, recwarn):
    size = replace(SMOKE, mixed=True)
    try:
        net, other = (checkpoint.build(size, seed) for seed in (0, 1))
        net.train_on_batch(step_cost._batch(size))  # until then there is no telling what the optimizer will have
    finally:
        keras.mixed_precision.set_global_policy("float32")
    stir(net, 7)
    before = values(net)
    checkpoint.save(put_means(tmp_path, net), tmp_path, {}, [])
    assert checkpoint.restore(other, tmp_path) == ([], 7)
    assert same(before, values(other)) and not [w for w in recwarn if "Skipping" in str(w.message)]
    other.optimizer.learning_rate = 0.25
    assert float(other.optimizer.inner_optimizer.learning_rate) == 0.25


def test_the_losses_since_the_last_check_come_back_too(net, tmp_path):
    net.parts["loss_a"].update_state(3.0)
    checkpoint.save(put_means(tmp_path, net), tmp_path, {}, [])
    net.reset_metrics()
    checkpoint.restore(net, tmp_path)
    assert float(net.parts["loss_a"].result()) == 3.0
    net.reset_metrics()


def test_any_library_reads_the_weights(net, saved_model):
    with safe_open(saved_model / "model.safetensors", "np") as file:
        names = set(file.keys())
        kernel = file.get_tensor("encoder.00")
    assert kernel == pytest.approx(keras.ops.convert_to_numpy(net.encoder.variables[0]))
    assert {name.split(".")[0] for name in names} == {
        "encoder", "decoder_a", "decoder_b", "discriminator", "optimizer", "seen"
    }  # fmt: skip
    assert sum(checkpoint._variables(net)[name].numpy().nbytes for name in names) == checkpoint.size(net)


def test_a_disk_that_refuses_leaves_the_model_that_was_there(net, saved_model, monkeypatch):
    before = {path.name: path.read_bytes() for path in saved_model.iterdir()}

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(saved.Path, "write_bytes", full)
    with pytest.raises(UserError, match=r"cannot be saved in .*\(No space left on device\); the last one .* is intact"):
        checkpoint.save(net, saved_model, {}, [])
    assert {path.name: path.read_bytes() for path in saved_model.iterdir()} == before


def seal(folder: Path, weights: bytes) -> None:
    """Other weights under the record that is there, as a stranger could send them: every checksum is right."""
    saved.write(folder, saved.newest(folder)[0], weights)


def packed(net, **changes: np.ndarray) -> bytes:
    return tensors.save({k: keras.ops.convert_to_numpy(v) for k, v in checkpoint._variables(net).items()} | changes)


def test_weights_that_are_sealed_and_do_not_fit(net, saved_model):
    for weights, why in (
        (b"no weights", "another network"),
        (b"", "another network"),
        (packed(net)[:-9], "another network"),
        (packed(net, more=np.zeros(3)), "other layers"),
        (packed(net, **{"encoder.00": np.zeros((3, 3), "f4")}), "encoder.00 has shape"),
        (packed(net) + bytes(2_000_000), "too large"),
        (packed(net, **{"seen.00": np.array(np.nan, "f4")}), "not all its weights are numbers"),
    ):
        seal(saved_model, weights)
        with pytest.raises(UserError, match=why):
            checkpoint.restore(net, saved_model)


def test_weights_of_another_moment_than_the_record_are_refused(net, saved_model):
    """An iteration below zero, for one, would end a resumed training in a traceback."""
    saved.write(saved_model, saved.newest(saved_model)[0] | {"iteration": -7}, packed(net))
    with pytest.raises(UserError, match="Weights and record in .* are of two trainings; put it back from a copy"):
        checkpoint.restore(net, saved_model)


def test_no_number_is_infinite(net):
    assert checkpoint.finite(net)
    bias = net.decoder_b.trainable_variables[1]
    good = keras.ops.convert_to_numpy(bias)
    for bad in (np.nan, np.inf):
        bias.assign(np.full_like(good, bad))
        assert not checkpoint.finite(net)
    bias.assign(good)


def test_weights_of_another_network(saved_model):
    for changes in ({"width": 1.0}, {"texture": 96}):
        other = checkpoint.build(replace(SMOKE, **changes), 0)
        with pytest.raises(UserError, match="of another network"):
            checkpoint.restore(other, saved_model)


def test_a_seed_makes_a_network(net, tmp_path):
    one, same_seed, other = (values(checkpoint.build(SMOKE, seed)) for seed in (3, 3, 4))
    assert same(one, same_seed) and not same(one, other)
    assert int(checkpoint.build(SMOKE, 3).optimizer.iterations) == 0


def test_a_saved_model_can_be_moved(net, saved_model, tmp_path_factory):
    elsewhere = shutil.copytree(saved_model, tmp_path_factory.mktemp("moved") / "model")
    stir(net, 1)
    assert checkpoint.restore(net, elsewhere)[1] == 7
