"""devices.py: two logical processors that share every batch learn what one learns; and who shares what."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from faceswap_lib import progress
from faceswap_lib.network import devices

ROOT = Path(__file__).parents[2]
STEPS = 6
# The real step, loss and optimizer around small networks: compiling the workshop's would take most of the time.
CODE = """
import json, sys
from dataclasses import replace
import numpy as np
backend, steps, S = sys.argv[1], int(sys.argv[2]), 16
if backend == "tensorflow":
    import tensorflow as tf
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
from keras import layers
from faceswap_lib import profiles
from faceswap_lib.network import checkpoint, devices, model, schedule
from faceswap_lib.network.layers import MeanTexture

devices.KIND = "cpu"

def encoder(size, width):
    picture, motion = keras.Input((S // 2, S // 2, 3)), keras.Input((S // 2, S // 2, 4))
    both = layers.Concatenate()([picture, motion])
    return keras.Model([picture, motion], layers.Conv2D(4, 3, padding="same")(both))

def decoder(size, width, name):
    code, motion = keras.Input((S // 2, S // 2, 4)), keras.Input((S // 2, S // 2, 4))
    x = layers.UpSampling2D()(layers.Conv2D(3, 3, padding="same")(layers.Concatenate()([code, motion])))
    return keras.Model([code, motion], MeanTexture(name="mean_texture")(x), name=name)

def discriminator(size, width):
    # no bias: while all faces are inside the hinge its gradient is 0 but for rounding, of which Adam makes whole steps
    picture = keras.Input((S, S, 3))
    scores = layers.Conv2D(2, 8, 8, use_bias=False)(picture)
    return keras.Model(picture, layers.Activation("linear", dtype="float32")(scores))

model.encoder, model.decoder, model.discriminator = encoder, decoder, discriminator
size = replace(profiles.get("smoke"), texture=S)
team = devices.team(size.batch)

def batch(seed):
    random, n = np.random.default_rng(seed), size.batch
    shapes = {"picture": (n, S // 2, S // 2, 3), "motion": (n, S // 2, S // 2, 4), "target": (n, S, S, 3)}
    shapes["weight"] = (n, S, S, 1)
    return {f"{k}_{side}": random.random(shape).astype("f4") for side in "ab" for k, shape in shapes.items()}

def losses(net, take, seed):
    take(batch(seed))
    found = [float(part.result()) for part in net.parts.values()]
    net.reset_metrics()
    return found

def begin(profile, team):
    net = checkpoint.build(profile, 0, team)
    net.gan, net.optimizer.learning_rate = schedule.GAN, schedule.RATE
    return net

def curve(net):
    rows = [losses(net, net.train_on_batch, 0) for _ in range(steps)]  # the same faces: what is learnt is seen
    one = batch(5)
    drawn = model.draw(net, one["picture_a"], one["motion_a"], "b")
    return {"rows": rows, "held": losses(net, net.test_on_batch, 99), "drawn": drawn.tolist()}

one, two = begin(size, devices.ALONE), begin(size, team)
said = {"devices": team.devices, "one": curve(one), "two": curve(two)}
# what two devices have learnt, as a checkpoint has it, is gone on with by one
for variable, shared in zip(*(checkpoint._variables(net).values() for net in (one, two)), strict=True):
    variable.assign(keras.ops.convert_to_numpy(shared))
said["resumed"] = [losses(net, net.train_on_batch, steps) for net in (one, two)]
if backend == "tensorflow":  # 16 bits, and a face that is too bright on the second device alone
    net, bad = begin(replace(size, mixed=True), team), batch(0)
    losses(net, net.train_on_batch, 1)
    bad["picture_a"][1], bad["target_a"][1] = 6e4, 1e38
    scale = [float(keras.ops.convert_to_numpy(net.optimizer.dynamic_scale))]
    net.train_on_batch(bad)
    scale.append(float(keras.ops.convert_to_numpy(net.optimizer.dynamic_scale)))
    said["overflow"] = {"finite": checkpoint.finite(net), "scale": scale}
print(json.dumps(said))
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_devices_learn_what_one_learns(backend):
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(ROOT),
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    }
    command = [sys.executable, "-c", CODE, backend, str(STEPS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    one, two = found["one"], found["two"]
    assert found["devices"] == ["cpu:0", "cpu:1"]
    assert all(loss > 0 for row in one["rows"] for loss in row)
    assert one["rows"][-1][0] < one["rows"][0][0] - 1e-3, "far more is learnt than may differ"
    for alone, together in zip([*one["rows"], one["held"]], [*two["rows"], two["held"]], strict=True):
        assert together == pytest.approx(alone, abs=1e-4)
    assert keras.ops.shape(two["drawn"]) == keras.ops.shape(one["drawn"])
    assert abs(keras.ops.convert_to_numpy(two["drawn"]) - keras.ops.convert_to_numpy(one["drawn"])).max() < 1e-3
    assert found["resumed"][0] == pytest.approx(found["resumed"][1], abs=1e-4)
    if backend == "tensorflow":
        before, after = found["overflow"]["scale"]
        assert found["overflow"]["finite"] and after == before / 2, "a step that one device could not take, none took"


@pytest.mark.parametrize(
    ("there", "batch", "share"),
    [
        ([], 32, 0),
        (["cpu:0", "cpu:1"], 32, 0),
        (["gpu:0"], 32, 1),
        (["gpu:0", "gpu:1"], 4, 2),
        (["gpu:0", "gpu:1", "gpu:2"], 16, 2),  # three cannot share the half of 16 that the discriminator sees
        ([f"gpu:{n}" for n in range(8)], 32, 8),
        ([f"gpu:{n}" for n in range(8)], 4, 2),
    ],
)
def test_as_many_cards_as_share_a_batch_evenly(monkeypatch, capsys, there, batch, share):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: there)
    monkeypatch.setattr(progress, "_said", set())
    team = devices.team(batch)
    assert team.devices == tuple(there[:share] if share else ()) and team.many == (share > 1)
    team.tell(batch)
    said = capsys.readouterr().err
    assert f"{batch // share} of each person's {batch} faces" in said if share > 1 else not said


def test_one_device_is_given_the_batch_as_it_is():
    batch = {"weight_a": object()}
    (same,) = devices.ALONE.deal(batch)
    assert same is batch and devices.ALONE.compiles and devices.cards() == 1 and devices.everywhere(batch) is batch
