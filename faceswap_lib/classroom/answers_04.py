"""Lab 4's exercises: what a base knows, a discriminator that was let in by hand, and when half was learnt."""

from collections.abc import Callable, Mapping, Sequence


def first_to_look_around(value: object) -> str:
    """Which start draws eyes that follow the real ones before the first step: the base."""
    hints = {
        "noise": "Random weights draw speckles: look at the row of the noise.",
        "mean": "The mean texture is one portrait, the same in every column: its eyes never move.",
        "base": "",
    }
    return hints.get(str(value), 'Say "noise", "mean" or "base".')


def let_in_by_hand(record: Mapping) -> str:
    """From a model's record: whether a hand let the discriminator play, and whether it then had losses."""
    if not any(each["gan"] and each["by"] == "hand" for each in record.get("played", ())):
        return "Nobody has let the discriminator in: tick its box while the training runs."
    if not any(row["gan_real"] > 0 and row["gan_fake"] > 0 for row in record["history"]):
        return "It joined and the training ended before it had played: leave the box ticked for some steps."
    return ""


def half_learnt(answer: tuple[float, Sequence[Mapping]]) -> str:
    """The iteration at which half of all that the held-out loss of both fell had been done; answer: it and the history.

    Right is what lies between the two looks at held-out faces around it, and a little beside them.
    """
    iteration, history = answer
    held = [row["held_a"] + row["held_b"] for row in history]
    middle = (held[0] + min(held)) / 2
    after = next((i for i, loss in enumerate(held) if loss <= middle), 0)
    if not after:
        return "This training has learnt nothing yet: train first."
    low, high = (history[i]["iteration"] for i in (after - 1, after))
    if 0.8 * low - 4 <= iteration <= 1.25 * high + 4:
        return ""
    where = "later" if iteration < low else "earlier"
    return f"{where.capitalize()}. The loss fell from {held[0]:.2f} to {min(held):.2f}: when did it pass {middle:.2f}?"


ANSWERS: dict[str, Callable[[object], str]] = {
    "04-1": first_to_look_around,
    "04-2": let_in_by_hand,
    "04-3": half_learnt,
}
