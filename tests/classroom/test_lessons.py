"""lessons.py: the plan of the class is that of the notebooks."""

import json

import pytest

from faceswap_lib import headless
from faceswap_lib.classroom.lessons import LESSONS

BOOKS = sorted((headless.ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def test_the_plan_is_two_hours_and_its_breaks():
    assert sum(each.minutes for each in LESSONS if each.number <= "06") == 120, "the rest is beyond the two hours"
    assert sum(each.rest for each in LESSONS) == 15
    assert [each.number for each in LESSONS] == [path.stem[:2] for path in BOOKS]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda each: each.number)
def test_a_lesson_is_its_notebook(lesson):
    path = headless.ROOT / "notebooks" / f"{lesson.name}.ipynb"
    first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
    assert first.startswith(f"# Lab {int(lesson.number)} · ") and lesson.name.startswith(lesson.number)
    assert f"**Time:** {lesson.minutes} minutes" in first
