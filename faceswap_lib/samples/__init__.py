"""The built-in clips: two rendered people who do not exist, the ideal swap and its mask."""

from pathlib import Path

from faceswap_lib import UserError

NAMES = ("person_a", "person_b", "truth_a_as_b", "truth_mask")


def path(name: str) -> Path:
    """The file of a built-in clip; raises UserError for an unknown name."""
    if name not in NAMES:
        raise UserError(f"No built-in clip is called '{name}'; choose one of {', '.join(NAMES)}.")
    return Path(__file__).with_name(f"{name}.mp4")
