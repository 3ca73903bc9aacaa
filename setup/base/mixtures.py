"""Pictures of single lamps mixed into any light: the examples that light.py trains on, drawn where the network trains.

Written in JAX, so that a graphics card draws them faster than it learns from them; a processor runs the same code.
"""

import itertools
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as np
import numpy
from jax import random

from faceswap_lib.compose import relight
from faceswap_lib.face.mesh import canvas

S, WORLD, RIM = relight.SIZE, 8, 7
KEYS = (0.22, 0.22, 0.14, 0.18, 0.18, 0.06)  # how often each of the first lamps is the key
SPOTS = 3
MIRROR = numpy.array([-1, 1, 1], "f4")  # of normals


class Lamps(NamedTuple):
    """Groups of people: lamps float16 (groups, people, complexions, deeds, 3, lamps, 64 · 64) linear, weights float32
    (groups, people, deeds, 64, 64, 1), normals float32 (groups, people, deeds, 64, 64, 3).
    """

    lamps: object
    weights: object
    normals: object


def load(folder: Path) -> Lamps:
    """The groups that lamps.py made, those with two people and more; where one has fewer than others, some twice."""
    on, names = canvas("mesh", S), {}
    for path in sorted(folder.glob("*_?.npz")):
        names.setdefault(path.stem[:3], []).append(path)
    groups, most = [], max(map(len, names.values()))
    for paths in names.values():
        people = []
        for path in paths:
            with numpy.load(path) as found:
                weights = [on.visibility(solid) * (on.inside * on.importance + 0.02) for solid in found["solid"]]
                people.append(
                    (
                        _small(found["textures"]),
                        numpy.array(weights, "f4")[..., None],
                        numpy.array([on.normals(solid) for solid in found["solid"]], "f4"),
                    )
                )
        if len(people) > 1:
            groups.append([people[k % len(people)] for k in range(most)])
    return Lamps(*(numpy.array([[person[k] for person in group] for group in groups]) for k in range(3)))


def _small(textures: numpy.ndarray) -> numpy.ndarray:
    """(…, lamps, 128, 128, 3) -> (…, 3, lamps, 64 · 64): colours first, so that a light is a matrix product."""
    *first, lamps, size, _, _ = textures.shape
    cells = textures.astype("f4").reshape(*first, lamps, S, size // S, S, size // S, 3).mean((-4, -2))
    return numpy.moveaxis(cells, -1, -4).reshape(*first, 3, lamps, S * S).astype("f2")


class Dice:
    """Random numbers, each from a key of its own."""

    def __init__(self, key: object):
        self._keys = (random.fold_in(key, n) for n in itertools.count())

    def number(self, low: float, high: float, *shape: int) -> object:
        """Evenly from low to high."""
        return random.uniform(next(self._keys), shape, minval=low, maxval=high)

    def normal(self, *shape: int) -> object:
        """Mean 0, standard deviation 1."""
        return random.normal(next(self._keys), shape)

    def below(self, n: int) -> object:
        """0 to n − 1."""
        return random.randint(next(self._keys), (), 0, n)

    def some(self, n: int, count: int, p: tuple | None = None) -> object:
        """Different ones of 0 to n − 1."""
        return random.choice(next(self._keys), n, (count,), replace=False, p=p and np.array(p))

    def chance(self, share: float) -> object:
        """True so often."""
        return self.number(0, 1) < share


def light(dice: Dice, lamps: int = WORLD + 1) -> object:
    """What each lamp gives: (lamps, 3). A key from one side or between two lamps, a fill, the world, a rim."""

    def tint(much: float) -> object:
        warm = dice.number(-1, 1) * much
        return np.stack([1 + 0.18 * warm, 1.0, 1 - 0.24 * warm]) * (1 + 0.04 * dice.normal(3))

    one, two = dice.some(len(KEYS), 2, KEYS)
    share, key = dice.number(0.5, 1), tint(1)
    out = np.zeros((lamps, 3)).at[one].add(share * key).at[two].add((1 - share) * key)
    out = out.at[dice.below(WORLD - 1)].add(dice.number(0, 0.6) * tint(1))
    out = out.at[WORLD].add(dice.number(0.15, 0.9) * tint(0.7))
    return out.at[RIM].add(dice.number(0, 1.5) * tint(0.7))


def camera(dice: Dice) -> tuple:
    """Whether film's curve, its steepness, what brightness skin comes out at, gamma, saturation, each at random."""
    film = dice.chance(0.6)
    return (
        film,
        np.where(film, dice.number(0.75, 1.15), dice.number(0, 1)),
        dice.number(0.4, 0.75),
        dice.number(1 / 2.5, 1 / 1.9),
        dice.number(0.75, 1.2),
    )


def develop(
    linear: object, skin: object, film: object, steep: object, bright: object, gamma: object, saturation: object
) -> object:
    """Linear light -> picture in [0, 1]; skin: the linear light that comes out near `bright`.

    Film's curve has a toe and a shoulder: the logistic function of the logarithm (Hill 1910), as in AgX.
    The other one rolls off towards white alone.
    """
    hill = (linear / skin).clip(1e-6) ** steep
    hill = hill / (hill + (1 - bright) / bright)
    x = linear / skin * bright ** (1 / gamma) * (1 + steep / 4)
    x = (x * (1 + steep * x / 4) / (1 + steep * x)).clip(1e-6, 1) ** gamma
    x = np.where(film, hill, x)
    grey = x.mean(-1, keepdims=True)
    return (grey + saturation * (x - grey)).clip(0, 1)


def spotted(picture: object, dice: Dice) -> object:
    """A picture with a few moles, strands and stains, which are not light and must not come along."""
    y, x = np.mgrid[0:S, 0:S]
    count = dice.below(SPOTS + 1)
    for n in range(SPOTS):
        (long, wide), (left, top), turn = np.exp(dice.number(-0.5, 1.8, 2)), dice.number(0, S, 2), dice.number(0, 3.14)
        u, v = x - left, y - top
        u, v = u * np.cos(turn) + v * np.sin(turn), v * np.cos(turn) - u * np.sin(turn)
        out = np.sqrt((u / long) ** 2 + (v / wide) ** 2 + 1e-9)  # 1 at the border, which is about a pixel wide
        much = jax.nn.sigmoid((1 - out) * np.minimum(long, wide) / 0.4) * dice.number(0.3, 1) * (n < count)
        picture = picture + much[..., None] * (dice.number(0, 1, 3) * dice.number(0.05, 1) - picture)
    return picture


def triple(data: Lamps, key: object) -> tuple:
    """The source with spots, drawn, answer, normals (64, 64, 3) and weight (64, 64, 1) of one example."""
    dice = Dice(key)
    groups, people, complexions, deeds, _, lamps, _ = data.lamps.shape
    g, a, skin, own, deed = (dice.below(n) for n in (groups, people, complexions, complexions, deeds))
    b = np.where(dice.chance(0.05), a, (a + 1 + dice.below(people - 1)) % people)
    this = np.arange(deeds) == deed
    among = np.where(dice.chance(0.3), this, dice.number(0, 1, deeds).argsort() <= dice.below(deeds))
    theirs, mine, one, two = light(dice, lamps), light(dice, lamps), camera(dice), camera(dice)

    def mix(who: object, complexion: object, what: object, lit: object) -> object:
        each = data.lamps[g, who, complexion, what].astype("f4")
        return np.einsum("lc,clp->pc", lit, each).reshape(S, S, 3)

    source, answer = mix(a, skin, deed, theirs), mix(b, skin, deed, theirs)
    drawn = sum(np.where(among[d], mix(b, own, d, mine), 0) for d in range(deeds)) / among.sum()
    inside = data.weights[g, a, deed, ..., 0] > 0.5
    one, two = (
        (np.nanpercentile(np.where(inside, p.mean(-1), np.nan), 70).clip(1e-6), *c)
        for c, p in ((one, source), (two, drawn))
    )
    weight = data.weights[g, a, deed] * data.weights[g, b, deed]
    weight = weight * np.where(among[:, None, None, None], data.weights[g, b], 1).min(0)
    other = (among != this).any()
    weight = np.where(other, weight * CALM, weight)  # a mouth that does something else tells nothing of light
    drawn = np.where(other, blurred(drawn, dice.number(0.3, 0.8)), drawn)
    out = (spotted(develop(source, *one), dice), develop(drawn, *two), develop(answer, *one), weight)
    normals, turn = data.normals[g, b, deed], dice.chance(0.5)
    out = tuple(np.where(turn, p[:, ::-1], p) for p in out)
    return (*out[:3], np.where(turn, normals[:, ::-1] * MIRROR, normals), out[3])


CALM = 1 - canvas("mesh", S).parts[2][..., None]


def blurred(picture: object, sigma: object) -> object:
    """A picture under a Gaussian of sigma pixels."""
    far = np.arange(S)[:, None] - np.arange(S)
    kernel = np.exp(-((far / sigma) ** 2) / 2)
    kernel = kernel / kernel.sum(1, keepdims=True)
    return np.einsum("yi,ijc,xj->yxc", kernel, picture, kernel)


def batch(data: Lamps, key: object, count: int) -> list:
    """So many examples: what the network sees of them, then drawn, answer and weight; float32."""
    source, drawn, answer, normals, weight = jax.vmap(lambda k: triple(data, k))(random.split(key, count))
    return [*relight.seen(drawn, source, normals), drawn, answer, weight]
