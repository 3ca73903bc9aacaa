"""dashboard.py: its controls reach a training that runs, what it shows is that training, and it ends as it says."""

import re
import sys
from types import SimpleNamespace

import pytest

from faceswap_lib import profiles, train
from faceswap_lib.display.live import VIEW
from faceswap_lib.network import previews, record
from faceswap_lib.network.run import Run
from faceswap_lib.widgets import dashboard

SMOKE = profiles.get("smoke")


@pytest.fixture
def run(trained) -> Run:
    """A training half-way, as far as a dashboard looks at it."""
    parts = {name: SimpleNamespace(result=lambda: 0.5) for name in ("gan_real", "gan_fake")}
    net = SimpleNamespace(gan=0.0, parts=parts)
    about = {"played": [], "stopped": "budget"}
    return Run(trained.model, about, net, {}, SMOKE, 0, None, 40, None, True, iteration=10, history=trained.history)


@pytest.fixture
def board(trained):
    return dashboard.Dashboard(trained.model)


def test_a_training_is_toggled_and_stopped_by_its_controls(facesets, short, tmp_path, capsys):
    hand = {4: ("gan", True), 8: ("gan", False), 10: ("stop", None)}
    with dashboard.Dashboard(tmp_path / "m", short["a"], facesets["a"]) as board:

        def each(run):
            board.look(run)
            what, value = hand.get(run.iteration, ("", None))
            if what == "gan":
                board.gan.value = value
            if what == "stop":
                board.stop.click()

        how = {"profile": "smoke", "start": "noise", "progress": board, "each": each}
        result = train.train(*facesets.values(), tmp_path / "m", **how)
    assert (result.stopped, result.iterations) == ("hand", 11)
    told = [{"iteration": 4, "gan": True, "by": "hand"}, {"iteration": 8, "gan": False, "by": "hand"}]
    assert record.read_about(tmp_path / "m")["played"] == told
    assert (
        f"Saved in {tmp_path / 'm'} at iteration 11, stopped by hand; resume = True goes on." in capsys.readouterr().out
    )
    assert board.stop.disabled and board.gan.disabled and not board.play.disabled
    assert board.looks[0].iteration == 0 and board.looks[-1].iteration == 11 and board.looks[0].swap
    assert board.looks[0].swap != board.looks[-1].swap and board.looks[0].sheet != board.looks[-1].sheet
    assert board.play.max == board.when.max == len(board.looks) - 1


def test_the_box_shows_what_the_schedule_does_until_a_hand_is_laid_on_it(board, run):
    board.look(run)
    assert not board.gan.value and run.play is None
    run.iteration = 30
    board.look(run)
    assert board.gan.value and run.play is None, "the schedule's doing is not a hand's"
    board.gan.value = False
    assert run.play is False
    board.look(run)
    assert not board.gan.value


def test_one_can_look_back_while_it_goes_on(board, run, monkeypatch):
    monkeypatch.setattr(dashboard, "FIRST", -1)
    monkeypatch.setattr(dashboard, "SLOWEST", -1)
    for run.iteration in (10, 11, 12):
        board.look(run)
    assert board.when.max == board.when.value == 2 and "iteration 12" in board.pictures.value
    board.when.value = 0
    assert "iteration 10" in board.pictures.value
    run.iteration = 13
    board.look(run)
    assert board.when.value == 0 and "iteration 10" in board.pictures.value, "who looks back is left there"


def test_it_tells_how_far_how_fast_and_how_long_still(board, run):
    board.look(run)
    board(250, 1000, "iteration 10 · 40 EGs/s")
    assert board.bar.value == 0.25 and re.search(r"40 EGs/s · about \d+ s left", board.line.value)
    board(250, 1000, train.COMPILING)
    assert train.COMPILING in board.line.value and "left" not in board.line.value
    run.net.gan = 0.05
    board(260, 1000, "compiled")
    assert "discriminator's loss 0.50 on real, 0.50 on drawn" in board.line.value.replace("&#x27;", "'")


def test_just_after_a_look_at_held_out_faces_the_games_losses_are_those_before(board, run):
    board.look(run)
    run.net.gan, run.net.parts = 0.05, {name: SimpleNamespace(result=lambda: 0.0) for name in dashboard.GAME}
    board(260, 1000, "compiled")
    real, drawn = (run.history[-1][name] for name in dashboard.GAME)
    assert f"{real:.2f} on real, {drawn:.2f} on drawn" in board.line.value and real > 0


def test_what_an_exported_page_shows_needs_no_kernel(board, run, trained):
    board.look(run)
    board.look(run)
    board._look()
    page = board.live._repr_mimebundle_()
    assert VIEW in page and page["text/html"] == board.still()
    assert "<svg" in board.still() and 'type="range"' in board.still() and 'src="http' not in board.still()
    images = re.findall(r"<img [^>]*>", board.still())
    assert images and all(re.search(r'alt="[^"]{20,}"', image) for image in images)


def test_a_notebook_shows_it_at_once_and_its_still_picture_at_the_end(board, run, trained, monkeypatch, capsys):
    shown = []
    handle = SimpleNamespace(update=shown.append)
    display = SimpleNamespace(display=lambda it, display_id: shown.append(it) or handle)
    book = SimpleNamespace(get_ipython=object, display=display)
    monkeypatch.setitem(sys.modules, "IPython", book)
    with board:
        assert len(shown) == 1 and board.looks == []
        board.look(run)
    assert len(shown) == 2 and previews.COLUMNS[1] in str(shown[1].still)
    assert "at its end; resume = True goes on" in str(shown[1].still) and capsys.readouterr().out == "", "said once"


def test_an_error_ends_it_without_saying_that_anything_was_saved(board, run, capsys):
    with pytest.raises(ValueError), board:
        board.look(run)
        raise ValueError("disk full")
    assert capsys.readouterr().out == "" and "error" in board.line.value and board.stop.disabled


def test_a_training_that_has_nothing_left_to_do_is_said_to(board, capsys):
    with board:
        board(1000, 1000, train.COMPILING)
    assert "Nothing was left to train" in board.line.value and board.play.disabled and board.still()
