"""progress.py: lines of progress where there is no terminal."""

import pytest

from faceswap_lib import checklist, progress


@pytest.fixture
def lines(monkeypatch, capsys):
    """Says at a second how much is done, and returns what is printed."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.progress_bar("Work") as show:

        def say(second: float, done: int, total: int) -> str:
            now[0] = second
            show(done, total, "bits")
            return capsys.readouterr().err

        yield say


def test_a_line_tells_share_time_and_estimate_not_too_often(lines):
    assert lines(10, 25, 100) == "Work: 25 % after 10 s, about 30 s left bits\n"
    assert lines(12, 30, 100) == ""
    assert lines(40, 100, 100) == "Work: 100 % after 40 s bits\n"


def test_the_estimate_is_for_what_goes_on_now(lines):
    lines(1000, 100, 100)
    assert lines(1010, 50, 100) == "Work: 50 % after 1010 s, about 10 s left bits\n"


def test_rows_are_a_table_in_the_terminal(capsys):
    progress.print_rows([checklist.row(False, "disk", "1 GB", "free some"), checklist.row(True, "memory", "8 GB")])
    said = capsys.readouterr().out
    assert [word in said for word in ("FAIL", "disk", "free some", "OK", "8 GB")] == [True] * 5
