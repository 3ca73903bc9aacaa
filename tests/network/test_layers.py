"""layers.py against NumPy loops, TensorFlow's own operations and Keras' own layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from random_pictures import noise

from faceswap_lib.network import layers


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


@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (1, 8, 8, 1)])
def test_double_is_keras_own_bilinear_layer(shape):
    x = noise(*shape)
    theirs = keras.layers.UpSampling2D(2, interpolation="bilinear")(x)
    assert keras.ops.convert_to_numpy(layers.double(x)) == pytest.approx(keras.ops.convert_to_numpy(theirs), abs=1e-6)
    assert (layers.Double()(x) == layers.double(x)).numpy().all()


def test_shuffling_layers_do_as_their_functions():
    x = noise(2, 4, 6, 8)
    for layer, work in (
        (layers.PixelShuffle(), layers.pixel_shuffle),
        (layers.PixelUnshuffle(), layers.pixel_unshuffle),
    ):
        assert (layer(x) == work(x)).numpy().all() and layer(x).shape != x.shape


def test_a_mean_texture_begins_as_the_picture_it_was_set_to_and_is_moved_by_what_comes_in():
    layer, picture = layers.MeanTexture(), np.linspace(0.05, 0.95, 8 * 8 * 3, dtype="f4").reshape(8, 8, 3)
    still = np.zeros((2, 8, 8, 3), "f4")
    assert layer(still).numpy() == pytest.approx(0.5), "grey before it is set"
    layer.set(picture)
    assert layer(still).numpy() == pytest.approx(np.stack([picture, picture]), abs=1e-6)
    odds = picture / (1 - picture)
    assert layer(still + np.log(3)).numpy()[0] == pytest.approx(3 * odds / (1 + 3 * odds), abs=1e-5)


def test_black_and_white_can_be_kept_as_logits():
    kept = layers.MeanTexture.logits(np.array([[[0.0, 0.5, 1.0]]]))
    assert kept.shape == (1, 1, 1, 3) and kept[0, 0, 0] == pytest.approx([-np.log(49), 0, np.log(49)])
