"""model.py: who draws whom, what the discriminator pulls at, and that it learns to tell real from flat."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from random_pictures import noise

from faceswap_lib import profiles
from faceswap_lib.network import checkpoint, model

SIZE = profiles.get("smoke").texture


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
