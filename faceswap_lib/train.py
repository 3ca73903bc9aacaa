"""Lab 4: train one encoder, two decoders and a discriminator on two facesets.

The loop is short: take a batch, take a step, now and then look at faces the network has never seen. It stops by
minutes, iterations or plateau, saves as it goes and can be resumed.
"""

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, files, profiles
from faceswap_lib.face import faceset, identity
from faceswap_lib.face.mesh import canvas
from faceswap_lib.network import batches, pretrained, previews, record, saved, schedule
from faceswap_lib.network.run import Run
from faceswap_lib.progress import Progress, note

SAVE_EVERY = 60  # seconds
INTERRUPTED = "interrupted"
COMPILING = "compiling the network for this processor, usually 20 to 50 s"
EARLY = (8, 16, 24, 36)  # steps after which held-out faces are looked at too, for what comes first comes fast
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
    start: str = "base",
    light: bool = True,
    interrupt: str = "raise",
    progress: Progress | None = None,
    each: Callable[[Run], None] | None = None,
) -> TrainResult:
    """Train on two facesets and write the model into a folder; UserError: NaN, a full disk; the last good one stays.

    minutes, iterations (earlier sessions too): else the profile's; plateau: stop after so many held-out checks without
    a better one; each: called before every step, off budget as compiling is. start: the "base", each person's "mean"
    texture or "noise". interrupt: Ctrl-C, once saved, is "raise"d or an "end". resume: go on with what is there, of the
    same people, seed and profile; by default only what was cut off; keep: or had ended. Else it is kept under a date.
    """
    size, folder = profiles.get(profile), Path(model)
    schedule.check(minutes, iterations, plateau, seed)
    begins = pretrained.named(start, size, alignment)
    if resume:
        record.check_resume(folder, profile=profile, alignment=alignment, seed=seed)
    sets = identity.distinct({s: faceset.load(f) for s, f in (("a", faces_a), ("b", faces_b))})
    if resume:
        record.check_people(folder, sets)
    sides = {s: batches.load_side(f, canvas(alignment, size.texture), size.faces) for s, f in sets.items()}
    budget = schedule.budget(size, minutes, iterations, sides)
    with files.alone(folder, "training"):
        from faceswap_lib.network import checkpoint, devices  # Keras is loaded now, when faults in the input are out

        (team := devices.team(size.batch)).tell(size.batch)
        about, net = record.about(size, alignment, seed, gan, sets, sides, begins), checkpoint.build(size, seed, team)
        run = Run(folder, about, net, sides, size, seed, *budget, plateau, gan, light)
        _begin(run, resume, keep)
        return _carry_out(run, interrupt, progress, each)


def _begin(run: Run, resume: bool | None, keep: bool) -> None:
    from faceswap_lib.network import checkpoint

    saved.clear(run.folder)
    cut_off = resume is None and record.begun(run.folder, run.about, ended=keep)
    copies = 1 if resume or cut_off else COPIES
    files.room(run.folder, copies * checkpoint.size(run.net), "this training")
    if resume or cut_off:
        run.history, run.iteration = checkpoint.restore(run.net, run.folder)
        found = record.read_about(run.folder)
        run.first, run.earlier, run.about["start"] = run.iteration, found["seconds"], found["start"]
        run.spent, run.about["played"] = found["spent"] if cut_off else 0.0, found.get("played", [])
        run.play = schedule.played_by_hand(run.about["played"])
        note(f"Going on with the model in {run.folder} from iteration {run.iteration}.")
    else:
        saved.move_aside(run.folder)
        pretrained.begin(run.net, run.about["start"], {side: data.mean for side, data in run.sides.items()})
    run.start = time.monotonic()


def _carry_out(run: Run, interrupt: str, progress: Progress | None, each: Callable[[Run], None] | None) -> TrainResult:
    try:
        stopped = _loop(run, progress, each)
    except KeyboardInterrupt:
        if run.history:  # else nothing has been learnt yet
            save(run, run.folder)
        if interrupt != "end" or not run.history:
            raise
        stopped = INTERRUPTED
    seconds, egs = max(run.seconds, 1e-3), run.egs
    if stopped != INTERRUPTED:  # a training that was is gone on with by the next one like it, as one that was killed
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
    _tell(run, progress, COMPILING)
    with ThreadPoolExecutor(1) as ahead:
        following = ahead.submit(_batch, run, run.iteration)
        with run.apart():
            following.exception()  # wait for it: its first work is compiled as well
            if not run.history:
                _check(run)
        while not (why := _stop(run)):
            if each:
                with run.apart():
                    each(run)
            batch, following = _wait(run, following), ahead.submit(_batch, run, run.iteration + 1)
            _step(run, batch, progress)
            if run.iteration % run.profile.every == 0 or run.iteration in EARLY:
                with run.apart() if run.net.test_function is None else nullcontext():
                    _check(run)
            if time.monotonic() - last > SAVE_EVERY:
                save(run, run.folder)
                last = time.monotonic()
            _tell(run, progress)
    _check(run)
    return why


def _wait(run: Run, following: Future) -> dict:
    start = time.monotonic()
    batch = following.result()
    run.waited += time.monotonic() - start
    return batch


def _step(run: Run, batch: dict, progress: Progress | None) -> None:
    net, plays = run.net, run.plays
    if plays != bool(net.gan) or not run.compiled:
        run.switch(plays)
    net.optimizer.learning_rate = schedule.learning_rate(run.iteration, run.share, run.about["start"])
    if run.compiled[plays]:
        net.train_on_batch(batch)
    else:
        _compile(run, batch, progress)
    run.iteration += 1


def _compile(run: Run, batch: dict, progress: Progress | None) -> None:
    """A step that is the first of its kind: it is compiled for this processor, and that is no training."""
    _tell(run, progress, COMPILING)
    start = time.monotonic()
    with run.apart():
        run.net.train_on_batch(batch)
    run.compiled[bool(run.net.gan)] = run.net.train_function
    run.compiling = max(run.compiling, time.monotonic() - start)
    _tell(run, progress, "compiled")


def _batch(run: Run, iteration: int) -> dict:
    from faceswap_lib.network import augment

    random = np.random.default_rng([run.seed, iteration])  # so that a resumed run draws what it would have drawn
    a, b = (augment.draw(run.sides[s], run.profile.batch, random, s, run.light) for s in "ab")
    return a | b


def _stop(run: Run) -> str:
    if run.share >= 1 or (run.minutes is None and run.iterations is None):
        return "budget"
    if run.stop:
        return run.stop
    return "plateau" if schedule.plateau(run.history, run.plateau) else ""


def _check(run: Run) -> None:
    """Losses since the last check, losses on held-out faces, and a preview picture; UserError where one is NaN."""
    if run.history and run.history[-1]["iteration"] == run.iteration:
        return
    net = run.net
    seen = {name: float(net.parts[name].result()) for name in net.parts}
    net.reset_metrics()
    held_batch = batches.held_out(run.sides, run.profile.batch)
    net.test_on_batch(held_batch)
    held = {f"held_{s}": float(net.parts[f"loss_{s}"].result()) for s in "ab"}
    net.reset_metrics()
    if not all(map(math.isfinite, (seen | held).values())):
        raise _broken_down(run)
    when = {"iteration": run.iteration, "seconds": round(run.earlier + run.seconds, 1), "egs": round(run.egs, 1)}
    run.history.append(when | held | seen)
    previews.save(net, held_batch, run.folder / "previews" / f"{run.iteration:06d}.jpg")


def _tell(run: Run, progress: Progress | None, what: str = "") -> None:
    if progress:
        held = " · held-out loss A {held_a:.3f} B {held_b:.3f}".format(**run.history[-1]) if run.history else ""
        what = what or f"iteration {run.iteration} · {run.egs:.0f} EGs/s{held}" + (" · GAN" if run.net.gan else "")
        progress(round(1000 * run.share), 1000, what)
