"""What the notebooks show as HTML, and the self-checks."""

from itertools import islice

import pytest

from faceswap_lib import UserError, pages, samples, show, video


def test_a_self_check_passes_or_says_what_to_do(capsys):
    pages.check({"water is wet": (True, "wait")})
    assert "Self-check: pass" in capsys.readouterr().out
    pages.check({"water is wet": (True, "wait"), "snow is black": (False, "look again")})
    said = capsys.readouterr().out
    assert "look again" in said and "Self-check: pass" not in said


def test_a_missing_folder_names_the_lab_that_makes_it(tmp_path):
    with pytest.raises(UserError, match="04_train"):
        pages.needs(tmp_path, "model")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.weights.h5").write_bytes(b"")
    assert pages.needs(tmp_path, "model") == tmp_path


def test_a_table_escapes_what_it_shows():
    page = pages.table([{"name": "<script>", "n": 3}])._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page and "3" in page


def test_a_clip_is_part_of_the_page(tmp_path):
    video.write(tmp_path / "c.mp4", islice(video.frames(samples.path("person_a")), 3), 24)
    assert "data:video/mp4;base64," in pages.play(tmp_path / "c.mp4")


def test_plots_are_figures_with_what_they_show():
    frames = list(islice(video.frames(samples.path("person_a")), 2))
    assert len(show.row({"one": frames[0], "two": frames[1]}).axes) == 2
    assert list(show.moments(samples.path("person_a"), 3)) and len(show.moments(samples.path("person_a"), 3)) == 3
    rows = [{"iteration": i, "seconds": i, "held_a": 1 / (i + 1), "held_b": 1, "loss_a": 1, "loss_b": 1,
             "gan_real": 0.0, "gan_fake": 0.0, "egs": 9} for i in range(4)]  # fmt: skip
    lines = [line for ax in show.curves(rows).axes for line in ax.get_lines()]
    assert any(list(line.get_ydata())[:2] == [1.0, 0.5] for line in lines)
