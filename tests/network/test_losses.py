"""losses.py against scikit-image's SSIM, TensorFlow's gradients and sums by hand; JAX gets a process of its own."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from random_pictures import noise
from skimage.metrics import structural_similarity

from faceswap_lib.network import losses


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


def judged(*scores: np.ndarray):
    """A judge that knows one picture from the other by its red, and likes them by so much: as A, as B."""

    def judge(pictures: object, training: bool) -> object:
        red = keras.ops.average_pool(pictures, 8, strides=8)[..., :1]
        return keras.ops.concatenate([red * scores[0], red * scores[1]], -1)

    return judge


def test_the_game_is_a_hinge_on_what_is_seen():
    real, fake = (np.zeros((2, 16, 16, 3), "f4") for _ in range(2))
    real[0, ..., 0], real[1, ..., 0] = 0.5, 0.25  # A, then B
    fake[0, ..., 0], fake[1, ..., 0] = 0.125, -0.75
    seen = np.ones((2, 16, 16, 1), "f4")
    loss, on_real, on_fake = (float(x) for x in losses.game(judged(3, -2), real, fake, seen, 0.1))
    assert on_real == pytest.approx(np.mean([0, 1 + 2 * 0.25])), "1 less the score, A's by A and B's by B, not below 0"
    assert on_fake == pytest.approx(np.mean([1 + 3 * 0.125, 1 + 2 * 0.75]))
    assert loss == pytest.approx(on_real + on_fake), "what is pulled at has the value 0"
    seen[:, :8] = 0  # half of each picture is hidden, whatever is in it
    real[:, :8], fake[:, :8] = 7, -7
    assert [float(x) for x in losses.game(judged(3, -2), real, fake, seen, 0.1)] == pytest.approx(
        [loss, on_real, on_fake]
    )


@pytest.mark.parametrize("strength", [0.05, 1.0])
def test_the_game_pulls_at_what_is_drawn_towards_a_better_score(strength):
    real, fake, seen = noise(2, 16, 16, 3), tf.Variable(noise(2, 16, 16, 3, seed=1)), np.ones((2, 16, 16, 1), "f4")
    with tf.GradientTape() as tape:
        loss = losses.game(judged(3, -2), real, fake, seen, strength)[0]
    gradient = tape.gradient(loss, fake).numpy()
    share = 1 / (64 * 8)  # a score is the mean of 64 pixels, and there are 4 patches for A and 4 for B
    assert gradient[0, ..., 0] == pytest.approx(-strength * 3 * share), "a step against it raises A's score"
    assert gradient[1, ..., 0] == pytest.approx(strength * 2 * share) and not gradient[..., 1:].any()
