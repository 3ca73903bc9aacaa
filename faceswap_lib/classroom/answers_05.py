"""Lab 5's exercises: what gives a swap away, where the other direction breaks, how much of the training is seen."""

import numpy as np

from faceswap_lib.face import faceset

COVERED = 1.0  # degrees beyond what the other clip shows, from which on a turn is new to its decoder


def another_colour(value: object) -> str:
    """Whether the recogniser finds more of B without colour matching, and whether the swap is the better one."""
    finds, better = (str(each).strip().lower() for each in value)
    if finds not in ("more", "less") or better not in ("yes", "no"):
        return 'Answer with "more" or "less", and with "yes" or "no".'
    if better == "yes":
        return "Set the bench to none and look along the jaw and the forehead: where does the face end?"
    return "" if finds == "more" else "Skin and light are part of what a recogniser knows B by; whose are they now?"


def breaks(value: object) -> str:
    """A second of B's clip in which B turns further than A ever did; value: the second, A's and B's faceset."""
    second, faces_a, faces_b = value
    a, b = faceset.load(faces_a), faceset.load(faces_b)
    most = float(np.abs(a.poses[:, 0]).max())
    nearest = int(np.abs(b.frames / b.source.fps - float(second)).argmin())
    yaw = abs(float(b.poses[nearest, 0]))
    if yaw >= most + COVERED:
        return ""
    told = f"At {float(second):.1f} s B is turned by {yaw:.0f} degrees, and A turned by up to {most:.0f}"
    if np.abs(b.poses[:, 0]).max() < most + COVERED:
        return told + ": in these two clips B never turns further, so nothing breaks for that reason."
    return told + ", so decoder A knows this view. Look for a moment in which B's head is turned further."


def pulled(value: object) -> str:
    """How large the difference is that `pull` makes by eye."""
    if str(value).strip().lower() not in ("small", "large"):
        return 'Answer with "small" or "large".'
    return "" if str(value).strip().lower() == "small" else "Go from 0 to 1 and back, and look at lids, brows and lips."


ANSWERS = {"05-1": another_colour, "05-2": breaks, "05-3": pulled}
