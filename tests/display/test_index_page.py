"""index_page.py: every lab with its page, time, memory and end; the swap and how good it is only where there is one."""

import re

import page_loads

from faceswap_lib.classroom import logbook
from faceswap_lib.classroom.lessons import LESSONS
from faceswap_lib.display import index_page
from faceswap_lib.display.index_page import Line

LABS = [Line("00_x", "Lab 0 · <b>", "done", 3.4, 0.26), Line("01_y", "Lab 1", "failed", 61.0, 1.0)]


def test_a_run_at_a_glance():
    page = index_page.page(LABS, ["00_x"], 1.07, "ssim <.8>", "swapped.mov")
    assert index_page.TITLE in page and "1.1 minutes in all" in page
    plain = re.sub("<td[^>]*>", "|", page).replace("</td>", "")
    assert '|<a href="notebooks/00_x.html">Lab 0 · &lt;b&gt;</a>|done|3 s|0.3 GB' in plain
    assert "|Lab 1|failed|61 s|1.0 GB" in plain, "no link to a page that is not there"
    assert 'src="swapped.mov#t=1.2"' in page and "ssim &lt;.8&gt;</pre>" in page
    assert set(page_loads.loads(page)) <= {"swapped.mov#t=1.2"}


def test_a_run_without_a_swap():
    page = index_page.page(LABS)
    assert "<video" not in page.split("</style>")[1] and "How good" not in page and "minutes" not in page


def test_it_is_made_from_the_logbook_of_labs_that_were_run_by_hand(tmp_path):
    logbook.checked(tmp_path, "03", {"every face": True})
    logbook.checked(tmp_path, "04", {"it got better": False})
    logbook.answered(tmp_path, "04-1", False)
    logbook.took(tmp_path, "05", "the video")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "03_extract.html").write_text("")
    page = index_page.write(tmp_path).read_text()
    assert "notebooks/03_extract.html" in page and "notebooks/04_train.html" not in page
    assert "1 to do; exercises 0 of 1 tried" in page and "from the kit: the video" in page
    assert page.count("not begun") == len(LESSONS) - 3


def test_a_page_of_somebody_elses_is_let_be(tmp_path):
    (tmp_path / "index.html").write_text("my own")
    assert index_page.write(tmp_path) is None and (tmp_path / "index.html").read_text() == "my own"


def test_a_damaged_report_is_no_reason_to_fail(tmp_path):
    (tmp_path / "report.json").write_text("{")
    assert "How good" not in index_page.write(tmp_path).read_text()
