"""Which faces are good enough to train on: too blurred, too small, turned too far. Extraction and its browser ask here.

Everything is told from the records alone, so that other limits can be tried without another extraction.
"""

from dataclasses import asdict, dataclass

import numpy as np

from faceswap_lib import UserError, profiles
from faceswap_lib.face import geometry
from faceswap_lib.face.mesh import MARGIN
from faceswap_lib.face.records import Record
from faceswap_lib.profiles import Profile

BLURRED, SMALL, TURNED = "blurred", "too small", "turned away"
SOFT = 2.2  # pixels of the frame to one of the texture: from there on a swap is visibly softer than its video


@dataclass(frozen=True)
class Limits:
    """min_sharpness: share of the person's median; min_size: pixels between the outer eye corners; max_yaw: degrees."""

    min_sharpness: float = 0.25
    min_size: float = 24
    max_yaw: float = 60

    def check(self) -> None:
        """UserError for what no face could meet, or every face would."""
        most = {"min_sharpness": 1, "min_size": 1e6, "max_yaw": 180}
        for word, value in asdict(self).items():
            if not 0 <= value <= most[word]:
                raise UserError(f"{word} is {value}; give a number from 0 to {most[word]:g}.")


def reasons(records: list[Record], limits: Limits) -> list[str | None]:
    """Why each face of one person is left out, or None where it stays; of several reasons the first."""
    median = usual(records)
    return [_reason(record, median, limits) for record in records]


def usual(records: list[Record]) -> float:
    """The sharpness of a person's faces, median: what `min_sharpness` is a share of."""
    return float(np.median([r.blur for r in records])) if records else 0.0


def _reason(record: Record, median: float, limits: Limits) -> str | None:
    if record.blur < limits.min_sharpness * median:
        return BLURRED
    if geometry.eye_distance(record.landmarks) < limits.min_size:
        return SMALL
    return TURNED if abs(record.pose[0]) > limits.max_yaw else None


def softness(height: int, profile: Profile) -> str:
    """A sentence where faces of a height in pixels are visibly sharper than a profile draws them; "" where not."""
    larger = [p for p in profiles.PROFILES.values() if p.texture > profile.texture]
    if not larger or height * MARGIN < SOFT * profile.texture:
        return ""
    best = next((p for p in larger if height * MARGIN < SOFT * p.texture), larger[-1])
    without = ", with --minutes 10 where there is no graphics card" if best.mixed else ""
    return (
        f"A face is {height} pixels high here, and the profile {profile.name} draws it with "
        f"{profile.texture / MARGIN:.0f}: the swap will be softer than the video. The profile {best.name} takes "
        f"{best.texture / MARGIN:.0f}; give it to extract and train{without}."
    )
