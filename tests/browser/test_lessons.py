"""Every lesson from top to bottom in JupyterLab, as a learner runs it: no error in a cell or on the console, nothing
asked of anybody outside, and what can be touched does what it says.

    python -m pytest tests/browser          about five minutes on two cores; each lesson has its limit below
"""

import pytest

from faceswap_lib import workshop

# Seconds until a lesson has run at the size smoke on two cores with something beside them.
LIMITS = {"00": 90, "01": 120, "02": 180, "03": 120, "04": 240, "05": 120, "06": 240}
LESSONS = sorted(path.stem for path in workshop.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def touch_slider(learner) -> None:
    """Lab 0's slider over two clips: another moment is shown."""
    slider = learner.find("slider")
    shown = slider.locator("img:visible")
    before = shown.get_attribute("alt")
    assert shown.count() == 1 and "moment 1 of 16" in before
    bar = slider.locator("input[type=range]")
    learner.drag(bar, (0.02, 0.5), (0.5, 0.5))
    assert 6 <= int(bar.input_value()) <= 9 and shown.count() == 1 and shown.get_attribute("alt") != before
    bar.press("ArrowRight")
    bar.press("End")
    assert "moment 16 of 16" in shown.get_attribute("alt"), "by keyboard too"


# What a learner touches in each lesson after it ran.
TOUCHED = {"00": [touch_slider]}


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_in_the_browser(learner, name):
    learner.open(f"{name}.ipynb")
    learner.run(LIMITS[name[:2]])
    assert learner.errors() == [] and learner.unrun() == 0
    for touch in TOUCHED.get(name[:2], []):
        touch(learner)
    learner.picture(name)
    assert learner.console == []
    assert learner.outside == []
    learner.close()
