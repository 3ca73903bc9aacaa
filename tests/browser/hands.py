"""A learner's hands in JupyterLab: opens a lesson, runs it, finds what can be touched, and touches it."""

import json
import os
import re
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, Request, TimeoutError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
READY = 300  # seconds until a server, a page or a kernel answers on a busy machine
# What JupyterLab writes on the console as an error and is none of ours.
BENIGN = (
    r"Failed to load resource.*40[03].*/api/(me|kernels|sessions)",  # asked before the cookie is there, then again
    r"/lab/api/workspaces/.*404|404.*/lab/api/workspaces/",  # no workspace is stored yet
    r"Lazy-loaded|the server responded with a status of 404 .*\.(map|woff2?)",
)


def browser_path() -> str:
    """Where this machine's browser is; "" if it has none."""
    return next(filter(None, map(shutil.which, BROWSERS)), "")


@dataclass
class Lab:
    """A running JupyterLab: its address and token, the copy of the kit that it serves, where in it the lessons are."""

    address: str
    token: str
    root: Path
    lessons: str

    @property
    def workdir(self) -> Path:
        """Where the lessons of this copy write."""
        return self.root / "workdir"

    def url(self, name: str) -> str:
        """Where a file among the lessons is opened, with the key."""
        return f"{self.address}/lab/tree/{self.lessons}{name}?reset&token={self.token}"


@dataclass
class Learner:
    """One browser window; tests read `console`, its errors, and `outside`, what it asked of others than the server."""

    page: Page
    lab: Lab
    console: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: said.type == "error" and self._note(f"{said.text} {said.location['url']}"))
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on("request", self._asked)

    def _note(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in BENIGN):
            self.console.append(text)

    def _asked(self, request: Request) -> None:
        here = (self.lab.address, self.lab.address.replace("http", "ws", 1), "data:", "blob:", "about:")
        if not request.url.startswith(here):
            self.outside.append(request.url)

    def open(self, name: str) -> None:
        """Open a lesson and wait until its kernel is ready."""
        self.page.goto(self.lab.url(name), timeout=1000 * READY)
        self.ready(name)

    def ready(self, name: str) -> None:
        """Wait until a lesson is in front and its kernel has nothing to do."""
        try:
            self._ready(name, READY / 3)
        except TimeoutError:
            self._anew(name)

    def _ready(self, name: str, limit: float) -> None:
        self.page.wait_for_function(
            f"() => ({CURRENT})?.context?.path?.endsWith({json.dumps(name)})", timeout=1000 * limit
        )
        self.page.wait_for_function(
            f"() => ({CURRENT}).sessionContext.isReady && {STATUS} == 'idle'", timeout=1000 * limit
        )

    def _anew(self, name: str) -> None:
        """A page that has long not heard of its kernel is told, and opened anew with a new kernel, as a learner would.

        Seen three times in some sixty lessons with ipykernel 7.3, which could leave a message unread until the next one
        came; 7.4 does not. If no run has warned of it for a while, this can go.
        """
        warnings.warn(f"{name} stood still, and was opened anew: {self.state()}", stacklevel=2)
        self.page.evaluate(f"() => {{ ({CURRENT})?.sessionContext?.shutdown().catch(() => null) }}")
        self.page.wait_for_timeout(5000)
        old, self.page = self.page, self.page.context.new_page()
        old.close()
        self.__post_init__()
        self.page.goto(self.lab.url(name), timeout=1000 * READY)
        self._ready(name, READY)

    def run(self, limit: float) -> None:
        """Run all cells from top to bottom, as the menu does; limit: seconds. What stands still is run once more."""
        try:
            self._run(limit)
        except TimeoutError:
            self._anew(Path(self.page.evaluate(f"() => ({CURRENT}).context.path")).name)
            self._run(limit)

    def _run(self, limit: float) -> None:
        self.page.evaluate(
            "() => {window.done = false; jupyterapp.commands.execute('notebook:run-all-cells')"
            ".finally(() => {window.done = true})}"
        )
        self.page.wait_for_function("() => window.done", timeout=1000 * limit, polling=500)
        self.idle(limit)

    def state(self) -> str:
        """How page, kernel and server are, where a lesson stands still."""
        said = (self.lab.root / "said").read_text(errors="replace")[-800:]
        return f"{said} {self.console} {json.dumps(self.page.evaluate(STATE))}"  # the end of a log is read first

    def idle(self, limit: float = READY) -> None:
        """Wait until the kernel has nothing left to do."""
        self.page.wait_for_function(f"() => {STATUS} == 'idle'", timeout=1000 * limit)

    def errors(self) -> list[str]:
        """The errors that cells show: name and what it says."""
        book = self.page.evaluate(f"() => ({CURRENT}).content.model.sharedModel.toJSON()")
        outputs = [output for cell in book["cells"] for output in cell.get("outputs", [])]
        return [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]

    def unrun(self) -> int:
        """How many cells of code were not run."""
        book = self.page.evaluate(f"() => ({CURRENT}).content.model.sharedModel.toJSON()")
        return sum(
            c["cell_type"] == "code" and bool("".join(c["source"]).strip()) and not c["execution_count"]
            for c in book["cells"]
        )

    def save(self) -> Path:
        """Save the lesson as the menu does; where its file lies."""
        self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        self.page.wait_for_function(f"() => !({CURRENT}).context.model.dirty", timeout=1000 * READY)
        served = self.page.evaluate(f"() => ({CURRENT}).context.path")
        return next(path for path in (self.lab.root / served, self.lab.root / "notebooks" / served) if path.is_file())

    def close(self) -> None:
        """End the lesson's kernel, so that the next one has the memory, and close it without a question."""
        self.page.evaluate(f"async () => {{ await ({CURRENT}).sessionContext.shutdown() }}")

    def find(self, name: str, nth: int = 0) -> Locator:
        """What can be touched, by its class: "slider" is .fsw-slider; scrolled into view."""
        found = self.page.locator(f".fsw-{name}").nth(nth)
        found.scroll_into_view_if_needed()
        return found

    def names(self) -> list[str]:
        """The names of all that can be touched in the open lesson, in order: "slider" for .fsw-slider."""
        return self.page.evaluate(NAMES)

    def seen(self, thing: Locator) -> str:
        """What a thing shows beside its controls, to compare: its pictures, drawings and words."""
        return thing.evaluate(SEEN)

    def until(self, true: Callable[[], bool], words: str, limit: float = READY) -> None:
        """Wait until something is true; words: what is wrong if it never is."""
        for _ in range(round(4 * limit)):
            if true():
                return
            self.page.wait_for_timeout(250)
        raise AssertionError(words)

    def changes(self, thing: Locator, before: str, words: str) -> None:
        """Wait until a thing shows something else than before; words: what is wrong if it never does."""
        self.until(lambda: self.seen(thing) != before, words)

    def rests(self, thing: Locator, words: str) -> None:
        """Wait until a thing shows the same for a second; words: what is wrong if it never does."""
        looks = []

        def same() -> bool:
            looks.append(self.seen(thing))
            return len(looks) > 4 and len(set(looks[-5:])) == 1

        self.until(same, words)

    def nudge(self, thing: Locator) -> int:
        """Move what can be moved within a thing without harm, by keyboard and mouse; how many controls that were.

        Sliders go a step on (back at their end), lists and boxes to another choice; canvases are dragged over.
        """
        moved = 0
        for control in thing.locator(".noUi-handle:visible, input[type=range]:visible").all():
            at = control.get_attribute("aria-valuenow") or control.input_value()
            control.press("ArrowRight")
            if at == (control.get_attribute("aria-valuenow") or control.input_value()):
                control.press("ArrowLeft")
            moved += 1
        for control in thing.locator("select:visible").all():
            there = control.evaluate("e => e.options.length > 1 ? (e.selectedIndex + 1) % e.options.length : -1")
            if there >= 0:
                control.select_option(index=there)
                moved += 1
        for control in thing.locator("input[type=checkbox]:visible, button[role=radio]:visible").all():
            control.click()
            moved += 1
        for control in thing.locator("canvas:visible").all():
            self.drag(control, (0.5, 0.5), (0.6, 0.55))
            moved += 1
        self.idle()
        self.page.wait_for_timeout(500)
        return moved

    def still(self, thing: Locator, limit: float = READY) -> dict:
        """Where a thing is, once what is drawn above it has stopped moving it."""
        box = None
        for _ in range(round(5 * limit)):
            thing.scroll_into_view_if_needed()
            before, box = box, thing.bounding_box()
            if box == before:
                return box
            self.page.wait_for_timeout(200)
        raise AssertionError("it never stands still")

    def drag(self, thing: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag within a thing from one place to another, as shares of its width and height."""
        box = self.still(thing)
        (x, y), (u, v) = ((box["x"] + sx * box["width"], box["y"] + sy * box["height"]) for sx, sy in (start, end))
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move((x + u) / 2, (y + v) / 2, steps=4)
        self.page.mouse.move(u, v, steps=4)
        self.page.mouse.up()

    def type(self, field: Locator, text: str) -> None:
        """Put a text into a field in place of what it holds, and leave it."""
        field.fill(text)
        field.press("Enter")

    def press(self, thing: Locator, label: str) -> None:
        """Press the button with that label within a thing."""
        thing.get_by_role("button", name=label).first.click()

    def picture(self, name: str) -> None:
        """A screenshot of the window into the folder that FACESWAP_SCREENSHOTS names; nothing without one."""
        if folder := os.environ.get("FACESWAP_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png")


NAMES = """() => [...document.querySelectorAll('.jp-OutputArea [class*=fsw-]')].flatMap(e =>
  [...e.classList].filter(c => c.startsWith('fsw-')).map(c => c.slice(4)))"""
SEEN = """e => {
  const words = e.cloneNode(true)
  words.querySelectorAll('input, select, button, .widget-readout, .noUi-target').forEach(control => control.remove())
  const drawn = [...e.querySelectorAll('canvas')].map(canvas => canvas.toDataURL())
  const shown = [...e.querySelectorAll('img, svg, [style*=background]')].filter(p => p.getClientRects().length)
  const text = [words.textContent, ...drawn, ...shown.map(p => p.src || p.outerHTML)].join()
  let sum = 0
  for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) | 0
  return text.length + ':' + sum
}"""
CURRENT = "window.jupyterapp?.shell.currentWidget"
STATUS = f"({CURRENT}).sessionContext.session?.kernel?.status"
STATE = f"""() => {{
  const here = {CURRENT}, kernel = here?.sessionContext?.session?.kernel
  const waits = cell => cell.model.type == 'code' && cell.inputArea.promptNode?.innerText.includes('*')
  return {{done: window.done, kernel: kernel?.status, connection: kernel?.connectionStatus,
    waiting: here?.content?.widgets?.filter(waits).map(cell => cell.model.sharedModel.source),
    dialogs: [...document.querySelectorAll('.jp-Dialog')].map(dialog => dialog.innerText)}}
}}"""
