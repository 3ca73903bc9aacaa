"""Lab 1's exercises: what a class costs, what is billed while it is stopped, how much memory is enough."""

from collections.abc import Iterable

from faceswap_lib.cloud import bill
from faceswap_lib.strangers import printable

SHAPE, LEARNERS, HOURS = "VM.GPU.A10.1", 20, 3
NEAR = 0.15  # share of the price that a guess may be off
BORDER = 3.5  # GB from which on the profile is `demo`; gpu.py has it, and a test holds the two together
APART = 0.5  # GB that an answer may be off


def dollars(value: object) -> str:
    """What twenty learners cost for three hours."""
    right, given = bill.cost(SHAPE, LEARNERS, HOURS)[0].all, float(value)
    if abs(given - right) <= NEAR * right:
        return ""
    if abs(given - right / LEARNERS) <= NEAR * right / LEARNERS:
        return "That is one machine; there are twenty."
    if abs(given - right / HOURS) <= NEAR * right / HOURS:
        return "That is one hour; there are three."
    return f"One machine costs {bill.recorded(SHAPE).vm:.2f} dollars an hour: count the machines, and the hours."


def billed_while_stopped(value: object) -> str:
    """Which shapes cost money while they are stopped."""
    if isinstance(value, str):
        value = [value]
    given = {str(name).removesuffix(" (?)") for name in value if isinstance(value, Iterable)}
    shapes = bill.cloud()["shapes"]
    right = {name for name, facts in shapes.items() if facts["billed_when_stopped"]}
    if strange := sorted(given - shapes.keys()):
        return f"{printable(strange[0]):.40} is none of the six; take the names from the first column."
    if wrong := sorted(given - right):
        return f"{wrong[0]} pauses when it is stopped: look at the column `Stop pauses the bill` for NO."
    return "" if given == right else f"There are {len(right)}: look at the column `Stop pauses the bill` for NO."


def border(value: object) -> str:
    """From how many GB of memory on the profile is demo."""
    if abs(float(value) - BORDER) <= APART:
        return ""
    return "Set `memory` to it, run the cell, and then a little less: the answer must change between the two."


ANSWERS = {"01-1": dollars, "01-2": billed_while_stopped, "01-3": border}
