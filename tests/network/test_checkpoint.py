"""checkpoint.py: what is saved comes back, what is damaged is refused, and a failure leaves the last complete pair."""

import json
import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest

from faceswap_lib import UserError, files, profiles
from faceswap_lib.measure import step_cost
from faceswap_lib.network import checkpoint

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


@pytest.fixture
def saved(net, tmp_path):
    """A model of 7 steps with a check at 0, 4 and 7."""
    stir(net, 7)
    checkpoint.save(net, tmp_path, {"profile": "smoke"}, [{"iteration": i} for i in (0, 4, 7)])
    return tmp_path


def test_a_model_comes_back_with_its_optimizer(net, saved):
    before = values(net)
    other = checkpoint.build(SMOKE, 1)
    assert not same(before, values(other))
    assert checkpoint.restore(other, saved) == ([{"iteration": 0}, {"iteration": 4}, {"iteration": 7}], 7)
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
    checkpoint.save(net, tmp_path, {}, [])
    assert checkpoint.restore(other, tmp_path) == ([], 7)
    assert same(before, values(other)) and not [w for w in recwarn if "Skipping" in str(w.message)]
    other.optimizer.learning_rate = 0.25
    assert float(other.optimizer.inner_optimizer.learning_rate) == 0.25


def test_the_record_is_plain_json_and_nothing_else_is_left(saved):
    record = json.loads((saved / "model.json").read_text())
    assert (record["profile"], record["iteration"], len(record["history"])) == ("smoke", 7, 3)
    assert {p.name for p in saved.iterdir()} == {"model.json", "model.weights.h5"}


def test_a_kill_between_record_and_weights_costs_only_the_newer_history(net, saved):
    record = json.loads((saved / "model.json").read_text())
    newer = record | {"iteration": 9, "history": record["history"] + [{"iteration": 9}]}
    (saved / "model.json").write_text(json.dumps(newer))
    (saved / "part.weights.h5").write_bytes(b"half a file")
    assert checkpoint.restore(net, saved) == (record["history"], 7)


def test_a_save_that_fails_leaves_the_weights_that_were_there(net, saved, monkeypatch):
    before = (saved / "model.weights.h5").read_bytes()

    def refuse(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(net, "save_weights", refuse)
    with pytest.raises(UserError, match="cannot be saved.*no space left.*is intact"):
        checkpoint.save(net, saved, {}, [])
    assert (saved / "model.weights.h5").read_bytes() == before


def test_a_record_that_cannot_be_written_leaves_the_old_pair(net, saved, monkeypatch):
    before = [(saved / name).read_bytes() for name in ("model.json", "model.weights.h5")]

    def refuse(*_):
        raise OSError("read-only file system")

    monkeypatch.setattr(files.os, "replace", refuse)
    with pytest.raises(UserError, match="read-only"):
        checkpoint.save(net, saved, {"profile": "other"}, [])
    assert [(saved / name).read_bytes() for name in ("model.json", "model.weights.h5")] == before


def cut(path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def swap_bytes(path) -> None:
    data = bytearray(path.read_bytes())
    data[:2000] = bytes(2000)
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage", [cut, swap_bytes, lambda p: p.write_text("no weights"), lambda p: p.write_text(""), lambda p: p.unlink()]
)
def test_damaged_weights(net, saved, damage):
    damage(saved / "model.weights.h5")
    with pytest.raises(UserError, match="damaged or of another network.*train again"):
        checkpoint.restore(net, saved)


def test_weights_of_another_network(saved):
    for changes in ({"width": 1.0}, {"texture": 96}):
        other = checkpoint.build(replace(SMOKE, **changes), 0)
        with pytest.raises(UserError, match="of another network"):
            checkpoint.restore(other, saved)


def test_a_seed_makes_a_network(net, tmp_path):
    one, same_seed, other = (values(checkpoint.build(SMOKE, seed)) for seed in (3, 3, 4))
    assert same(one, same_seed) and not same(one, other)
    assert int(checkpoint.build(SMOKE, 3).optimizer.iterations) == 0


def test_a_saved_model_can_be_moved(net, saved, tmp_path_factory):
    elsewhere = shutil.copytree(saved, tmp_path_factory.mktemp("moved") / "model")
    stir(net, 1)
    assert checkpoint.restore(net, elsewhere)[1] == 7
