"""A training under way: what it trains, how far it is, how fast, how long still, and what a hand has said meanwhile."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faceswap_lib.network.batches import Side
from faceswap_lib.network.schedule import GAN
from faceswap_lib.profiles import Profile


@dataclass
class Run:
    """All that a training carries along; waited: seconds without a batch.

    earlier: seconds of the sessions before; spent: those of them that count into this one's minutes; compiled: the step
    without and with the discriminator, once compiled; compiling: the longest such wait, which counts as no training.
    play, stop: what a hand says while it runs, from another thread too: let the discriminator play or not (None: as
    the schedule has it), and why to end after this step.
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
    compiled: dict[bool, object] = field(default_factory=dict)
    compiling: float = 0.0
    play: bool | None = None
    stop: str = ""
    halted: float | None = None

    def switch(self, plays: bool) -> None:
        """Let the discriminator join the step, or leave it; the record says when, and who wanted it."""
        played = self.about["played"]
        if plays != bool(played and played[-1]["gan"]):
            by = "schedule" if self.play is None else "hand"
            played.append({"iteration": self.iteration, "gan": plays, "by": by})
        self.net.gan = GAN * plays
        self.net.train_function = self.compiled.setdefault(plays, None)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is done within does not count as training."""
        self.halted = begun = time.monotonic()
        try:
            yield
        finally:
            self.start += time.monotonic() - begun
            self.halted = None

    @property
    def seconds(self) -> float:
        """Since this session began, without what was done apart."""
        return (time.monotonic() if self.halted is None else self.halted) - self.start

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

    @property
    def left(self) -> float | None:
        """Seconds until the budget is used at the speed so far, compiling to come included; None: nobody can say."""
        done, ends = self.iteration - self.first, []
        if self.minutes:
            ends.append(60 * self.minutes - self.spent - self.seconds)
        if self.iterations and done > 0:
            ends.append((self.iterations - self.iteration) * self.seconds / done)
        if not ends:
            return None
        joins = self.gan and self.play is None and True not in self.compiled
        return max(0.0, min(ends)) + joins * self.compiling

    @property
    def plays(self) -> bool:
        """Whether the discriminator is to play in the next step: as a hand says, else by the schedule."""
        return self.gan and self.share >= self.profile.gan_from if self.play is None else self.play
