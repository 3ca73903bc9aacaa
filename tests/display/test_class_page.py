"""class_page.py: who is at which lab and who is stuck, from logbooks that strangers may have written."""

import json
from datetime import datetime, timedelta, timezone

import page_loads
import pytest

from faceswap_lib import UserError, files
from faceswap_lib.classroom import logbook
from faceswap_lib.classroom.logbook import Book, Lab
from faceswap_lib.display import class_page

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=timezone.utc)


def ago(minutes: float) -> datetime:
    """So many minutes before now."""
    return NOW - timedelta(minutes=minutes)


def passed(numbers: str, minutes: float = 60) -> dict[str, Lab]:
    """Labs that passed so long ago."""
    return {f"0{n}": Lab(begun=ago(minutes), first=ago(minutes), passed=True) for n in numbers}


@pytest.mark.parametrize(
    ("labs", "at", "trouble"),
    [
        ({}, "–", ""),
        (passed("01"), "after lab 1", "nothing begun for 60 minutes"),
        (passed("01", 5), "after lab 1", ""),
        (passed("01") | {"02": Lab(begun=ago(5))}, "lab 2", ""),
        (passed("01") | {"02": Lab(begun=ago(25))}, "lab 2", "planned were 10 minutes"),
        (
            passed("01") | {"02": Lab(begun=ago(5), tries=3, todo=["a card"])},
            "lab 2",
            "3 self-checks said no; it asks: a card",
        ),
        ({"02": Lab(begun=ago(90)), "03": Lab(begun=ago(5))}, "lab 3", ""),
        (passed("0123456", 90), "through", ""),  # what comes after the two hours is nobody's duty
    ],
)
def test_where_a_learner_is_and_what_may_be_wrong(labs, at, trouble):
    one = class_page.learner(Book(labs=labs), NOW)
    assert (one.at, one.trouble) == (at, trouble)


def test_the_page_shows_who_is_stuck_first_and_asks_nobody_but_itself():
    books = [Book(seat="1", labs=passed("0", 3)), Book(seat="<2>", labs={"03": Lab(begun=ago(60))})]
    page = class_page.page(books, bad=1, now=NOW)
    assert "2 learners, 1 of them may be stuck" in page and "1 files in the folder" in page
    assert page.count('class="stuck"') == 1 and page.index("&lt;2&gt;") < page.index(">1</td>")
    assert page_loads.loads(page) == [] and "location.reload" in page


def test_what_cannot_be_read_is_counted_and_stops_nothing(tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    for number in range(3):
        logbook.checked(tmp_path / f"w{number}", "03", {"a": True})
        logbook.share(tmp_path / f"w{number}", room, str(number))
    (room / "bad.json").write_text("{")
    (room / "evil.json").write_text(json.dumps(files.sealed({"labs": {"03": {"tries": -1}}})))
    (room / "link.json").symlink_to(tmp_path / "w0" / logbook.NAME)
    books, bad = class_page.read(room)
    assert sorted(book.seat for book in books) == ["0", "1", "2"] and bad == 3


def test_each_learner_may_have_a_part_of_the_folder(tmp_path):
    room, elsewhere = tmp_path / "room", tmp_path / "elsewhere"
    for seat, part in (("1", room / "ada"), ("2", room / "ben"), ("3", room), ("4", elsewhere)):
        part.mkdir(parents=True, exist_ok=True)
        logbook.checked(tmp_path / seat, "03", {"a": True})
        logbook.share(tmp_path / seat, part, seat)
    (room / "eve").symlink_to(elsewhere)
    books, bad = class_page.read(room)
    assert sorted(book.seat for book in books) == ["1", "2", "3"] and bad == 0


def test_watching_looks_again_and_says_who_is_stuck(tmp_path):
    (tmp_path / "room").mkdir()
    logbook.checked(tmp_path / "w", "03", {"a": False})
    logbook.checked(tmp_path / "w", "03", {"a": False})
    logbook.share(tmp_path / "w", tmp_path / "room", "7")
    said = []

    def look(line: str) -> bool:
        said.append(line)
        logbook.checked(tmp_path / "w", "03", {"a": False})
        return len(said) < 2

    class_page.watch(tmp_path / "room", tmp_path / "class.html", look, pause=0)
    assert said == ["1 learners.", "1 learners. 7 at lab 3: 3 self-checks said no; it asks: a"]
    assert "3 self-checks said no" in (tmp_path / "class.html").read_text()


def test_a_folder_that_is_none_and_a_page_of_somebody_elses_are_said(tmp_path):
    with pytest.raises(UserError, match="no folder"):
        class_page.read(tmp_path / "nowhere")
    (tmp_path / "class.html").write_text("my own")
    with pytest.raises(UserError, match="would be lost"):
        class_page.watch(tmp_path, tmp_path / "class.html", lambda line: False)
