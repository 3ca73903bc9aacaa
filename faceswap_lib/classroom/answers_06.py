"""Lab 6's exercises: which figure notices what, and how sure a mean is."""

from faceswap_lib.measure.damage import FALLS, MAY
from faceswap_lib.measure.figures import FIGURES
from faceswap_lib.strangers import printable

ENOUGH = 3  # figures to name
FACTOR = (0.7, 1.6)  # by which intervals widen with a fifth of the frames of eight seconds, as measured
BETTER = {"identity": "B's own complexion stays, and the recogniser knows B by it"}
WORSE = ("delta_e", "border", "psnr")


def blur(value: object) -> str:
    """Which figures fall when the face is out of focus."""
    given = {value} if isinstance(value, str) else set(value)
    if strange := sorted(map(str, given - FIGURES.keys())):
        return f"{printable(strange[0]):.40} is no figure of the report; take the names from its first column."
    if wrong := sorted(given - FALLS["blur"] - MAY["blur"]):
        told = (
            "the mean colour of a blurred face is the same"
            if wrong[0] in ("psnr", "delta_e")
            else FIGURES[wrong[0]].meaning
        )
        return f"{wrong[0]} does not notice: {told}."
    if "sharpness" not in given:
        return "One figure is made for this: it asks whether there is fine detail at all."
    return "" if len(given) >= ENOUGH else f"Name at least {ENOUGH}: what else needs fine detail to be right?"


def invisible(value: object) -> str:
    """Which damage is not seen by who looks at one frame at a time."""
    hints = {
        "blur": "One blurred frame is enough to see the blur.",
        "tint": "A pink face beside its neck is seen in one frame.",
        "wrong": "One frame is enough to ask who it is.",
    }
    if value == "delay":
        return ""
    return hints.get(value if isinstance(value, str) else "", f"Give one of {', '.join(FALLS)}.")


def times_as_wide(value: object) -> str:
    """By which factor the intervals widen with a fifth of the frames."""
    low, high = FACTOR
    if low <= float(value) <= high:
        return ""
    if 2 <= float(value) <= 2.5:
        return "√5 holds where each frame brings news. Do two neighbouring frames of a video?"
    return "Each frame is much like its neighbours: how much does the fifth one in five add?"


def gets_better(value: object) -> str:
    """Which figure is better without a colour match."""
    if value in BETTER:
        return ""
    if value in WORSE:
        return f"{value} asks for A's light, which nobody matches now. Which one profits by B's own complexion?"
    return f"Give one of {', '.join((*BETTER, *WORSE))}."


ANSWERS = {"06-1": blur, "06-2": invisible, "06-3": times_as_wide, "06-4": gets_better}
