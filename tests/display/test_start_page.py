"""start_page.py: where the learner stands, what comes next, and what was made."""

from faceswap_lib.classroom import logbook
from faceswap_lib.classroom.lessons import LESSONS
from faceswap_lib.display import served, start_page


def test_a_fresh_start_sends_to_the_first_lab(tmp_path):
    page = start_page.state(tmp_path)
    assert 'href="00_introduction.ipynb">lab 0' in page and "Nothing was made yet" in page
    assert page.count("not begun") == len(LESSONS) and "then a break of 10" in page


def test_it_sends_back_to_what_a_self_check_asks_for(tmp_path):
    logbook.checked(tmp_path, "00", {"a": True})
    logbook.checked(tmp_path, "01", {"a <b>": False})
    assert 'href="01_provision.ipynb">' in start_page.state(tmp_path)
    assert "a &lt;b&gt;" in start_page.state(tmp_path)


def test_who_missed_a_lab_is_told(tmp_path):
    for number in ("00", "01", "02", "03"):
        logbook.checked(tmp_path, number, {"a": True})
    assert "It needs what lab 3 makes" in start_page.state(tmp_path)
    logbook.took(tmp_path, "04", "the model")
    assert "lab 5, Convert" in start_page.state(tmp_path), "what the kit gave need not be made"


def test_all_labs_passed_and_what_was_made(tmp_path, monkeypatch):
    for each in LESSONS:
        logbook.checked(tmp_path, each.number, {"a": True})
    for name in ("report.html", "swapped.mov", "index.html"):
        (tmp_path / name).write_text("")
    page = start_page.state(tmp_path)
    assert "All labs passed" in page and str(tmp_path / "swapped.mov") in page, "a path where no server shows it"
    monkeypatch.setattr(served, "address", lambda path: f"/files/{path.name}")
    page = start_page.state(tmp_path)
    assert all(f'href="/files/{name}"' in page for name in ("report.html", "swapped.mov", "index.html"))
