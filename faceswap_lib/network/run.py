"""A training under way: what it trains, how far it is, how fast."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from faceswap_lib.network.batches import Side
from faceswap_lib.profiles import Profile


@dataclass
class Run:
    """All that a training carries along; waited: seconds without a batch.

    earlier: seconds of the sessions before; spent: those of them that count into this one's minutes.
    """

    folder: Path
    about: dict
    net: object
    sides: dict[str, Side]
    profile: Profile
    seed: int
    minutes: float | None
    iterations: int | None
    plateau: int | None
    gan: bool
    light: bool = True
    first: int = 0
    iteration: int = 0
    waited: float = 0.0
    earlier: float = 0.0
    spent: float = 0.0
    start: float = field(default_factory=time.monotonic)
    history: list[dict] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Since this session began."""
        return time.monotonic() - self.start

    @property
    def egs(self) -> float:
        """Faces of both sides a second, over this session."""
        return 2 * self.profile.batch * (self.iteration - self.first) / max(self.seconds, 1e-3)

    @property
    def share(self) -> float:
        """How much of the budget is used, by time or by steps, whichever is further."""
        by_time = (self.spent + self.seconds) / (60 * self.minutes) if self.minutes else float(self.minutes == 0)
        by_steps = self.iteration / self.iterations if self.iterations else float(self.iterations == 0)
        return min(1.0, max(by_time, by_steps))
