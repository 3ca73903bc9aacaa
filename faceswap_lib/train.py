"""Lab 4: train one encoder, two decoders and a discriminator on two facesets.

The loop is short: take a batch, take a step, now and then look at faces the network has never seen. It stops by
minutes, iterations or plateau, saves as it goes and can be resumed.
"""

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, files, profiles
from faceswap_lib.face import faceset, identity
from faceswap_lib.face.mesh import canvas
from faceswap_lib.network import batches, pretrained, previews, record, saved, schedule
from faceswap_lib.network.run import Run
from faceswap_lib.network.schedule import GAN
from faceswap_lib.progress import Progress, note

SAVE_EVERY = 60  # seconds
COPIES = 3  # of a new model on the disk at once: the last two checkpoints and the one that is being written


@dataclass
class TrainResult:
    """Where the model is, how far it got and how well it draws faces it never saw; waited: share of the time.

    first: the iteration it went on from; seconds, egs, waited: of this session; advice: a sentence, or empty.
    """

    model: Path
    first: int
    iterations: int
    seconds: float
    egs: float
    history: list[dict]
    stopped: str
    waited: float
    advice: str


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
    resume: bool | None = None,
    keep: bool = False,
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
    from the base that fits, unless from_scratch. resume: go on with the model that is there, which wants the same
    people, seed and profile; by default only where this same training was cut off, and its minutes count; keep: or had
    ended, and it stays. Another model there becomes `MODEL-DATE-TIME`, the last three are kept. Raises UserError where
    numbers break down (NaN) or the disk is full: the last good checkpoint stays.
    """
    size, folder = profiles.get(profile), Path(model)
    schedule.check(minutes, iterations, plateau, seed)
    if resume:
        record.check_resume(folder, profile=profile, alignment=alignment, seed=seed)
    sets = identity.distinct({s: faceset.load(f) for s, f in (("a", faces_a), ("b", faces_b))})
    if resume:
        record.check_people(folder, sets)
    sides = {s: batches.load_side(f, canvas(alignment, size.texture), size.faces) for s, f in sets.items()}
    budget = schedule.budget(size, minutes, iterations, sides)
    with files.alone(folder, "training"):
        from faceswap_lib.network import checkpoint  # Keras is loaded only now, when faults in the input are out

        base = None if from_scratch else pretrained.find(size, alignment)
        about, net = record.about(size, alignment, seed, gan, sets, sides, base), checkpoint.build(size, seed)
        run = Run(folder, about, net, sides, size, seed, *budget, plateau, gan, ablation.light)
        _begin(run, resume, keep, base, ablation.from_mean)
        return _carry_out(run, progress, each)


def _begin(run: Run, resume: bool | None, keep: bool, base: Path | None, from_mean: bool) -> None:
    from faceswap_lib.network import checkpoint

    saved.clear(run.folder)
    cut_off = resume is None and record.begun(run.folder, run.about, ended=keep)
    copies = 1 if resume or cut_off else COPIES
    files.room(run.folder, copies * checkpoint.size(run.net), "this training")
    if resume or cut_off:
        run.history, run.iteration = checkpoint.restore(run.net, run.folder)
        found = record.read_about(run.folder)
        run.first, run.earlier, run.about["start"] = run.iteration, found["seconds"], found["start"]
        run.spent = found["spent"] if cut_off else 0.0
        note(f"Going on with the model in {run.folder} from iteration {run.iteration}.")
    else:
        saved.move_aside(run.folder)
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
        if run.history:  # else nothing has been learnt yet
            save(run, run.folder)
        raise
    seconds, egs = max(run.seconds, 1e-3), run.egs
    run.about["stopped"] = stopped
    save(run, run.folder)
    told = (stopped, run.waited / seconds, run.about["advice"])
    return TrainResult(run.folder, run.first, run.iteration, seconds, egs, run.history, *told)


def save(run: Run, folder: Path) -> None:
    """Write the model as it is now into a folder, ready to convert with or to resume; UserError where it broke down."""
    from faceswap_lib.network import checkpoint

    if not checkpoint.finite(run.net):
        raise _broken_down(run)
    folder.mkdir(parents=True, exist_ok=True)
    for side, data in run.sides.items():
        with files.whole(folder / saved.MEANS[f"mean_{side}"]) as part:
            faceset.save_image(part, np.round(data.mean * 255).astype("u1"))
    run.about |= {"seconds": round(run.earlier + run.seconds, 1), "spent": round(run.spent + run.seconds, 1)}
    checkpoint.save(run.net, folder, run.about, run.history)


def _broken_down(run: Run) -> UserError:
    there = (run.folder / f"{saved.NEWEST}.json").exists()
    kept = f"The model in {run.folder} is the last good one; go on from it with resume" if there else "Train again"
    return UserError(
        f"The training broke down before iteration {run.iteration}: its numbers are no longer finite. {kept}, "
        "and if it happens again, begin anew with another seed."
    )


def _loop(run: Run, progress: Progress | None, each: Callable[[Run], None] | None) -> str:
    last = time.monotonic()
    if not run.history:
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
            if time.monotonic() - last > SAVE_EVERY:
                save(run, run.folder)
                last = time.monotonic()
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
    """Losses since the last check, losses on held-out faces, and a preview picture; UserError where one is NaN."""
    if run.history and run.history[-1]["iteration"] == run.iteration:
        return
    net = run.net
    seen = {name: float(net.parts[name].result()) for name in net.parts}
    net.reset_metrics()
    held_batch = batches.held_out(run.sides, run.profile.batch)
    held = net.test_on_batch(held_batch, return_dict=True)
    net.reset_metrics()
    if not all(map(math.isfinite, [*seen.values(), held["loss_a"], held["loss_b"]])):
        raise _broken_down(run)
    run.history.append(
        {
            "iteration": run.iteration,
            "seconds": round(run.earlier + run.seconds, 1),
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
