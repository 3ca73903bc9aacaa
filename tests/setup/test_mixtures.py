"""setup/base/mixtures.py: what the relighting learns from is made of lamps that add up, and asks for light alone."""

import sys
from pathlib import Path

import numpy as np
import pytest

jax = pytest.importorskip("jax")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "setup/base"))

import mixtures  # noqa: E402  the recipe is no package

S, PEOPLE, DEEDS, LAMPS = mixtures.S, 3, 2, 9


@pytest.fixture(scope="module")
def alike() -> mixtures.Lamps:
    """Two groups of three people who look the same, in either complexion, whatever they do."""
    random = np.random.default_rng(0)
    lamps = random.uniform(0.1, 1, (2, 1, 1, 1, 3, LAMPS, S * S)).astype("f2")
    weights = random.uniform(0, 1, (2, PEOPLE, DEEDS, S, S, 1)).astype("f4")
    normals = random.normal(size=(2, PEOPLE, DEEDS, S, S, 3)).astype("f4")
    lamps = np.broadcast_to(lamps, (2, PEOPLE, 2, DEEDS, 3, LAMPS, S * S))
    return mixtures.Lamps(*map(jax.numpy.asarray, (lamps, weights, normals)))


@pytest.fixture(scope="module")
def made(alike) -> list[np.ndarray]:
    """Sixty-four examples: source, drawn, answer, normals, weight."""
    keys = jax.random.split(jax.random.key(1), 64)
    return [np.array(x) for x in jax.jit(jax.vmap(lambda key: mixtures.triple(alike, key)))(keys)]


def test_somebody_alike_looks_in_that_light_as_the_source_does_but_for_the_spots(made):
    source, drawn, answer, _, _ = made
    same = np.abs(source - answer).max(-1) < 1e-4
    assert same.mean() > 0.8 and (same.mean((1, 2)) > 0.3).all()
    free = same.all((1, 2))
    assert 0.1 < free.mean() < 0.5, "a quarter of the sources has no spots"
    assert np.abs(drawn - answer).mean() > 0.05, "the drawn face is in a light of its own"


def test_pictures_are_pictures_and_every_example_is_another(made):
    source, drawn, answer, normals, weight = made
    for pictures in (source, drawn, answer):
        assert pictures.shape == (64, S, S, 3) and 0 <= pictures.min() and pictures.max() <= 1
        assert len({picture.tobytes() for picture in pictures}) == 64
    assert normals.shape == (64, S, S, 3) and weight.shape == (64, S, S, 1) and weight.min() >= 0


def test_a_mouth_that_does_something_else_does_not_count(made):
    mouth = mixtures.CALM[..., 0] == 0
    silent = np.array([not w[..., 0][mouth & mouth[:, ::-1]].any() for w in made[-1]])
    assert 0.2 < silent.mean() < 0.8


def test_lights_have_a_key_a_fill_the_world_and_a_rim():
    lights = np.array([mixtures.light(mixtures.Dice(jax.random.key(n))) for n in range(40)])
    assert lights.shape == (40, LAMPS, 3) and (lights[:, mixtures.WORLD] > 0.1).all()
    assert ((lights[:, : mixtures.RIM] > 0).any(2).sum(1) <= 3).all(), "two lamps for the key, one to fill"
    assert (lights[:, : mixtures.WORLD - 1].max((1, 2)) > 0.4).all()


def test_film_keeps_middle_brightness_where_it_is_and_bends_both_ends():
    linear = np.geomspace(1e-3, 100, 50)[:, None] * np.ones(3)
    out = np.array(mixtures.develop(linear, 1.0, True, 1.0, 0.5, 0.45, 1.0))[:, 0]
    assert np.interp(1.0, linear[:, 0], out) == pytest.approx(0.5, abs=0.01)
    assert (np.diff(out) > 0).all() and out[0] < 0.01 and 0.95 < out[-1] < 1


def test_a_small_blur_is_a_gaussian():
    dot = np.zeros((S, S, 3), "f4")
    dot[20, 30] = 1
    out = np.array(mixtures.blurred(dot, 0.8))[..., 0]
    assert out.sum() == pytest.approx(1, abs=1e-3)
    y, x = np.mgrid[:S, :S]
    assert np.sqrt((out * (y - 20) ** 2).sum()) == pytest.approx(0.8, abs=0.02)
    assert (out * x).sum() == pytest.approx(30, abs=0.01)
