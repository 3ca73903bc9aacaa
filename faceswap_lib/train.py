"""Lab 4: train one encoder, two decoders and a discriminator on two facesets.

The loop is short: take a batch, take a step, now and then look at faces the network has never seen. It stops by
minutes, iterations or plateau, saves as it goes and can be resumed.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from faceswap_lib import files, profiles
from faceswap_lib.face import faceset, identity
from faceswap_lib.face.mesh import canvas
from faceswap_lib.network import batches, pretrained, previews, record, schedule
from faceswap_lib.network.batches import Side
from faceswap_lib.network.schedule import GAN
from faceswap_lib.profiles import Profile
from faceswap_lib.progress import Progress

SAVE_EVERY = 60  # seconds


@dataclass
class TrainResult:
    """Where the model is, how far it got, how it draws unseen faces; waited: share of the time; advice: or empty."""

    model: Path
    iterations: int
    seconds: float
    egs: float
    history: list[dict]
    stopped: str
    waited: float
    advice: str


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


@dataclass(frozen=True)
class Ablation:
    """What `bench --ablate` takes out of a training to see what it is worth, and nobody else does.

    from_mean: the decoders start from their person's mean texture, else from its mean colour; light: faces are
    augmented by random light.
    """

    from_mean: bool = True
    light: bool = True


def train(
    faces_a: str | Path,
    faces_b: str | Path,
    model: str | Path,
    *,
    profile: str = "demo",
    minutes: float | None = None,
    iterations: int | None = None,
    plateau: int | None = None,
    resume: bool = False,
    alignment: str = "mesh",
    gan: bool = True,
    seed: int = 0,
    from_scratch: bool = False,
    ablation: Ablation = Ablation(),
    progress: Progress | None = None,
    each: Callable[[Run], None] | None = None,
) -> TrainResult:
    """Train on two facesets and write the model into a folder.

    minutes and iterations (in all, earlier sessions included) override the profile's; plateau: stop after so many
    held-out checks without a better one; each: called before every step, its time does not count. Training starts
    from the base that comes with the kit where one fits, unless from_scratch. A model that is already there is moved
    to `MODEL-DATE-TIME` (the last three are kept), unless resumed; resume wants the same people, seed and profile.
    """
    size, folder = profiles.get(profile), Path(model)
    if resume:
        record.check_resume(folder, profile=profile, alignment=alignment, seed=seed)
    on = canvas(alignment, size.texture)
    sets = identity.distinct({s: faceset.load(f) for s, f in (("a", faces_a), ("b", faces_b))})
    if resume:
        record.check_people(folder, sets)
    sides = {s: batches.load_side(f, on, size.faces) for s, f in sets.items()}
    minutes, iterations = schedule.budget(size, minutes, iterations, sides)
    with files.alone(folder, "training"):
        from faceswap_lib.network import checkpoint  # Keras is loaded only now, when faults in the input are out

        base = None if from_scratch else pretrained.find(size, alignment)
        about, net = record.about(size, alignment, seed, gan, sets, sides, base), checkpoint.build(size, seed)
        run = Run(folder, about, net, sides, size, seed, minutes, iterations, plateau, gan, ablation.light)
        _begin(run, resume, base, ablation.from_mean)
        return _carry_out(run, progress, each)


def _begin(run: Run, resume: bool, base: Path | None, from_mean: bool) -> None:
    from faceswap_lib.network import checkpoint

    if resume:
        run.history, run.iteration = checkpoint.restore(run.net, run.folder)
        run.first = run.iteration
        run.about["start"] = record.read_about(run.folder).get("start", pretrained.SCRATCH)
    else:
        record.move_aside(run.folder)
        if base:
            pretrained.fill(run.net, base)
        for side, data in run.sides.items():
            flat = np.broadcast_to(data.mean.mean((0, 1)), data.mean.shape)
            pretrained.set_mean(run.net, side, data.mean if from_mean else flat)
    run.start = time.monotonic()


def _carry_out(run: Run, progress: Progress | None, each: Callable[[Run], None] | None) -> TrainResult:
    try:
        stopped = _loop(run, progress, each)
    except KeyboardInterrupt:
        save(run, run.folder)
        raise
    seconds, egs, advice = max(run.seconds, 1e-3), run.egs, run.about["advice"]
    save(run, run.folder)
    return TrainResult(run.folder, run.iteration, seconds, egs, run.history, stopped, run.waited / seconds, advice)


def save(run: Run, folder: Path) -> None:
    """Write the model as it is now into a folder, ready to convert with or to resume."""
    from faceswap_lib.network import checkpoint

    folder.mkdir(parents=True, exist_ok=True)
    for side, data in run.sides.items():
        if not run.first or not (folder / f"mean_{side}.png").exists():
            faceset.save_image(folder / f"mean_{side}.png", np.round(data.mean * 255).astype("u1"))
    checkpoint.save(run.net, folder, run.about, run.history)


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
    from_base = run.about["start"] != pretrained.SCRATCH
    net.optimizer.learning_rate = schedule.learning_rate(run.iteration, run.share, from_base)
    net.train_on_batch(batch)
    run.iteration += 1


def _batch(run: Run, iteration: int) -> dict:
    from faceswap_lib.network import augment

    random = np.random.default_rng([run.seed, iteration])  # so that a resumed run draws what it would have drawn
    a, b = (augment.draw(run.sides[s], run.profile.batch, random, s, run.light) for s in "ab")
    return a | b


def _stop(run: Run) -> str:
    if run.share >= 1 or (run.minutes is None and run.iterations is None):
        return "budget"
    return "plateau" if schedule.plateau(run.history, run.plateau) else ""


def _check(run: Run) -> None:
    """Losses since the last check, losses on held-out faces, and a preview picture."""
    net = run.net
    seen = {name: float(net.parts[name].result()) for name in net.parts}
    net.reset_metrics()
    held_batch = batches.held_out(run.sides, run.profile.batch)
    held = net.test_on_batch(held_batch, return_dict=True)
    net.reset_metrics()
    if run.history and run.history[-1]["iteration"] == run.iteration:
        return
    run.history.append(
        {
            "iteration": run.iteration,
            "seconds": round(run.seconds, 1),
            "egs": round(run.egs, 1),
            "held_a": float(held["loss_a"]),
            "held_b": float(held["loss_b"]),
            **seen,
        }
    )
    previews.save(net, held_batch, run.folder / "previews" / f"{run.iteration:06d}.jpg")


def _report(run: Run) -> tuple[int, int, str]:
    held = "held-out loss A {held_a:.3f} B {held_b:.3f}".format(**run.history[-1])
    note = f"iteration {run.iteration} · {run.egs:.0f} EGs/s · {held}"
    return round(1000 * run.share), 1000, note + (" · GAN" if run.net.gan else "")
