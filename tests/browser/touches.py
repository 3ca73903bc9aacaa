"""What a hand does to each thing that can be touched, by its name, and what must come of it, on the page and on disk.

A thing without a function here is nudged: each of its controls is moved, and what it shows must change.
"""

import re
from pathlib import Path

import numpy as np
from hands import Learner
from playwright.sync_api import Locator

from faceswap_lib import samples
from faceswap_lib.face import faceset, geometry
from faceswap_lib.trust import consent
from faceswap_lib.widgets import agree, align, pick


def nudged(learner: Learner, thing: Locator, name: str = "it") -> None:
    """Whatever can be moved is moved, and something beside the controls changes."""
    before = learner.seen(thing)
    assert learner.nudge(thing), f"{name} has nothing to move by keyboard or mouse"
    learner.changes(thing, before, f"{name} does not answer")


def slider(learner: Learner, thing: Locator) -> None:
    """A slider over frames: by mouse and by keyboard another moment is shown."""
    shown = thing.locator("img:visible")
    before = shown.get_attribute("alt")
    assert shown.count() == 1 and "moment 1 of" in before
    bar = thing.locator("input[type=range]")
    last = int(bar.get_attribute("max"))
    learner.drag(bar, (0.02, 0.5), (0.5, 0.5))
    assert abs(int(bar.input_value()) - last / 2) <= 1.5 and shown.get_attribute("alt") != before
    bar.press("End")
    assert shown.count() == 1 and f"moment {last + 1} of {last + 1}" in shown.get_attribute("alt")


def wipe(learner: Learner, thing: Locator) -> None:
    """A wipe: drawn over the picture the line follows the mouse; by keyboard too; another moment is shown."""
    cut, edge = thing.locator("input.cut"), thing.locator(".edge").first
    picture = thing.locator(".moment:visible").first
    learner.drag(picture, (0.5, 0.5), (0.2, 0.5))
    assert 15 <= int(cut.input_value()) <= 25 and edge.evaluate("e => e.style.left") == f"{cut.input_value()}%"
    cut.press("ArrowRight")
    assert cut.get_attribute("aria-valuetext").endswith("per cent")
    before = thing.locator(".when").inner_text()
    thing.locator("input[type=range]:not(.cut)").first.press("End")
    assert thing.locator(".when").inner_text() != before and thing.locator(".moment:visible").count() == 1


def sheet(learner: Learner, thing: Locator) -> None:
    """The contact sheet: a click puts a face's picture aside on the disk, another one brings it back."""
    aside = learner.lab.workdir / "faces/b" / faceset.LEFT_OUT
    canvas = thing.locator("canvas").first
    across, down = pick.ACROSS, canvas.evaluate("c => c.height") // pick.TILE
    place = {"x": 0.5 / across, "y": 0.5 / down}
    for word, left in (("left out", 1), ("trained on", 0)):
        box = canvas.bounding_box()
        canvas.click(position={"x": place["x"] * box["width"], "y": place["y"] * box["height"]})
        thing.locator("[role=status]", has_text=f"is {word}.").wait_for()
        assert len([*aside.glob("*.png")] if aside.is_dir() else []) == left
    learner.press(thing, "Leave out")
    thing.get_by_role("button", name="Take back").click()
    thing.get_by_role("button", name="Leave out").wait_for()


def aligner(learner: Learner, thing: Locator) -> None:
    """A landmark dragged: its sliders follow, the results change, "As found" takes it back."""
    found = faceset.load(learner.lab.workdir / "faces/b")
    flat = found.solid[int(np.abs(found.poses[:, :2]).sum(1).argmin())][:468, :2]
    spot = geometry.transform(geometry.lens(flat, align.SIDE), flat[33].astype(float)) / align.SIDE
    before, readout = learner.seen(thing), thing.locator(".widget-readout").first
    assert float(readout.inner_text()) == 0
    learner.drag(thing.locator("canvas").first, tuple(spot), tuple(spot + np.array([0.08, 0.05])))
    learner.changes(thing, before, "the drag had no effect")
    learner.until(lambda: float(readout.inner_text().replace("−", "-")) > 1, "its slider does not follow")
    learner.press(thing, "As found")
    learner.idle()
    nudged(learner, thing, "align")


def browse(learner: Learner, thing: Locator) -> None:
    """The browser over frames: a stricter limit leaves fewer faces; another frame and layer are drawn."""
    told = thing.locator("[role=status]").last
    many = int(re.search(r"(\d+) of \d+ faces stay", told.inner_text())[1])
    handle = thing.locator(".noUi-handle").nth(1)
    before = learner.seen(thing)
    for _ in range(40):
        handle.press("ArrowLeft")
    learner.changes(thing, before, "the limit has no effect")
    learner.idle()
    assert int(re.search(r"(\d+) of \d+ faces stay", told.inner_text())[1]) <= many
    nudged(learner, thing, "browse")


def upload(learner: Learner, thing: Locator) -> None:
    """A video named by its path: only with consent; then a copy of it lies in the workdir."""
    field, take = thing.locator("input[type=text]").first, thing.get_by_role("button", name="Take A's file")
    assert take.is_disabled(), "before consent was said"
    thing.locator("input[type=checkbox]").first.check()
    learner.until(take.is_enabled, "consent has no effect")
    source = samples.path("person_b")
    field.fill(str(source))
    field.press("Tab")
    take.click()
    thing.get_by_text("A's video is there").wait_for()
    (copy,) = (learner.lab.workdir / "videos").glob("[!.]*")
    assert copy.read_bytes() == Path(source).read_bytes()


def agreed(learner: Learner, thing: Locator) -> None:
    """The form of consent: for the built-in pair nothing is asked; else a record is written once all have agreed."""
    write = thing.get_by_role("button", name="Write the record")
    if not write.count():
        assert agree.NOBODY in thing.inner_text()
        return
    assert write.is_disabled(), "before consent was said"
    name = thing.locator("input[type=text]").first
    name.fill("Ada Example")
    name.press("Tab")
    thing.locator("input[type=checkbox]").check()
    learner.until(write.is_enabled, "it cannot be written")
    write.click()
    thing.get_by_text("The record is there").wait_for()
    (path,) = learner.lab.root.glob("consent/consent*.json")
    assert consent.read(path).a.name == "Ada Example"


def dashboard(learner: Learner, thing: Locator) -> None:
    """A training that has ended: its looks can be gone through."""
    handle = thing.locator(".noUi-handle").first
    if thing.locator(".noUi-target[disabled]").count() == 0 and handle.is_visible():
        before = learner.seen(thing)
        handle.press("Home")
        learner.changes(thing, before, "looking back shows nothing else")


def judge(learner: Learner, thing: Locator) -> None:
    """Real or drawn: verdicts to the end, then the score with its interval; a second game begins."""
    piece = thing.locator("[role=status]").first
    while found := re.search(r"Piece (\d+) of", text := piece.inner_text()):
        before = piece.element_handle()
        learner.press(thing, ("real", "drawn")[int(found[1]) % 2])
        learner.page.wait_for_function("([e, text]) => !e.isConnected || e.innerText != text", arg=[before, text])
    assert re.search(r"you\s+\d+ of \d+\s+\d+% to \d+%", thing.inner_text()), "the score with its interval"
    learner.press(thing, "Begin again")
    learner.until(lambda: "Piece 1 of" in piece.inner_text(), "it does not begin again")


def runs(learner: Learner, thing: Locator, begin: str) -> None:
    """Something that runs until it is stopped: a step, then on its own, then a stop that holds."""
    before = learner.seen(thing)
    learner.press(thing, "Step")
    learner.changes(thing, before, "a step shows nothing")
    before = learner.seen(thing)
    learner.press(thing, begin)
    learner.changes(thing, before, f"{begin} shows nothing")
    stop = thing.get_by_role("button", name="Stop")
    stop.evaluate("button => button.click()")  # one that has come to its end by itself has nothing left to stop
    learner.until(stop.is_disabled, "it does not stop")
    learner.rests(thing, "it does not stand still")


# Beside these, whatever has another name is nudged. One person in a video is nobody to choose from; the start page's
# button looks again and may see the same.
TOUCHES = {
    "slider": slider,
    "wipe": wipe,
    "sheet": sheet,
    "align": aligner,
    "browse": browse,
    "upload": upload,
    "agree": agreed,
    "dashboard": dashboard,
    "judge": judge,
    "gan": lambda learner, thing: runs(learner, thing, "Run"),
    "toy-gan": lambda learner, thing: runs(learner, thing, "Run"),
    "tiny-net": lambda learner, thing: runs(learner, thing, "Train"),
    "who": lambda learner, thing: None,
    "start": lambda learner, thing: None,
}


def everything(learner: Learner) -> list[str]:
    """Touch all that the open lesson has; the names."""
    names = learner.names()
    assert learner.page.get_by_text("Click to show javascript error").count() == 0, "a widget cannot be shown"
    for number, name in enumerate(names):
        thing = learner.find(name, names[:number].count(name))
        touch = TOUCHES.get(name)
        touch(learner, thing) if touch else nudged(learner, thing, name)
        learner.picture(f"touched-{number}-{name}")
    return names
