"""Every lesson from top to bottom in JupyterLab, as a learner runs it: no error in a cell or on the console, nothing
asked of anybody outside, what can be touched does what it says, and its pages can be used by everybody.

    python -m pytest tests/browser          some minutes on two quiet cores; a lesson may take LIMIT

The lessons run once, in one workdir; one that is run alone (-k 06) has what earlier ones leave from the kit.
FACESWAP_SCREENSHOTS=FOLDER puts a screenshot of each lesson there, to be looked at.
"""

import json
import re
from itertools import islice
from pathlib import Path

import hands
import pytest
import small_notebooks
import touches
from axe_playwright_python.sync_playwright import Axe
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page

from faceswap_lib import catch_up, headless, samples, workshop
from faceswap_lib.classroom import lessons
from faceswap_lib.media import video
from faceswap_lib.network import record

LIMIT = 600  # seconds for a lesson at the size smoke, each of two tries; lab 6 took 400 beside ten other programs
LESSONS = sorted(path.stem for path in workshop.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
WIDTHS = (1440, 400)  # pixels: a laptop, a telephone
GRAVE = ("serious", "critical")
# What each lesson has to be touched, at least.
THERE = {
    "00": {"slider", "neuron"},
    "02": {"tiny-net"},
    "03": {"upload", "browse", "sheet", "align"},
    "04": {"dashboard", "gan", "judge", "code"},
    "05": {"agree", "tuner", "wipe"},
}
# A training of two cells, without what compiles it, which takes longer than all the rest.
TRAINING = """
from faceswap_lib import samples, train
from faceswap_lib.widgets import dashboard
from faceswap_lib.network.model import FaceSwap
usual = FaceSwap.compile
FaceSwap.compile = lambda net, **how: usual(net, **how | {"jit_compile": False})  # traced only: it takes less time
FACES_A, FACES_B = "../workdir/faces/a", "../workdir/faces/b"
def go(model):
    with dashboard.Dashboard(model, samples.path("person_a"), FACES_A) as board:
        how = {"profile": "smoke", "start": "noise", "gan": False, "iterations": 9999, "interrupt": "end"}
        result = train.train(FACES_A, FACES_B, model, **how, progress=board, each=board.look)
    print("ENDED", result.stopped)
"""


def prepare(lab: hands.Lab, number: str) -> None:
    """What a lesson needs of earlier ones: as they left it, or from the kit where this lesson is run alone."""
    earlier = [each for each in lessons.LESSONS if each.number < number]
    made = [lab.workdir / name for each in earlier for name in each.makes]
    if not all(path.exists() or path.with_suffix(".mp4").exists() for path in made):
        catch_up.catch_up(earlier[-1].number, lab.workdir, profile="smoke")


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_in_the_browser(learner, name):
    prepare(learner.lab, name[:2])
    learner.open(f"{name}.ipynb")
    learner.run(LIMIT)
    assert learner.errors() == [] and learner.unrun() == 0
    assert THERE.get(name[:2], set()) <= set(touches.everything(learner))
    assert learner.errors() == []
    learner.picture(name)
    headless.write_page(learner.save())
    assert learner.console == []
    assert learner.outside == []
    learner.close()


def test_for_videos_of_ones_own_consent_is_written_down(learner):
    run = learner.lab.root / "consent"
    run.mkdir()
    video.write(run / "own.mp4", islice(video.frames(samples.path("person_a")), 5), 24)
    clips = f"'{run}', '{run / 'own.mp4'}', '{samples.path('person_b')}'"
    form = f"from faceswap_lib.widgets import agree\nagree.form({clips})"
    small_notebooks.notebook(learner.lab.root / learner.lab.lessons / "consent.ipynb", form)
    learner.open("consent.ipynb")
    learner.run(LIMIT)
    assert touches.everything(learner) == ["agree"]
    assert learner.errors() == [] and learner.console == []
    learner.close()


def shows(learner, nth: int, pattern: str) -> None:
    """Wait until a dashboard says something."""
    script = "([nth, pattern]) => document.querySelectorAll('.fsw-dashboard')[nth]?.innerText.match(pattern)"
    learner.page.wait_for_function(script, arg=[nth, pattern], timeout=1000 * LIMIT)


def test_a_training_obeys_while_its_cell_runs(learner):
    """It obeys while its cell runs: the game joins, one looks back, it stops, it is interrupted."""
    prepare(learner.lab, "04")
    here = learner.lab.root / learner.lab.lessons
    small_notebooks.notebook(here / "training.ipynb", TRAINING, "go('m1')", "go('m2')", "print('AND', 'ON')")
    learner.open("training.ipynb")
    learner.page.evaluate("() => {jupyterapp.commands.execute('notebook:run-all-cells')}")
    shows(learner, 0, "EGs/s")
    board = learner.find("dashboard")
    board.get_by_role("checkbox").check()
    shows(learner, 0, "discriminator.s loss [1-9.]")
    board.get_by_role("slider").first.focus()
    learner.page.keyboard.press("Home")
    shows(learner, 0, r"iteration 0\s")
    learner.picture("training")
    learner.press(board, "Stop and save")
    shows(learner, 0, "stopped by hand")
    told = record.read_about(here / "m1")
    assert told["stopped"] == "hand" and [(one["gan"], one["by"]) for one in told["played"]] == [(True, "hand")]
    shows(learner, 1, "EGs/s")
    learner.page.evaluate("() => {jupyterapp.commands.execute('notebook:interrupt-kernel')}")
    learner.page.wait_for_function("() => document.body.innerText.includes('AND ON')", timeout=1000 * LIMIT)
    learner.idle()
    said = json.dumps(learner.page.evaluate("() => jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON()"))
    assert re.search(r"interrupted; resume = True goes on", said) and "ENDED interrupted" in said
    assert learner.errors() == [] and learner.console == []
    learner.close()


def faults(page: Page, within: str | None = None) -> list[str]:
    """What axe-core finds grave on a page: which rule, how often, and the first place; within: a selector."""
    found = Axe().run(page, context=within, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{v['id']} ({len(v['nodes'])}): {v['nodes'][0]['html'][:150]}" for v in found if v["impact"] in GRAVE]


def look(browser: Browser, path: Path) -> list[str]:
    """Open a page from the disk with the network off, wide and narrow, on paper too: what is wrong with it."""
    wrong, asked = [], []
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        context.set_default_timeout(1000 * hands.READY)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        wrong += faults(page) if width == WIDTHS[-1] else []  # seconds each; what scrolls at all does so here
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
    learner.run(LIMIT)
    assert learner.errors() == [] and learner.console == [] and learner.outside == []
    headless.write_page(learner.save())
    learner.picture("start")
    listed = set(learner.page.locator(".jp-DirListing-item:visible").all_inner_texts())
    assert any("solutions" in each for each in listed) and not any("measured" in each for each in listed), listed
    for name in LESSONS:
        assert learner.page.locator(f".fsw-start a[href*='{name}.ipynb']").count() >= 1, name
    learner.page.locator(".fsw-start td a[href*='00_introduction']").click()
    learner.ready("00_introduction.ipynb")


@pytest.mark.parametrize("name", ["start", *LESSONS])
def test_a_lessons_page_can_be_used_by_everybody(browser, lab, name):
    path = lab.root / lab.lessons / f"{name}.html"
    assert path.is_file(), "the lesson was not run to its end"
    assert look(browser, path) == []


@pytest.mark.parametrize("name", LESSONS)
def test_what_a_lesson_shows_can_be_read_on_a_dark_theme(browser, lab, name, tmp_path):
    exporter = HTMLExporter(template_name="lab", theme="dark")
    exporter.config.NbConvertBase.display_data_priority = ["text/html", "image/png", "text/plain"]
    (tmp_path / "dark.html").write_text(exporter.from_filename(str(lab.root / lab.lessons / f"{name}.ipynb"))[0])
    page = browser.new_page(offline=True)
    page.set_default_timeout(1000 * hands.READY)
    page.goto((tmp_path / "dark.html").as_uri(), wait_until="domcontentloaded")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 17)"
    assert faults(page, ".jp-RenderedHTML, .jp-RenderedText") == []
    page.close()


def test_the_pages_of_the_run_can_be_used_by_everybody(browser, lab):
    found = {path.name: look(browser, path) for path in sorted(lab.workdir.glob("*.html"))}
    assert {"report.html", "index.html", "certificate.html"} <= found.keys()
    assert not any(found.values()), found
