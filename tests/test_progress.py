"""progress.py: lines of progress where there is no terminal; a checklist's rows."""

import pytest

from faceswap_lib import progress
from faceswap_lib.progress import Row, row


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
    progress.print_rows([row(False, "disk", "1 GB", "free some"), row(True, "memory", "8 GB")])
    said = capsys.readouterr().out
    assert [word in said for word in ("FAIL", "disk", "free some", "OK", "8 GB")] == [True] * 5


def test_what_is_good_is_ok_and_needs_no_remedy():
    assert row(True, "memory", "16 GB", "Buy more.") == Row("OK", "memory", "16 GB", "") == Row("OK", "memory", "16 GB")


@pytest.mark.parametrize(("given", "verdict"), [({}, "FAIL"), ({"bad": "WARN"}, "WARN")])
def test_what_is_bad_has_its_verdict_and_what_to_do(given, verdict):
    assert row(False, "memory", "1 GB", "Buy more.", **given) == Row(verdict, "memory", "1 GB", "Buy more.")


def test_rows_can_be_compared_and_not_changed():
    one = row(True, "memory", "16 GB")
    with pytest.raises(AttributeError):
        one.verdict = "FAIL"
    assert len({one, row(True, "memory", "16 GB"), row(True, "memory", "8 GB")}) == 2
