"""train.py at the smoke profile's size: it learns, stops, resumes to the same numbers, survives a kill, and refuses."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import count, islice
from types import SimpleNamespace

import numpy as np
import pytest

from faceswap_lib import UserError, extract, files, profiles, samples, train
from faceswap_lib.face import faceset
from faceswap_lib.face.mesh import canvas
from faceswap_lib.media import video
from faceswap_lib.network import batches, checkpoint, record, schedule
from faceswap_lib.network import run as under_way

SMOKE = profiles.get("smoke")
HASTY = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"  # slower steps, sooner compiled


class Stopped(Exception):
    pass


def stepped(done: int, total: int, note: str) -> bool:
    """Whether a call of progress tells of a step, and not of what is compiled before it."""
    return note.startswith("iteration")


def stop_after(calls: int):
    """A progress callback that raises Stopped after so many steps."""
    told = []

    def progress(*args):
        told.extend([args] * stepped(*args))
        if len(told) == calls:
            raise Stopped

    return progress


def made_clock(monkeypatch) -> None:
    """A second goes by at every tenth look at the clock, whatever a slow machine takes."""
    clock = count(0, 0.1)
    for module in (train, under_way):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock)))


def python(code: str, *arguments: object, **environment: str) -> subprocess.Popen:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env={**os.environ, **environment}, **pipes)


def test_faces_never_seen_are_drawn_better_after_training(trained):
    first, last = trained.history[0], trained.history[-1]
    assert (first["iteration"], last["iteration"], trained.iterations, trained.stopped) == (0, 40, 40, "budget")
    for side in "ab":
        assert last[f"held_{side}"] < 0.98 * first[f"held_{side}"], side
    assert trained.egs == pytest.approx(40 * 2 * SMOKE.batch / trained.seconds, rel=1e-3)


def test_the_discriminator_plays_in_the_second_half_only(trained):
    for row in trained.history[1:]:
        played = row["gan_real"] > 0 and row["gan_fake"] > 0
        assert played == (row["iteration"] > 40 * SMOKE.gan_from), row


def test_resuming_gives_the_same_numbers_as_never_having_stopped(facesets, tmp_path, monkeypatch):
    a, b = facesets["a"], facesets["b"]
    monkeypatch.setattr(train.previews, "save", lambda net, held, path: None)  # to save time
    train.train(a, b, tmp_path / "straight", profile="smoke", iterations=8)
    monkeypatch.setattr(train, "SAVE_EVERY", -1)  # after every step
    with pytest.raises(Stopped):
        train.train(a, b, tmp_path / "halved", profile="smoke", iterations=8, progress=stop_after(4))
    assert record.read_about(tmp_path / "halved")["iteration"] == 4
    result = train.train(a, b, tmp_path / "halved", profile="smoke", iterations=8, resume=True)
    assert result.iterations == 8 and [row["iteration"] for row in result.history][-1] == 8
    straight, halved = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("straight", "halved"))
    assert straight == halved, "bit for bit, the optimizer's numbers too"
    rows = [record.read_about(tmp_path / name)["history"] for name in ("straight", "halved")]
    assert result.first == 4 and rows[0][-1] == rows[1][-1] | {key: rows[0][-1][key] for key in ("seconds", "egs")}


def test_a_killed_training_leaves_its_last_complete_model(facesets, tmp_path):
    code = """
import sys
from faceswap_lib import train
train.SAVE_EVERY = -1
a, b, model = sys.argv[1:]
def tell(done, total, note):
    if note.startswith("iteration"):
        print(note, flush=True)
train.train(a, b, model, profile="smoke", iterations=9999, gan=False, progress=tell)
"""
    process = python(code, facesets["a"], facesets["b"], tmp_path / "model")
    told = [process.stdout.readline() for _ in range(12)]
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and told[-1], process.stderr.read()[-2000:]
    assert record.read_about(tmp_path / "model")["profile"] == "smoke"
    net = checkpoint.build(SMOKE, 0)
    history, iteration = checkpoint.restore(net, tmp_path / "model")
    assert iteration >= 12 and history[0]["iteration"] == 0


@pytest.mark.parametrize("budget", [{"minutes": 0}, {"iterations": 0}])
def test_no_budget_gives_a_model_that_has_learnt_nothing(facesets, tmp_path, budget):
    result = train.train(
        facesets["a"], facesets["b"], tmp_path / "m", profile="smoke", **budget, progress=stop_after(3)
    )
    assert (result.iterations, result.stopped, len(result.history)) == (0, "budget", 1)
    assert record.read_about(tmp_path / "m")["iteration"] == 0


def test_it_stops_by_the_clock(facesets, tmp_path, monkeypatch):
    told = []
    made_clock(monkeypatch)
    result = train.train(
        facesets["a"],
        facesets["b"],
        tmp_path / "m",
        profile="smoke",
        minutes=0.2,
        gan=False,
        progress=lambda *args: told.append(args),
    )
    assert result.stopped == "budget" and 12 <= result.seconds < 15
    told = [args for args in told if stepped(*args)]
    assert len(told) == result.iterations >= 5
    done = [args[0] for args in told]
    assert done == sorted(done) and 0 < done[0] < done[-1] <= told[-1][1] and "EGs/s" in told[-1][2]


def test_it_stops_when_each_face_was_seen_so_often(facesets, tmp_path, monkeypatch):
    monkeypatch.setitem(profiles.PROFILES, "smoke", replace(SMOKE, iterations=None, minutes=9.0, passes=2))
    most = max(
        batches.load_side(faceset.load(f), canvas("mesh", SMOKE.texture), SMOKE.faces).cut for f in facesets.values()
    )
    result = train.train(facesets["a"], facesets["b"], tmp_path / "m", profile="smoke", gan=False)
    assert (result.stopped, result.iterations) == ("budget", -(-2 * most // SMOKE.batch))
    other = train.train(facesets["a"], facesets["b"], tmp_path / "m", profile="smoke", iterations=3, gan=False)
    assert other.iterations == 3, "who says how long is asked no more"


def test_it_stops_on_a_plateau(facesets, tmp_path, monkeypatch):
    monkeypatch.setitem(profiles.PROFILES, "smoke", replace(SMOKE, every=2))
    monkeypatch.setattr(schedule, "RATE", 0.0)  # nothing is learnt: the first check stays the best
    result = train.train(
        facesets["a"], facesets["b"], tmp_path / "m", profile="smoke", iterations=99, plateau=2, gan=False
    )
    assert (result.stopped, result.iterations) == ("plateau", 4)


def test_a_step_is_compiled_where_the_profile_says_so(facesets, tmp_path, monkeypatch):
    monkeypatch.setitem(profiles.PROFILES, "smoke", replace(SMOKE, gan_from=0.0, compiled=True))
    seen = []
    how = {"profile": "smoke", "iterations": 2, "each": lambda run: seen.append(run.net.jit_compile)}
    result = train.train(facesets["a"], facesets["b"], tmp_path / "m", **how)
    assert seen == [True, True] and result.history[-1]["gan_real"] > 0
    assert all(profiles.get(name).compiled for name in ("micro", "demo", "gpu"))


def test_it_trains_on_jax(facesets, tmp_path):
    code = """
import sys
from dataclasses import replace
import keras
from faceswap_lib import profiles, train
assert keras.backend.backend() == "jax"
profiles.PROFILES["smoke"] = replace(profiles.get("smoke"), gan_from=0.0)
result = train.train(*sys.argv[1:], profile="smoke", iterations=3)
assert result.iterations == 3 and result.history[-1]["gan_real"] > 0, result
"""
    process = python(code, facesets["a"], facesets["b"], tmp_path / "m", KERAS_BACKEND="jax", XLA_FLAGS=HASTY)
    error = process.communicate(timeout=180)[1]
    assert process.returncode == 0, error[-3000:]
    assert record.read_about(tmp_path / "m")["versions"]["backend"] == "jax"


def sides_of(facesets) -> dict[str, batches.Side]:
    on = canvas("mesh", SMOKE.texture)
    return {s: batches.load_side(faceset.load(facesets[s]), on, SMOKE.faces) for s in "ab"}


def test_held_out_faces_are_looked_at_and_never_trained_on(facesets):
    sides = sides_of(facesets)
    run = under_way.Run(None, {}, None, sides, SMOKE, 5, None, 100, None, True)
    held, trained_on = batches.held_out(sides, SMOKE.batch), [train._batch(run, i) for i in range(40)]
    for s, side in sides.items():
        known = {target.tobytes(): i for i, target in enumerate(side.targets)}

        def which(batch, s=s, known=known):
            return {known[t.tobytes()] for t in np.round(np.array(batch[f"target_{s}"]) * 255).astype("u1")}

        assert which(held) == set(range(side.cut, 30))
        assert set().union(*map(which, trained_on)) == set(range(side.cut))


def test_batches_depend_on_seed_and_step_alone(facesets):
    sides = sides_of(facesets)
    one, same, other = (under_way.Run(None, {}, None, sides, SMOKE, seed, None, 9, None, True) for seed in (5, 5, 6))
    first, again = ({key: np.array(x) for key, x in train._batch(run, 7).items()} for run in (one, same))
    assert all((first[key] == again[key]).all() for key in first)
    for second in (train._batch(one, 8), train._batch(other, 7)):
        assert (first["picture_a"] != np.array(second["picture_a"])).any()


@pytest.mark.parametrize(
    "change, word",
    [
        ({"profile": "micro"}, "profile 'smoke', not 'micro'"),
        ({"alignment": "similarity"}, "alignment 'mesh', not 'similarity'"),
    ],
)
def test_a_model_is_not_resumed_as_another(facesets, trained, change, word):
    before = (trained.model / "model.json").read_bytes()
    settings = {"profile": "smoke", "resume": True, **change}
    with pytest.raises(UserError, match=word):
        train.train(facesets["a"], facesets["b"], trained.model, **settings)
    assert (trained.model / "model.json").read_bytes() == before


@pytest.mark.parametrize(
    "settings, word",
    [
        ({"profile": "big"}, "no profile 'big'"),
        ({"alignment": "affine"}, "no alignment 'affine'"),
        ({"minutes": -1}, "minutes is -1; give a number from 0"),
        ({"iterations": -5}, "iterations is -5; give a whole number from 0"),
        ({"seed": 2**32}, "seed is 4294967296; give a whole number from 0 to 4294967295"),
        ({"plateau": 0}, "plateau is 0; give a whole number of checks from 1"),
        ({"resume": True}, "holds no trained model"),
    ],
)
def test_settings_that_make_no_sense(facesets, tmp_path, settings, word):
    with pytest.raises(UserError, match=word):
        train.train(facesets["a"], facesets["b"], tmp_path / "m", **{"profile": "smoke", **settings})
    assert list(tmp_path.iterdir()) == []


def test_facesets_that_cannot_be_trained_on(facesets, tmp_path):
    few = shutil.copytree(facesets["b"], tmp_path / "few")
    for picture in sorted(few.glob("*.png"))[5:]:
        picture.unlink()
    with pytest.raises(UserError, match="few has 5 face pictures"):
        train.train(facesets["a"], few, tmp_path / "m", profile="smoke")
    with pytest.raises(UserError, match="not a faceset"):
        train.train(tmp_path, facesets["b"], tmp_path / "m", profile="smoke")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file"):
        train.train(facesets["a"], facesets["b"], tmp_path / "file", profile="smoke")
    assert not (tmp_path / "m").exists()


def test_one_faceset_twice_is_refused(facesets, short, tmp_path):
    again = extract.extract(short["a"], tmp_path / "again", profile="smoke", min_size=30).folder
    for other in (facesets["a"], again):
        with pytest.raises(UserError, match="hold the same faces of a.mp4; give the facesets of two people"):
            train.train(facesets["a"], other, tmp_path / "m", profile="smoke")
    assert not (tmp_path / "m").exists()


def test_the_same_person_twice_is_said_and_trained(facesets, trained, tmp_path, capsys):
    part = tmp_path / "part.mp4"
    video.write(part, islice(video.frames(samples.path("person_a")), 100, 130), 24)
    extract.extract(part, tmp_path / "a2", profile="smoke")
    result = train.train(facesets["a"], tmp_path / "a2", tmp_path / "m", profile="smoke", iterations=0)
    assert result.advice.startswith("A and B look like the same person (0.") and trained.advice == ""
    assert f"Note: {result.advice}" in capsys.readouterr().err
    assert record.read_about(result.model)["advice"] == result.advice


def test_what_is_done_apart_does_not_count_as_training():
    run = under_way.Run(None, {}, None, {}, SMOKE, 0, None, 9, None, True)
    before = run.seconds
    with run.apart():
        time.sleep(0.5)
    assert 0 <= run.seconds - before < 0.4


def test_compiling_is_said_and_takes_none_of_the_minutes(facesets, tmp_path, monkeypatch):
    monkeypatch.setattr(train.previews, "save", lambda net, held, path: None)  # to save time
    told, clock = [], []

    def progress(done, total, note):
        told.append(note)
        clock.append((run[0].seconds if run else 0.0, time.monotonic()))

    run = []
    how = {"profile": "smoke", "iterations": 3, "gan": False}
    train.train(*facesets.values(), tmp_path / "m", **how, progress=progress, each=run.append)
    begun, done = told.index(train.COMPILING, 1), told.index("compiled")
    assert told[0] == train.COMPILING and done == begun + 1 and told[-1].startswith("iteration 3")
    (counted, real) = (clock[done][k] - clock[begun][k] for k in (0, 1))
    assert counted < 0.05 < real and run[0].compiling == pytest.approx(real, abs=0.3)
    assert run[0].history[-1]["seconds"] < real + 2


def test_the_discriminator_joins_and_leaves_when_a_hand_says_so(facesets, tmp_path, monkeypatch):
    monkeypatch.setattr(train.previews, "save", lambda net, held, path: None)  # to save time
    monkeypatch.setitem(profiles.PROFILES, "smoke", replace(SMOKE, every=5))
    monkeypatch.setattr(train, "EARLY", ())
    wishes, compiled = {5: True, 15: False, 20: True}, []

    def each(run):
        run.play = wishes.get(run.iteration, run.play)

    how = {"profile": "smoke", "iterations": 25, "gan": False, "each": each}
    result = train.train(*facesets.values(), tmp_path / "m", **how, progress=lambda *told: compiled.append(told[2]))
    played = {row["iteration"]: row["gan_real"] > 0 and row["gan_fake"] > 0 for row in result.history}
    assert played == {0: False, 5: False, 10: True, 15: True, 20: False, 25: True}, "within five steps"
    assert compiled.count("compiled") == 2, "with and without: once each"
    told = [{"iteration": i, "gan": gan, "by": "hand"} for i, gan in wishes.items()]
    assert record.read_about(tmp_path / "m")["played"] == told
    wishes.clear()
    how["iterations"] = 27
    train.train(*facesets.values(), tmp_path / "m", **how, resume=True)
    about = record.read_about(tmp_path / "m")
    assert about["played"] == told and about["history"][-1]["gan_real"] > 0, "it goes on as the hand left it"


def test_a_hand_stops_a_training_as_its_budget_would(facesets, tmp_path, monkeypatch):
    monkeypatch.setattr(train.previews, "save", lambda net, held, path: None)  # to save time

    def each(run):
        run.stop = "hand" * (run.iteration == 3)

    result = train.train(*facesets.values(), tmp_path / "m", profile="smoke", gan=False, each=each)
    assert (result.stopped, result.iterations, result.history[-1]["iteration"]) == ("hand", 4, 4)
    assert record.read_about(tmp_path / "m")["stopped"] == "hand"


def test_an_interrupt_can_end_a_training_that_the_next_one_goes_on_with(facesets, tmp_path, monkeypatch):
    monkeypatch.setattr(train.previews, "save", lambda net, held, path: None)  # to save time
    how = {"profile": "smoke", "iterations": 9, "gan": False, "interrupt": "end"}
    result = train.train(*facesets.values(), tmp_path / "m", **how, progress=interrupt_after(4))
    assert (result.stopped, result.iterations) == ("interrupted", 4)
    assert record.read_about(tmp_path / "m")["iteration"] == 4
    assert train.train(*facesets.values(), tmp_path / "m", **how).first == 4


def test_from_noise_nothing_is_known_and_from_the_mean_a_portrait(facesets, tmp_path):
    drawn, held = {}, {}
    for start in ("noise", "mean"):
        how = {"profile": "smoke", "iterations": 0, "start": start}
        held[start] = train.train(*facesets.values(), tmp_path / start, **how).history[0]["held_b"]
        assert record.read_about(tmp_path / start)["start"] == start
        sheet = faceset.read_image(tmp_path / start / "previews" / "000000.jpg").astype("f4")
        drawn[start] = sheet[:64, 4 * 64 : 5 * 64]
    assert held["noise"] > 2 * held["mean"]
    rough = {start: np.abs(np.diff(picture, axis=1)).mean() for start, picture in drawn.items()}
    assert rough["noise"] > 6 and abs(drawn["noise"].mean() - 127) < 30, "speckled, and grey on average"


def test_a_start_that_there_is_none_of(facesets, tmp_path):
    with pytest.raises(UserError, match="no start 'scratch'; choose one of base, mean, noise"):
        train.train(*facesets.values(), tmp_path / "m", profile="smoke", start="scratch")


@pytest.mark.parametrize(
    ("people", "change", "said"),
    [
        ("ba", {}, "the other way round"),
        ("ab", {"seed": 5}, "seed 0, not 5"),
        ("aa", {}, "hold the same faces of a.mp4"),
    ],
)
def test_what_is_resumed_otherwise_is_refused_and_the_model_stays(trained, facesets, tmp_path, people, change, said):
    model = shutil.copytree(trained.model, tmp_path / "model")
    before = {path: path.read_bytes() for path in model.rglob("*.*")}
    with pytest.raises(UserError, match=said):
        train.train(*(facesets[s] for s in people), model, profile="smoke", iterations=41, resume=True, **change)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_two_trainings_do_not_share_a_folder(facesets, tmp_path):
    with files.alone(tmp_path / "model", "training"):
        with pytest.raises(UserError, match="Another training is at work"):
            train.train(facesets["a"], facesets["b"], tmp_path / "model", profile="smoke", iterations=1)
    assert list(tmp_path.iterdir()) == []


def test_a_training_cut_off_is_finished_by_the_next_and_only_by_the_same(facesets, tmp_path, monkeypatch, capsys):
    people, model = (facesets["a"], facesets["b"]), tmp_path / "model"
    monkeypatch.setattr(train, "SAVE_EVERY", -1)
    with pytest.raises(Stopped):
        train.train(*people, model, profile="smoke", iterations=6, gan=False, progress=stop_after(3))
    again = train.train(*people, model, profile="smoke", iterations=6, gan=False)
    assert (again.first, again.iterations) == (3, 6)
    assert f"Going on with the model in {model} from iteration 3." in capsys.readouterr().err
    before = (model / "model.safetensors").read_bytes()
    kept = train.train(*people, model, profile="smoke", iterations=6, gan=False, keep=True)
    assert (kept.first, kept.iterations, len(kept.history)) == (6, 6, len(again.history))
    assert (model / "model.safetensors").read_bytes() == before
    other = train.train(*people, model, profile="smoke", iterations=2, gan=False)
    assert (other.first, other.iterations) == (0, 2), "that one had reached its end"
    with pytest.raises(Stopped):
        train.train(*people, model, profile="smoke", iterations=6, gan=False, progress=stop_after(3))
    for change in ({"seed": 1}, {"gan": True}, {"resume": False}):
        copy = shutil.copytree(model, tmp_path / str(change))
        how = {"profile": "smoke", "iterations": 0, "gan": False}
        assert train.train(*people, copy, **how | change).first == 0, change
        assert len(list(tmp_path.glob(f"{copy.name}-*"))) == 1, "what was there is kept"


def test_minutes_that_were_trained_before_a_cut_count(facesets, tmp_path, monkeypatch):
    made_clock(monkeypatch)
    how = {"profile": "smoke", "minutes": 0.3, "gan": False}
    with pytest.raises(KeyboardInterrupt):
        train.train(*facesets.values(), tmp_path / "m", **how, progress=interrupt_after(8))
    before = record.read_about(tmp_path / "m")
    result = train.train(*facesets.values(), tmp_path / "m", **how)
    assert result.first == before["iteration"] == 8 and 2 < before["seconds"] < 15
    assert before["seconds"] + result.seconds == pytest.approx(18, abs=2)
    assert record.read_about(tmp_path / "m")["seconds"] == pytest.approx(before["seconds"] + result.seconds, abs=1)
    more = train.train(*facesets.values(), tmp_path / "m", **how | {"minutes": 0.1}, resume=True)
    assert more.first == result.iterations and more.seconds > 6, "who says resume gets the minutes on top"


def interrupt_after(calls: int):
    left = count(calls - 1, -1)

    def progress(*args):
        if stepped(*args) and next(left) <= 0:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("what", ["weights", "loss"])
def test_numbers_that_break_down_end_a_training_and_the_last_good_model_stays(facesets, tmp_path, monkeypatch, what):
    monkeypatch.setattr(train, "SAVE_EVERY", -1)
    people, model, left = facesets.values(), tmp_path / "model", count(3, -1)

    def poison(run):
        if next(left) == 0:
            kernel = run.net.decoder_b.trainable_variables[0]
            kernel.assign(np.full(kernel.shape, np.nan))
            if what == "loss":  # seen by the check on held-out faces, which comes before the next save
                monkeypatch.setattr(checkpoint, "finite", lambda net: True)
                monkeypatch.setattr(run, "profile", replace(SMOKE, every=4))

    with pytest.raises(UserError, match="broke down before iteration 4: .* no longer finite. The model in"):
        train.train(*people, model, profile="smoke", iterations=9, gan=False, each=poison)
    about = record.read_about(model)
    assert about["iteration"] == 3 and all(np.isfinite(row["held_a"]) for row in about["history"])
    monkeypatch.undo()
    assert train.train(*facesets.values(), model, profile="smoke", iterations=5, gan=False).first == 3


def test_a_disk_too_small_is_said_before_the_training(facesets, tmp_path, monkeypatch):
    monkeypatch.setattr(files.shutil, "disk_usage", lambda path: SimpleNamespace(free=20e6))
    with pytest.raises(UserError, match="has 20 MB free, and this training needs about 34 MB"):
        train.train(*facesets.values(), tmp_path / "m", profile="smoke", iterations=1)
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_goes_on_needs_room_for_one_more_checkpoint_only(facesets, trained, tmp_path, monkeypatch):
    model = shutil.copytree(trained.model, tmp_path / "model")
    monkeypatch.setattr(files.shutil, "disk_usage", lambda path: SimpleNamespace(free=20e6))
    how = {"profile": "smoke", "iterations": 41, "resume": True}
    assert train.train(*facesets.values(), model, **how).iterations == 41


def test_ctrl_c_before_anything_was_learnt_leaves_no_model(facesets, tmp_path, monkeypatch):
    def stop(run):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(train, "_check", stop)
        with pytest.raises(KeyboardInterrupt):
            train.train(*facesets.values(), tmp_path / "m", profile="smoke", iterations=2)
    assert list((tmp_path / "m").iterdir()) == []


def test_what_a_killed_training_left_half_written_goes_and_the_means_are_this_trainings(facesets, tmp_path):
    model, want = tmp_path / "m", faceset.load(facesets["a"])
    (model / "previews").mkdir(parents=True)
    for name in (".part.model.safetensors", ".part.mean_a.png", "previews/.part.000000.jpg", "mean_a.png"):
        (model / name).write_bytes(b"of another one")
    train.train(*facesets.values(), model, profile="smoke", iterations=0)
    there = {p.name for p in model.rglob("*") if p.is_file()}
    assert there == {"model.json", "model.safetensors", "mean_a.png", "mean_b.png", "000000.jpg"}
    mean = batches.load_side(want, canvas("mesh", SMOKE.texture), SMOKE.faces).mean
    assert faceset.read_image(model / "mean_a.png") == pytest.approx(np.round(mean * 255))


def test_minutes_of_a_training_that_goes_on_with_another_are_its_own(facesets, tmp_path, monkeypatch):
    made_clock(monkeypatch)
    how = {"profile": "smoke", "gan": False}
    train.train(*facesets.values(), tmp_path / "m", **how, minutes=0.3)
    with pytest.raises(KeyboardInterrupt):
        train.train(*facesets.values(), tmp_path / "m", **how, minutes=0.3, resume=True, progress=interrupt_after(4))
    before = record.read_about(tmp_path / "m")
    assert before["seconds"] > 18 > before["spent"] > 0
    again = train.train(*facesets.values(), tmp_path / "m", **how, minutes=0.3)
    assert again.seconds == pytest.approx(18 - before["spent"], abs=2), "those of the first one are not counted"
