"""certificate.py: what was done, a name only where one is typed, and that the video is synthetic."""

from datetime import date

import page_loads
import pytest

from faceswap_lib import UserError
from faceswap_lib.classroom import logbook
from faceswap_lib.classroom.lessons import LESSONS
from faceswap_lib.display import certificate

FIGURE = {"value": 0.8, "low": 0.7, "high": 0.9, "n": 50, "better": "higher", "reference": {}}


def test_it_says_what_was_done_and_no_name_that_was_not_typed(tmp_path):
    logbook.checked(tmp_path, "03", {"every face": True})
    logbook.checked(tmp_path, "04", {"it got better": False})
    logbook.answered(tmp_path, "03-1", True)
    logbook.took(tmp_path, "04", "the trained model")
    page = certificate.write(tmp_path).read_text()
    assert f"1 of {len(LESSONS)} labs passed" in page and "for <b>" not in page and "not measured" in page
    assert "Taken from the kit, not made here: the trained model." in page and "synthetic" in page
    assert page_loads.loads(page) == []
    named = certificate.write(tmp_path, "Ada <L>").read_text()
    assert "for <b>Ada &lt;L&gt;</b>" in named and "Ada" not in (tmp_path / logbook.NAME).read_text()


def test_it_has_the_reports_figures():
    page = certificate.page(logbook.Book(), {"figures": {"ssim": FIGURE, "psnr": FIGURE}}, day=date(2026, 11, 28))
    assert "<b>0.800</b>" in page and "0.700 to 0.900" in page and "psnr" not in page
    assert "2026-11-28" in page


def test_what_would_be_lost_or_does_not_fit_is_said(tmp_path):
    (tmp_path / "certificate.html").write_text("my own")
    with pytest.raises(UserError, match="would be lost"):
        certificate.write(tmp_path)
    with pytest.raises(UserError, match="letters"):
        certificate.write(tmp_path, "x" * 81)
