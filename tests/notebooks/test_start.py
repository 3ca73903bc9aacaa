"""The start page, run as a learner runs it: where one stands, a lab that was missed, the certificate."""

import nbformat

from faceswap_lib import headless
from faceswap_lib.classroom import logbook


def test_the_start_page_runs_and_says_what_comes_next(tmp_path):
    work, out = tmp_path / "work", tmp_path / "start.ipynb"
    for number in ("00", "01"):
        logbook.checked(work, number, {"a": True})
    given = {"workdir": str(work), "missed": "02", "name": "Ada"}
    with headless.surroundings(tmp_path):
        error = headless.run(headless.ROOT / "notebooks" / "start.ipynb", out, given)
    assert error is None
    shown = str([cell.outputs for cell in nbformat.read(out, 4).cells if cell.cell_type == "code"])
    assert "Nothing is shared" in shown and "lab 2, Inside the machine" in shown and "leaves nothing behind" in shown
    assert "for <b>Ada</b>" in (work / "certificate.html").read_text()
    assert "Ada" not in (work / logbook.NAME).read_text()
