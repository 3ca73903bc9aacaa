"""Every number that sizes a run: smoke for tests, micro for 1 GB, demo for two cores, gpu for a graphics card."""

from dataclasses import dataclass

from faceswap_lib import UserError

TRUNK = 128  # pixels that a network's trunk draws, at most; a larger texture has finer layers on top of the same trunk


@dataclass(frozen=True)
class Profile:
    """One size of a run; EGs are examples: faces of both sides that the network has seen."""

    name: str
    crop: int  # pixels of an aligned face picture on disk
    texture: int  # pixels of what the network draws; the encoder sees half of it
    width: float  # channels of the network, 1 = the demo's
    batch: int  # faces of each side in one step
    minutes: float | None  # training stops after this time …
    iterations: int | None  # … or after this many steps …
    gan_from: float  # share of the training after which the discriminator plays
    faces: int  # at most this many faces of a person are trained on, evenly over time
    every: int  # a held-out check every so many steps
    mixed: bool = False  # 16-bit arithmetic, for graphics cards
    passes: int | None = None  # … or when each face was seen so often, whichever is first
    compiled: bool = True  # a step by XLA: three times as fast on two cores, and the first one takes half a minute


PROFILES = {
    p.name: p
    for p in (
        Profile("smoke", 128, 64, 0.5, 4, None, 24, 0.5, 60, 8, compiled=False),
        Profile("micro", 192, 96, 0.5, 4, 20, 1500, 0.6, 240, 50),
        Profile("demo", 256, 128, 1.0, 16, 2, None, 0.5, 1000, 50),
        Profile("gpu", 512, 256, 1.0, 32, 60, None, 0.5, 8000, 200, mixed=True, passes=300),
    )
}


def get(name: str) -> Profile:
    """The profile called name; raises UserError that lists the known ones."""
    if not isinstance(name, str) or name not in PROFILES:
        raise UserError(f"There is no profile {name!r:.60}; choose one of {', '.join(PROFILES)}.")
    return PROFILES[name]


def lesson(name: str, more: bool = False) -> dict:
    """What `train` is given where a class sees a face come out of noise: a small network, a minute, no game yet.

    more: to go on with it for a while. With "smoke", for tests, just so many steps that a face is there.
    """
    small = get("smoke" if get(name).name == "smoke" else "micro").name
    budget = {"iterations": 90 if more else 60} if small == "smoke" else {"minutes": 0.7 if more else 1.0}
    return {"profile": small, "start": "noise", "gan": False, **budget}
