"""Lab 4: train one encoder, two decoders and a discriminator on two facesets.

The loop is short: take a batch, take a step, now and then look at faces the network has never seen. It stops by
minutes, iterations or plateau, saves as it goes and can be resumed.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib import UserError, batches, faceset, profiles, record, start
from faceswap_lib.batches import Side
from faceswap_lib.faceset import Progress
from faceswap_lib.mesh import canvas
from faceswap_lib.profiles import Profile

RATE = 1e-3  # learning rate after the warm-up; the last half falls to a fiftieth of it
RATE_FROM_BASE = 2.5e-4  # at four times that a mouth opened wider than B's ever is turns blue: the base is forgotten
GAN = 0.05  # how strongly the discriminator pulls, beside L1 and DSSIM
SAVE_EVERY = 60  # seconds


@dataclass
class TrainResult:
    """Where the model is, how far it got and how well it draws faces it never saw; waited: share of the time."""

    model: Path
    iterations: int
    seconds: float
    egs: float
    history: list[dict]
    stopped: str
    waited: float


@dataclass
class Run:
    """All that a training carries along; `share` runs from 0 to 1 over its budget; waited: seconds without a batch."""

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
        by_time = self.seconds / (60 * self.minutes) if self.minutes else float(self.minutes == 0)
        by_steps = self.iteration / self.iterations if self.iterations else float(self.iterations == 0)
        return min(1.0, max(by_time, by_steps))


def train(
    faces_a: str | Path, faces_b: str | Path, model: str | Path, profile: str = "demo",
    minutes: float | None = None, iterations: int | None = None, plateau: int | None = None, resume: bool = False,
    alignment: str = "mesh", gan: bool = True, seed: int = 0, progress: Progress | None = None,
    each: Callable[[Run], None] | None = None, from_scratch: bool = False, from_mean: bool = True,
    light: bool = True,
) -> TrainResult:  # fmt: skip
    """Train on two facesets and write the model into a folder.

    minutes and iterations (in all, earlier sessions included) override the profile's; plateau: stop after so many
    held-out checks without a better one; each: called before every step, its time does not count. Training starts
    from the base that comes with the kit where one fits, unless from_scratch; from_mean: the decoders from their
    person's mean texture, else from its mean colour; light: augment by random light. A model that is already there is
    moved to `MODEL-before`, unless resumed.
    """
    size, folder = profiles.get(profile), Path(model)
    if resume:
        record.check_resume(folder, profile, alignment)
    on = canvas(alignment, size.texture)
    sets = {s: faceset.load(f) for s, f in (("a", faces_a), ("b", faces_b))}
    sides = {s: batches.load_side(f, on, size.faces) for s, f in sets.items()}
    minutes, iterations = _budget(size, minutes, iterations, sides)
    from faceswap_lib import checkpoint  # Keras and TensorFlow are loaded only now, when faults in the input are out

    base = None if from_scratch else start.find(size, alignment)
    about = record.about(size, alignment, seed, gan, sets, sides, base)
    run = Run(folder, about, checkpoint.build(size, seed), sides, size, seed, minutes, iterations, plateau, gan, light)
    _begin(run, resume, base, from_mean)
    try:
        stopped = _loop(run, progress, each)
    except KeyboardInterrupt:
        save(run, folder)
        raise
    seconds, egs = run.seconds, run.egs
    save(run, folder)
    return TrainResult(folder, run.iteration, seconds, egs, run.history, stopped, run.waited / max(seconds, 1e-3))


def _begin(run: Run, resume: bool, base: Path | None, from_mean: bool) -> None:
    from faceswap_lib import checkpoint

    if resume:
        run.history, run.iteration = checkpoint.restore(run.net, run.folder)
        run.first = run.iteration
        run.about["start"] = record.read_about(run.folder).get("start", start.SCRATCH)
    else:
        record.move_aside(run.folder)
        if base:
            start.fill(run.net, base)
        for side, data in run.sides.items():
            flat = np.broadcast_to(data.mean.mean((0, 1)), data.mean.shape)
            start.set_mean(run.net, side, data.mean if from_mean else flat)
    run.start = time.monotonic()


def save(run: Run, folder: Path) -> None:
    """Write the model as it is now into a folder, ready to convert with or to resume."""
    from faceswap_lib import checkpoint

    folder.mkdir(parents=True, exist_ok=True)
    for side, data in run.sides.items():
        if not (folder / f"mean_{side}.png").exists():
            faceset.save_image(folder / f"mean_{side}.png", np.round(data.mean * 255).astype("u1"))
    checkpoint.save(run.net, folder, run.about, run.history)


def _budget(size: Profile, minutes: float | None, iterations: int | None,
            sides: dict[str, Side]) -> tuple[float | None, int | None]:  # fmt: skip
    if (minutes is not None and minutes < 0) or (iterations is not None and iterations < 0):
        raise UserError("Training time and iterations cannot be negative.")
    if minutes is not None or iterations is not None:
        return minutes, iterations
    passes = size.passes and -(-size.passes * max(side.cut for side in sides.values()) // size.batch)
    return size.minutes, passes or size.iterations


def _loop(run: Run, progress: Progress | None, each: Callable[[Run], None] | None) -> str:
    saved = time.monotonic()
    _check(run)
    with ThreadPoolExecutor(1) as ahead:
        following = ahead.submit(_batch, run, run.iteration)
        while not (why := _stop(run)):
            if each:
                _pause(run, each)
            batch, following = _wait(run, following), ahead.submit(_batch, run, run.iteration + 1)
            _step(run, batch)
            if run.iteration % run.profile.every == 0:
                _check(run)
            if time.monotonic() - saved > SAVE_EVERY:
                save(run, run.folder)
                saved = time.monotonic()
            if progress:
                progress(*_report(run))
    _check(run)
    return why


def _pause(run: Run, each: Callable[[Run], None]) -> None:
    start = time.monotonic()
    each(run)
    run.start += time.monotonic() - start


def _wait(run: Run, following: Future) -> dict:
    start = time.monotonic()
    batch = following.result()
    run.waited += time.monotonic() - start
    return batch


def _step(run: Run, batch: dict) -> None:
    net = run.net
    if run.gan and not net.gan and run.share >= run.profile.gan_from:
        net.gan = GAN
        net.make_train_function(force=True)  # the discriminator joins the step: compile it once more
    warm = min(1.0, (run.iteration + 1) / 30)
    rate = RATE if run.about["start"] == start.SCRATCH else RATE_FROM_BASE
    net.optimizer.learning_rate = rate * warm * min(1.0, max(0.02, 2 * (1 - run.share)))
    net.train_on_batch(batch)
    run.iteration += 1


def _batch(run: Run, iteration: int) -> dict:
    from faceswap_lib import augment

    random = np.random.default_rng([run.seed, iteration])  # so that a resumed run draws what it would have drawn
    a, b = (augment.draw(run.sides[s], run.profile.batch, random, s, run.light) for s in "ab")
    return a | b


def _stop(run: Run) -> str:
    if run.share >= 1 or (run.minutes is None and run.iterations is None):
        return "budget"
    held = [row["held_a"] + row["held_b"] for row in run.history]
    if run.plateau and len(held) > run.plateau and min(held[-run.plateau :]) >= min(held[: -run.plateau]):
        return "plateau"
    return ""


def _check(run: Run) -> None:
    """Losses since the last check, losses on held-out faces, and a preview picture."""
    net = run.net
    seen = {name: float(net.parts[name].result()) for name in net.parts}
    net.reset_metrics()
    held = net.test_on_batch(_held_batch(run), return_dict=True)
    net.reset_metrics()
    if run.history and run.history[-1]["iteration"] == run.iteration:
        return
    run.history.append({"iteration": run.iteration, "seconds": round(run.seconds, 1), "egs": round(run.egs, 1),
                        "held_a": float(held["loss_a"]), "held_b": float(held["loss_b"]), **seen})  # fmt: skip
    save_preview(run, run.folder / "previews" / f"{run.iteration:06d}.jpg")


def _held_batch(run: Run) -> dict:
    batch = {}
    for s, side in run.sides.items():
        i = np.linspace(side.cut, len(side.targets) - 1, run.profile.batch).astype(int).clip(0, len(side.targets) - 1)
        batch |= batches.plain(side, i, s)
    return batch


def save_preview(run: Run, path: Path, rows: int = 4) -> None:
    """Rows of A, A→A, A→B, B, B→B, B→A: held-out faces as the network draws them now."""
    from faceswap_lib.model import draw

    held = _held_batch(run)
    pick = np.linspace(0, run.profile.batch - 1, rows).astype(int)
    columns = []
    for s in "ab":
        picture, moves = held[f"picture_{s}"][pick], held[f"motion_{s}"][pick]
        columns.append(held[f"target_{s}"][pick])
        columns += [draw(run.net, picture, moves, to) for to in (s, "ba"["ab".index(s)])]
    sheet = np.concatenate([np.concatenate(list(c), 0) for c in columns], 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor((sheet * 255).clip(0, 255).astype("u1"), cv2.COLOR_RGB2BGR))


def _report(run: Run) -> tuple[int, int, str]:
    held = "held-out loss A {held_a:.3f} B {held_b:.3f}".format(**run.history[-1])
    note = f"iteration {run.iteration} · {run.egs:.0f} EGs/s · {held}"
    return round(1000 * run.share), 1000, note + (" · GAN" if run.net.gan else "")
