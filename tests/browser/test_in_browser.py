"""Every lesson from top to bottom in JupyterLab, as a learner runs it: no error in a cell or on the console, nothing
asked of anybody outside, what can be touched does what it says, and its pages can be used by everybody.

    python -m pytest tests/browser          some minutes on two quiet cores; each lesson has its limit below

FACESWAP_SCREENSHOTS=FOLDER puts a screenshot of each lesson there, to be looked at.
"""

from pathlib import Path

import pytest
import touches
from axe_playwright_python.sync_playwright import Axe
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page

from faceswap_lib import headless, workshop

# Seconds until a lesson has run at the size smoke on two cores with something beside them.
LIMITS = {"00": 90, "01": 120, "02": 180, "03": 120, "04": 360, "05": 120, "06": 240}
LESSONS = sorted(path.stem for path in workshop.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
WIDTHS = (1440, 400)  # pixels: a laptop, a telephone
GRAVE = ("serious", "critical")


# What each lesson has to be touched, at least.
THERE = {
    "00": {"slider", "neuron"},
    "02": {"tiny-net"},
    "03": {"upload", "browse", "sheet", "align"},
    "04": {"dashboard", "gan", "judge", "code"},
    "05": {"tuner", "wipe"},
}


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_in_the_browser(learner, name):
    learner.open(f"{name}.ipynb")
    learner.run(LIMITS[name[:2]])
    assert learner.errors() == [] and learner.unrun() == 0
    assert THERE.get(name[:2], set()) <= set(touches.everything(learner))
    assert learner.errors() == []
    learner.picture(name)
    headless.write_page(learner.save())
    assert learner.console == []
    assert learner.outside == []
    learner.close()


def faults(page: Page, within: str | None = None) -> list[str]:
    """What axe-core finds grave on a page: which rule, how often, and the first place; within: a selector."""
    found = Axe().run(page, context=within).response["violations"]
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


def test_the_start_page_comes_first_and_leads_to_the_lessons(learner):
    learner.page.goto(f"{learner.lab.address}/?token={learner.lab.token}")
    learner.ready("start.ipynb")
    learner.run(LIMITS["00"])
    assert learner.errors() == [] and learner.console == [] and learner.outside == []
    headless.write_page(learner.save())
    learner.picture("start")
    learner.page.locator(".jp-RenderedMarkdown:visible a[href*='00_introduction']").first.click()
    learner.ready("00_introduction.ipynb")


@pytest.mark.parametrize("name", ["start", *LESSONS])
def test_a_lessons_page_can_be_used_by_everybody(browser, lab, name):
    path = next(path for path in lab.root.rglob(f"{name}.html") if "solutions" not in path.parts)
    assert look(browser, path) == []


@pytest.mark.parametrize("name", LESSONS)
def test_what_a_lesson_shows_can_be_read_on_a_dark_theme(browser, lab, name, tmp_path):
    exporter = HTMLExporter(template_name="lab", theme="dark")
    exporter.config.NbConvertBase.display_data_priority = ["text/html", "image/png", "text/plain"]
    (tmp_path / "dark.html").write_text(exporter.from_filename(str(lab.root / lab.lessons / f"{name}.ipynb"))[0])
    page = browser.new_page(offline=True)
    page.goto((tmp_path / "dark.html").as_uri(), wait_until="domcontentloaded")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 17)"
    assert faults(page, ".jp-RenderedHTML, .jp-RenderedText") == []
    page.close()


def test_the_pages_of_the_run_can_be_used_by_everybody(browser, lab):
    found = {path.name: look(browser, path) for path in sorted(lab.workdir.glob("*.html"))}
    assert "report.html" in found and not any(found.values()), found
