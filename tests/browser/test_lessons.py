"""Every lesson from top to bottom in JupyterLab, as a learner runs it: no error in a cell or on the console, nothing
asked of anybody outside, what can be touched does what it says, and its pages can be used by everybody.

    python -m pytest tests/browser          about five minutes on two cores; each lesson has its limit below

FACESWAP_SCREENSHOTS=FOLDER puts a screenshot of each lesson there, to be looked at.
"""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from faceswap_lib import headless, workshop

# Seconds until a lesson has run at the size smoke on two cores with something beside them.
LIMITS = {"00": 90, "01": 120, "02": 180, "03": 120, "04": 240, "05": 120, "06": 240}
LESSONS = sorted(path.stem for path in workshop.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
WIDTHS = (1440, 400)  # pixels: a laptop, a telephone
GRAVE = ("serious", "critical")


def touch_slider(learner) -> None:
    """Lab 0's slider over two clips: another moment is shown."""
    slider = learner.find("slider")
    shown = slider.locator("img:visible")
    before = shown.get_attribute("alt")
    assert shown.count() == 1 and "moment 1 of 16" in before
    bar = slider.locator("input[type=range]")
    learner.drag(bar, (0.02, 0.5), (0.5, 0.5))
    assert 6 <= int(bar.input_value()) <= 9 and shown.count() == 1 and shown.get_attribute("alt") != before
    bar.press("End")
    assert "moment 16 of 16" in shown.get_attribute("alt"), "by keyboard too"


ASIDE = ("dashboard", "upload", "start")  # these begin long work or want a file: each has a function of its own


def touch_everything(learner) -> None:
    """Whatever can be touched: something on the page changes when a hand moves it, and no cell or script fails."""
    names = learner.names()
    for number, name in enumerate(names):
        if name in ASIDE:
            continue
        thing = learner.find(name, names[:number].count(name))
        before = learner.seen(thing)
        assert learner.nudge(thing), f"{name} has nothing to move by keyboard or mouse"
        assert learner.seen(thing) != before, f"{name} does not answer"
        learner.picture(f"touched-{name}-{number}")


# What a learner touches in each lesson after it ran; a function takes the learner, see hands.py for what hands can do.
TOUCHED = {"00": [touch_slider]}


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_in_the_browser(learner, name):
    learner.open(f"{name}.ipynb")
    learner.run(LIMITS[name[:2]])
    assert learner.errors() == [] and learner.unrun() == 0
    for touch in (*TOUCHED.get(name[:2], ()), touch_everything):
        touch(learner)
    assert learner.errors() == []
    learner.picture(name)
    headless.write_page(learner.save())
    assert learner.console == []
    assert learner.outside == []
    learner.close()


def faults(page: Page) -> list[str]:
    """What axe-core finds grave on a page: which rule, how often, and the first place."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']} ({len(v['nodes'])}): {v['nodes'][0]['html'][:150]}" for v in found if v["impact"] in GRAVE]


def look(browser: Browser, path: Path) -> list[str]:
    """Open a page from the disk with the network off, wide and narrow, on paper too: what is wrong with it."""
    wrong, asked = [], []
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        wrong += faults(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{wide} pixels wide where {width} are seen"] * (wide > width)
        wrong += [f"no text for {n} pictures" for n in [page.locator("img:not([alt]), img[alt='']").count()] if n]
        page.emulate_media(media="print")
        wrong += ["nothing is printed"] * (not page.locator("h1").first.is_visible())
        context.close()
    return wrong + [f"asks for {url}" for url in asked if not url.startswith(("file:", "data:", "blob:"))]


@pytest.mark.parametrize("name", LESSONS)
def test_a_lessons_page_can_be_used_by_everybody(browser, lab, name):
    path = next(path for path in lab.root.rglob(f"{name}.html") if "solutions" not in path.parts)
    assert look(browser, path) == []


def test_the_pages_of_the_run_can_be_used_by_everybody(browser, lab):
    found = {path.name: look(browser, path) for path in sorted(lab.workdir.glob("*.html"))}
    assert "report.html" in found and not any(found.values()), found
