"""Draw people, lights and deeds at random, within the settings of the renderer in setup/samples."""

import colorsys

import cv2
import numpy as np
from renderer import settings
from renderer.looks import Lamp, Look
from renderer.settings import Brows, Clip, Eyes, Identity, Lashes, LongHair, Person, ShortHair, Skin

# Skin from lightest to darkest, sRGB: albedos whose pictures go along Monk's ten tones
TONES = np.array(
    [
        [230, 192, 172],
        [216, 168, 141],
        [204, 155, 124],
        [184, 136, 108],
        [150, 106, 80],
        [116, 78, 58],
        [84, 56, 43],
        [58, 40, 33],
    ],
    float,
)
# Individual typology angle of the skin, degrees, the lower end of each class (Chardon et al. 1991; Del Bino 2013)
CLASSES = (("very light", 55), ("light", 41), ("intermediate", 28), ("tan", 10), ("brown", -30), ("dark", -90))
# What is left and right of zero in one detail; two to eight of them make a face somebody's own
PAIRS = (
    ("head-oval", "head-square"),
    ("head-round", "head-rectangular"),
    ("head-triangular", "head-invertedtriangular"),
    ("head-diamond", "head-fat-incr"),
    ("head-scale-horiz-decr", "head-scale-horiz-incr"),
    ("nose-scale-horiz-decr", "nose-scale-horiz-incr"),
    ("nose-hump-decr", "nose-hump-incr"),
    ("nose-point-up", "nose-point-down"),
    ("nose-volume-decr", "nose-volume-incr"),
    ("nose-scale-vert-decr", "nose-scale-vert-incr"),
    ("nose-flaring-decr", "nose-flaring-incr"),
    ("lr-eye-scale-decr", "lr-eye-scale-incr"),
    ("lr-eye-height2-decr", "lr-eye-height2-incr"),
    ("lr-eye-eyefold-up", "lr-eye-eyefold-down"),
    ("lr-eye-corner2-down", "lr-eye-corner2-up"),
    ("lr-eye-trans-in", "lr-eye-trans-out"),
    ("lr-eye-bag-decr", "lr-eye-bag-incr"),
    ("mouth-scale-horiz-decr", "mouth-scale-horiz-incr"),
    ("mouth-upperlip-volume-decr", "mouth-upperlip-volume-incr"),
    ("mouth-lowerlip-volume-decr", "mouth-lowerlip-volume-incr"),
    ("mouth-trans-up", "mouth-trans-down"),
    ("mouth-angles-down", "mouth-angles-up"),
    ("mouth-laugh-lines-in", "mouth-laugh-lines-out"),
    ("chin-width-decr", "chin-width-incr"),
    ("chin-prominent-decr", "chin-prominent-incr"),
    ("chin-height-decr", "chin-height-incr"),
    ("lr-cheek-bones-decr", "lr-cheek-bones-incr"),
    ("lr-cheek-volume-decr", "lr-cheek-volume-incr"),
    ("forehead-scale-vert-decr", "forehead-scale-vert-incr"),
)
IRISES = (
    ((0.16, 0.19, 0.07), (0.10, 0.20, 0.13), (0.05, 0.12, 0.09)),  # green
    ((0.10, 0.045, 0.015), (0.07, 0.028, 0.010), (0.035, 0.014, 0.006)),  # brown
    ((0.05, 0.025, 0.012), (0.03, 0.014, 0.007), (0.016, 0.008, 0.004)),  # nearly black
    ((0.16, 0.21, 0.25), (0.10, 0.18, 0.28), (0.05, 0.10, 0.17)),  # blue
    ((0.20, 0.20, 0.20), (0.15, 0.17, 0.19), (0.07, 0.08, 0.10)),  # grey
    ((0.18, 0.11, 0.04), (0.13, 0.08, 0.025), (0.06, 0.035, 0.012)),
)  # hazel


def typology(color: np.ndarray) -> float:
    """The individual typology angle in degrees of a skin colour (3,), sRGB 0..255: 90 lightest, -90 darkest."""
    lab = cv2.cvtColor(np.array(color, "f4").reshape(1, 1, 3) / 255, cv2.COLOR_RGB2LAB)[0, 0]
    return float(np.degrees(np.arctan2(lab[0] - 50, lab[2])))


def tone(angle: float) -> str:
    """The class of a typology angle."""
    return next(name for name, low in CLASSES if angle >= low)


def draw_person(random: np.random.Generator) -> Person:
    """Somebody who is neither A nor B nor near them."""
    known = [settings.load(name) for name in "ab"]
    while True:
        person = _draw(random)
        if not any(near(person, other) for other in known):
            return person


def near(one: Person, other: Person) -> bool:
    """Alike in sex, age, heritage and skin at once: such a person is not drawn into the cast."""
    a, b = one.identity, other.identity
    lines = ("african", "asian", "caucasian")
    shares = [np.array([x.ancestry.get(line, 0) for line in lines]) / sum(x.ancestry.values()) for x in (a, b)]
    skin = abs(typology(one.skin.base) - typology(other.skin.base))
    return (
        abs(a.gender - b.gender) < 0.35
        and abs(a.age - b.age) < 0.25
        and np.abs(shares[0] - shares[1]).sum() < 0.5
        and skin < 15
    )


def _draw(random: np.random.Generator) -> Person:
    sex, age, place = random.beta(0.5, 0.5), random.random() ** 1.3, random.random()
    skin_color = _between(TONES, place) * random.normal(1, 0.025, 3)
    melanin = _melanin(random, place, age)
    return Person(
        seed=int(random.integers(1 << 30)),
        hairline=random.uniform(-0.12, 0.12),
        blink=1.0,
        shirt=tuple(random.uniform(0.02, 0.45, 3)),
        identity=_identity(random, sex, age),
        skin=_skin(random, skin_color, sex, melanin),
        brows=_brows(random, sex, melanin, age),
        hair=_hair(random, sex, melanin),
        eyes=_eyes(random, place),
        lashes=Lashes(random.uniform(0.7, 1.3), random.uniform(0.7, 1.4)),
        clip=Clip(
            "drawn",
            int(random.integers(1 << 30)),
            240,
            random.uniform(30, 40),
            random.uniform(9, 17),
            random.uniform(5, 12),
            random.uniform(92, 120),
        ),
    )


def _between(colors: np.ndarray, place: float) -> np.ndarray:
    """A colour along a row of them, place 0..1."""
    at = np.linspace(0, 1, len(colors))
    return np.array([np.interp(place, at, colors[:, k]) for k in range(3)])


def _identity(random: np.random.Generator, sex: float, age: float) -> Identity:
    ancestry = dict(zip(("african", "asian", "caucasian"), random.dirichlet([0.6] * 3).tolist(), strict=True))
    picked = random.choice(len(PAIRS), random.integers(4, 11), replace=False)
    details = {PAIRS[k][random.integers(2)]: float(random.uniform(0.1, 0.55)) for k in picked}
    return Identity(float(sex), float(age), random.uniform(0.25, 0.75), random.uniform(0.25, 0.85), ancestry, details)


def _skin(random: np.random.Generator, base: np.ndarray, sex: float, melanin: float) -> Skin:
    def tint(low: tuple, high: tuple) -> tuple:
        return tuple((base * random.uniform(low, high)).clip(8, 250).tolist())

    beard = random.uniform(0.15, 0.9) if sex > 0.5 and random.random() < 0.55 else 0.0
    grey = np.array([40, 30, 26]) + (1 - melanin) * np.array([130, 105, 85])
    return Skin(
        base=tuple(base.clip(8, 250).tolist()),
        dark=tint((0.82, 0.78, 0.76), (0.92, 0.86, 0.84)),
        red=tint((0.9, 0.66, 0.66), (0.97, 0.78, 0.78)),
        socket=tint((0.62, 0.56, 0.56), (0.86, 0.82, 0.8)),
        lips=tint((0.72, 0.45, 0.5), (0.98, 0.72, 0.8)),
        lips_dark=tint((0.6, 0.4, 0.4), (0.8, 0.6, 0.6)),
        blush=random.uniform(0.1, 0.5),
        lip_strength=random.uniform(0.45, 0.95),
        subsurface=0.3,
        beard=beard,
        beard_color=tuple(grey * random.uniform(0.8, 1.3)),
    )


def _melanin(random: np.random.Generator, place: float, age: float) -> float:
    """How dark the hair is: on dark skin mostly black, on light skin anything, grey with age."""
    grown = random.uniform(0.15 if place < 0.35 else 0.6, 1.0)
    return float(grown * (random.uniform(0.0, 0.6) if age > 0.55 and random.random() < 0.7 else 1.0))


def _brows(random: np.random.Generator, sex: float, melanin: float, age: float) -> Brows:
    hue, depth = random.uniform(0.04, 0.09), max(0.25, melanin)
    value = (0.72 - 0.6 * depth) * random.uniform(0.75, 1.1)
    color = 255 * np.array(colorsys.hsv_to_rgb(hue, 0.12 + 0.5 * min(1, 2 * melanin), value))
    thick = random.uniform(0.034, 0.056) + 0.008 * sex
    return Brows(
        random.uniform(8.35, 8.42),
        random.uniform(0.02, 0.085),
        random.uniform(-0.02, 0.055),
        thick,
        tuple(color.tolist()),
        random.uniform(0.35, 0.95),
        random.uniform(0.3, 0.75),
        random.uniform(0.045, 0.065),
        0.0031,
    )


def _hair(random: np.random.Generator, sex: float, melanin: float) -> LongHair | ShortHair:
    scalp = (np.array([22, 17, 14]) + (1 - melanin) * np.array([120, 95, 70])).tolist()
    # fewer strands than Blender's: here they are lines, a pixel wide, and only the hairline matters
    common = {
        "strands": 9000,
        "segments": 7,
        "part": random.uniform(-0.4, 0.4),
        "radius": 0.006,
        "melanin": melanin,
        "redness": random.uniform(0, 1),
        "scalp": tuple(scalp),
    }
    if random.random() < 0.75 - 0.6 * sex:
        return LongHair(
            **common, cut=random.uniform(6.6, 7.9), volume=random.uniform(0.12, 0.26), wave=random.uniform(0, 0.5)
        )
    return ShortHair(
        **common,
        side=random.uniform(0.03, 0.16),
        top=random.uniform(0.05, 0.42),
        sidecomb=random.uniform(0, 0.6),
        forward=random.uniform(-0.3, 0.7),
        lift=random.uniform(0.5, 1.0),
    )


def _eyes(random: np.random.Generator, place: float) -> Eyes:
    shares = np.array([1, 2, 1, 1.5, 1, 1.5] if place < 0.4 else [0.2, 3, 3, 0.15, 0.1, 0.6])
    rings = np.array(IRISES[random.choice(len(IRISES), p=shares / shares.sum())]) * random.uniform(0.7, 1.4)
    return Eyes(*(tuple(ring) for ring in rings.tolist()))


def draw_look(random: np.random.Generator) -> Look:
    """Camera, backdrop and three lamps: a key from any side, a fill, a light from behind; soft, hard, warm, cold."""
    warm = random.uniform(-1, 1)
    tint = np.array([1 + 0.10 * warm, 1 - 0.01 * abs(warm), 1 - 0.14 * warm])
    side, strength = random.choice([-1, 1]), random.uniform(0.85, 1.75)
    key = (side * random.uniform(0.5, 6.5), random.uniform(8.2, 12.5), random.uniform(4.5, 8))
    fill = (-side * random.uniform(2, 7), random.uniform(6.5, 10), random.uniform(3.5, 7))
    rim = (random.uniform(-4, 4), random.uniform(9, 12), random.uniform(-6, -3))
    lights = [
        (key, strength * tint),
        (fill, random.uniform(0.1, 0.8) * (2 - tint)),
        (rim, random.uniform(0.2, 1.2) * random.uniform(0.85, 1.15, 3)),
    ]
    lamps = tuple(Lamp(place, 3.0, 300, (1, 1, 1), tuple(color.tolist())) for place, color in lights)
    back = random.uniform(0.05, 0.5, 3)
    world = tuple((random.uniform(0.12, 0.4) * random.uniform(0.85, 1.15, 3)).tolist())
    camera = (random.uniform(-0.4, 0.4), random.uniform(7.6, 8.2), 7.4)
    return Look(camera, (0.3, 0.3, 0.3), 0.6, (tuple(back), tuple(back + random.uniform(0.1, 0.4, 3))), world, lamps)
