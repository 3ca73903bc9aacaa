"""model.py against numpy loops, scikit-image's SSIM and TensorFlow's gradients; JAX gets a process of its own."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage.metrics import structural_similarity

from faceswap_lib import profiles
from faceswap_lib.network import checkpoint, layers, losses, model

SIZE = profiles.get("smoke").texture


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, shape).astype("f4")


def batch(n: int = 2, seed: int = 0) -> dict:
    """Random input for both sides, every pixel of weight 1."""
    half, out = SIZE // 2, {}
    for i, s in enumerate("ab"):
        shapes = {"picture": (half, half, 3), "motion": (half, half, 4), "target": (SIZE, SIZE, 3)}
        out |= {f"{k}_{s}": noise(n, *shape, seed=seed + 7 * i + len(k)) for k, shape in shapes.items()}
        out[f"weight_{s}"] = np.ones((n, SIZE, SIZE, 1), "f4")
    return {key: tf.constant(value) for key, value in out.items()}


@pytest.fixture(scope="module")
def net() -> model.FaceSwap:
    return checkpoint.build(profiles.get("smoke"), 0)


@pytest.mark.parametrize("times", [2, 4])
def test_pixel_shuffle_moves_every_channel_to_its_pixel(times):
    x = noise(2, 3, 5, 2 * times**2)
    out = keras.ops.convert_to_numpy(layers.pixel_shuffle(x, times))
    assert out.shape == (2, 3 * times, 5 * times, 2)
    for n, row, column, c in np.ndindex(*out.shape):
        inner = (row % times) * times + column % times
        assert out[n, row, column, c] == x[n, row // times, column // times, inner * 2 + c]
    assert (out == tf.nn.depth_to_space(x, times).numpy()).all()
    assert (keras.ops.convert_to_numpy(layers.pixel_unshuffle(out, times)) == x).all()


@pytest.mark.parametrize("strength", [1.0, 0.3])
def test_a_reversed_gradient_has_the_other_sign(strength):
    x = tf.Variable(noise(4, 3))
    with tf.GradientTape() as tape:
        y = losses.reverse_gradient(x, strength)
        loss = tf.reduce_sum(y**3)
    assert y.numpy() == pytest.approx(x.numpy(), abs=1e-6)
    assert tape.gradient(loss, x).numpy() == pytest.approx(-strength * 3 * x.numpy() ** 2, rel=1e-5)


def test_the_gradient_is_reversed_on_jax_too():
    code = """
import jax, numpy as np
from faceswap_lib.network import layers, losses
x = np.linspace(-1, 1, 6, dtype="f4")
back = jax.grad(lambda v: (losses.reverse_gradient(v, 0.3) ** 3).sum())(x)
assert np.allclose(back, -0.3 * 3 * x ** 2, atol=1e-6), back
shuffled = np.asarray(layers.pixel_shuffle(np.arange(8, dtype="f4").reshape(1, 1, 2, 4)))
assert shuffled.ravel().tolist() == [0, 1, 4, 5, 2, 3, 6, 7]
"""
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr[-2000:]


def test_dssim_is_scikit_images_away_from_the_border():
    x = noise(1, 24, 24, 3)
    y = np.clip(x * 0.7 + 0.3 * noise(1, 24, 24, 3, seed=1), 0, 1)
    mine = keras.ops.convert_to_numpy(losses.dssim(x, y))[0]
    oracle = structural_similarity(
        x[0], y[0], win_size=5, use_sample_covariance=False, data_range=1.0, channel_axis=-1, full=True
    )[1]
    assert mine.shape == (24, 24, 3)
    assert mine[2:-2, 2:-2] == pytest.approx((1 - oracle[2:-2, 2:-2]) / 2, abs=1e-4)
    assert np.abs(keras.ops.convert_to_numpy(losses.dssim(x, x))).max() < 1e-4


def test_reconstruction_is_nothing_for_the_same_and_grows_with_the_difference():
    target, weight = noise(2, 16, 16, 3), np.ones((2, 16, 16, 1), "f4")
    found = [float(losses.reconstruction(np.clip(target + d, 0, 2), target, weight)) for d in (0, 0.05, 0.1, 0.3)]
    assert found[0] == pytest.approx(0, abs=1e-5) and found == sorted(found) and found[3] > 0.3


def test_hidden_pixels_have_no_part_in_the_loss():
    target, weight = noise(1, 24, 24, 3), np.zeros((1, 24, 24, 1), "f4")
    weight[:, :12] = 1
    drawn = tf.Variable(noise(1, 24, 24, 3, seed=1))
    with tf.GradientTape() as tape:
        loss = losses.reconstruction(drawn, target, weight)
    gradient = np.abs(tape.gradient(loss, drawn).numpy()[0]).sum(-1)
    assert (gradient[14:] == 0).all(), "further away than SSIM's box reaches"
    assert (gradient[:12] > 0).all()
    other = drawn.numpy().copy()
    other[:, 14:] = 0
    assert float(losses.reconstruction(other, target, weight)) == pytest.approx(float(loss), rel=1e-6)


def test_eyes_count_by_their_weight():
    target, weight = np.zeros((1, 24, 24, 3), "f4"), np.ones((1, 24, 24, 1), "f4")
    drawn = target.copy()
    drawn[0, 10, 10] = 0.5
    plain = float(losses.reconstruction(drawn, target, weight))
    weight[0, 8:13, 8:13] = 3
    share = 24 * 24 / (24 * 24 + 2 * 25)
    assert float(losses.reconstruction(drawn, target, weight)) > 1.5 * share * plain


def test_a_fresh_decoder_draws_about_the_persons_mean(net):
    mean = np.linspace(0.1, 0.9, SIZE * SIZE * 3, dtype="f4").reshape(SIZE, SIZE, 3)
    net.decoder_a.get_layer("mean_texture").set(mean)
    x = batch()
    out = {key: keras.ops.convert_to_numpy(value) for key, value in net(x).items()}
    assert out["aa"].shape == out["bb"].shape == (2, SIZE, SIZE, 3)
    assert np.abs(out["aa"] - mean).mean() < 0.05 < np.abs(out["bb"] - mean).mean()
    drawn = model.draw(net, x["picture_b"].numpy(), x["motion_b"].numpy(), "a")
    assert drawn.shape == (2, SIZE, SIZE, 3) and 0 <= drawn.min() and drawn.max() <= 1
    assert np.abs(drawn - mean).mean() < 0.05, "B's faces through A's decoder"


def test_drawing_goes_through_the_decoder_asked_for(net):
    x = batch()
    both = net(x)
    for side in "ab":
        drawn = model.draw(net, x[f"picture_{side}"].numpy(), x[f"motion_{side}"].numpy(), side)
        assert drawn == pytest.approx(keras.ops.convert_to_numpy(both[side * 2]), abs=1e-4)


def test_faces_of_a_batch_do_not_touch_one_another(net):
    x = batch(4)
    picture, moves = x["picture_a"].numpy(), x["motion_a"].numpy()
    whole = model.draw(net, picture, moves, "b")
    alone = np.concatenate([model.draw(net, picture[i : i + 1], moves[i : i + 1], "b") for i in range(4)])
    assert whole == pytest.approx(alone, abs=1e-4)


def gan_gradient(net: model.FaceSwap, x: dict, strength: float) -> tuple[float, np.ndarray]:
    """The loss, and its gradient at drawn pictures, with the discriminator pulling at the decoders or not (0)."""
    kept = net.discriminator.get_weights()  # spectral normalisation counts its calls
    drawn = {key: tf.Variable(noise(2, SIZE, SIZE, 3, seed=9 + i)) for i, key in enumerate(("aa", "bb"))}
    net.gan = strength
    try:
        with tf.GradientTape() as tape:
            loss = net.compute_loss(x=x, y_pred=drawn)
        return float(loss), tape.gradient(loss, drawn["aa"]).numpy()
    finally:
        net.gan = 0.0
        net.discriminator.set_weights(kept)


def test_the_discriminators_loss_reaches_the_decoders_with_the_other_sign(net):
    x = batch()
    plain, base = gan_gradient(net, x, 0.0)
    played, once = gan_gradient(net, x, 0.5)
    twice = gan_gradient(net, x, 1.0)[1]
    pull = once - base
    assert played > plain and np.abs(pull).max() > 1e-9
    assert twice - base == pytest.approx(2 * pull, rel=1e-3, abs=np.abs(pull).max() * 1e-3)
    # a step of the drawn pictures against the gradient must make the discriminator's own loss worse, not better
    start = noise(2, SIZE, SIZE, 3, seed=9)
    fooled, honest = (start - step * pull / np.abs(pull).max() for step in (0.05, -0.05))
    scores = [discriminator_loss(net, x, start_as) for start_as in (honest, start, fooled)]
    assert scores[0] < scores[1] < scores[2], scores


def discriminator_loss(net: model.FaceSwap, x: dict, drawn: np.ndarray) -> float:
    """How badly the discriminator tells these drawn pictures of A from real ones."""
    net.gan = 1.0
    net.reset_metrics()
    try:
        bb = tf.constant(noise(2, SIZE, SIZE, 3, seed=10))
        net.compute_loss(x=x, y_pred={"aa": tf.constant(drawn.astype("f4")), "bb": bb})
        return float(net.parts["gan_fake"].result())
    finally:
        net.gan = 0.0
        net.reset_metrics()


def hinge(judge: keras.Model, real: np.ndarray, flat: np.ndarray) -> object:
    return tf.reduce_mean(tf.nn.relu(1 - judge(real, training=True)) + tf.nn.relu(1 + judge(flat, training=True)))


def test_the_discriminator_learns_to_tell_real_from_flat():
    keras.utils.set_random_seed(1)
    judge, optimizer = model.discriminator(SIZE, 0.5), keras.optimizers.Adam(2e-3)
    flat = tf.fill((8, SIZE, SIZE, 3), 0.5)

    @tf.function
    def step(real):
        with tf.GradientTape() as tape:
            loss = hinge(judge, real, flat)
        optimizer.apply(tape.gradient(loss, judge.trainable_variables), judge.trainable_variables)

    for i in range(60):
        step(tf.constant(noise(8, SIZE, SIZE, 3, seed=i)))
    unseen = judge(noise(8, SIZE, SIZE, 3, seed=999)).numpy()
    assert unseen.shape[-1] == 2 and unseen.shape[1] < SIZE // 4, "a judgement for each patch, as A and as B"
    assert unseen.min() > judge(flat).numpy().max()
