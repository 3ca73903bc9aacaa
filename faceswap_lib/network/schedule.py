"""How long a training goes on, how fast it learns when, and how strongly the discriminator pulls."""

from faceswap_lib import UserError
from faceswap_lib.network.batches import Side
from faceswap_lib.profiles import Profile

RATE = 1e-3  # learning rate after the warm-up; the last half falls to a fiftieth of it
RATE_FROM_BASE = 2.5e-4  # at four times that a mouth opened wider than B's ever is turns blue: the base is forgotten
RATE_FROM_NOISE = 4e-3  # B's held-out loss is 0.29 after 50 steps of `micro`; at RATE it is 0.47 (EXPERIMENTS.md)
GAN = 0.05  # how strongly the discriminator pulls, beside L1 and DSSIM
WARM = 30  # steps to the full rate
LONGEST = 60 * 24 * 365  # minutes


def check(minutes: float | None, iterations: int | None, plateau: int | None, seed: int) -> None:
    """UserError for a budget or a seed that means nothing."""
    for word, value, low, high, kind in (
        ("minutes", minutes, 0, LONGEST, "a number"),
        ("iterations", iterations, 0, 10**9, "a whole number"),
        ("plateau", plateau, 1, 10**6, "a whole number of checks"),
        ("seed", seed, 0, 2**32 - 1, "a whole number"),
    ):
        kinds = (int, float) if word == "minutes" else (int,)
        if value is None and word != "seed":
            continue
        if not isinstance(value, kinds) or isinstance(value, bool) or not low <= value <= high:
            raise UserError(f"{word} is {value!r}; give {kind} from {low} to {high}.")


def budget(
    size: Profile, minutes: float | None, iterations: int | None, sides: dict[str, Side]
) -> tuple[float | None, int | None]:
    """(minutes, iterations) of a training: those given, else the profile's.

    Passes over the larger side become iterations.
    """
    if minutes is not None or iterations is not None:
        return minutes, iterations
    passes = size.passes and -(-size.passes * max(side.cut for side in sides.values()) // size.batch)
    return size.minutes, passes or size.iterations


def learning_rate(iteration: int, share: float, start: str) -> float:
    """Of a step: it rises over the first WARM ones, and falls over the budget's second half; share of it used, 0..1.

    start: what the training began from, as its record says.
    """
    rate = {"noise": RATE_FROM_NOISE, "mean": RATE, "scratch": RATE}.get(start, RATE_FROM_BASE)
    return rate * min(1.0, (iteration + 1) / WARM) * min(1.0, max(0.02, 2 * (1 - share)))


def played_by_hand(played: list[dict]) -> bool | None:
    """Whether the discriminator plays since a hand said so last; None where the schedule alone decided."""
    return played[-1]["gan"] if played and played[-1]["by"] == "hand" else None


def plateau(history: list[dict], patience: int | None) -> bool:
    """Whether the last `patience` checks on held-out faces brought no better one; never without patience."""
    held = [row["held_a"] + row["held_b"] for row in history]
    return bool(patience) and len(held) > patience and min(held[-patience:]) >= min(held[:-patience])


def learnt(history: list[dict], share: float) -> bool:
    """Whether the loss on held-out faces of both has fallen by at least this share of what it was at first."""
    held = [row["held_a"] + row["held_b"] for row in history]
    return bool(held) and min(held) <= (1 - share) * held[0]


def played(history: list[dict]) -> bool:
    """Whether the discriminator ever played."""
    return any(row["gan_real"] > 0 for row in history)
