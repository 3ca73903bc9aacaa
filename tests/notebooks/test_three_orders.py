"""Orders of cells that a learner makes, run: settings again after everything, exercises backwards, all of it twice.

The cells are the notebooks' own. What computes for long does so once and then gives what it gave; trainings end before
their first step, and what labs 2 and 6 measure stands in.
"""

import importlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import agreed
import cell_runner
import matplotlib.pyplot as plt
import nbformat
import pytest

from faceswap_lib import headless
from faceswap_lib.classroom import logbook
from faceswap_lib.machine import speed
from faceswap_lib.measure.figures import FIGURES

FOLDER = headless.ROOT / "notebooks"
LABS = {path.stem[:2]: path for path in sorted(FOLDER.glob("0[0-6]_*.ipynb"))}
ORDERS: dict[str, Callable[[str, str, list, list], list]] = {  # settings, the same with exercises on, main line, tries
    "settings again after all": lambda s, on, main, tries: [s, *main, *tries, s, *tries[::-1], *main, *tries],
    "exercises on, and backwards": lambda s, on, main, tries: [on, *main, *tries[::-1], s, *tries[::-1]],
    "all of it twice": lambda s, on, main, tries: [s, *main, *main, on, *tries, *tries, *main[1:], *tries],
}
ONCE = {  # lab -> what computes for long there
    "00": ("media.video.sha256", "display.show.strip", "display.show.mesh_of"),
    "01": ("gpu.describe",),
    "02": ("gpu.check", "machine.speed.in_python", "machine.speed.roofline"),
    "03": ("display.show.averages",),
    "04": ("train.train", "measure.starts.judge", "measure.perception.judge", "widgets.play_gan.story"),
    "05": ("convert.convert", "display.plots_occlusion.in_front", "display.plots_occlusion.between_lips"),
    "06": (),
}
LEFT_OUT = ("progress", "each")  # of what a call is known by


@pytest.fixture(scope="module")
def made() -> dict:
    """What the long calls of all tests here gave, by lab and call."""
    return {}


@pytest.fixture
def work(lab, short, request, made, tmp_path_factory) -> dict[str, object]:
    """A workdir in which a lab finds what those before it leave, one for all orders, and the settings that name it."""
    if ("work", lab) not in made:
        made["work", lab] = folder = tmp_path_factory.mktemp(f"lab{lab}")
        if lab in ("03", "04", "05"):
            for side, faces in request.getfixturevalue("facesets").items():
                shutil.copytree(faces, folder / "faces" / side)
        for name in ("model", "model-noise") if lab in ("04", "05") else ():
            shutil.copytree(request.getfixturevalue("trained").model, folder / name)
        things = ("faces/a/faces.json", "faces/b/faces.json", "model/model.json", "swapped.mp4")
        for thing in things if lab == "06" else ():
            (folder / thing).parent.mkdir(parents=True, exist_ok=True)
            (folder / thing).write_text("")
    given = {"profile": "smoke", "workdir": str(made["work", lab]), "keep": True}
    given["consent"] = str(agreed.of(*short.values()))
    return given | {f"video_{side}": str(clip) for side, clip in short.items()}


def once(lab: str, name: str, made: dict, patch: pytest.MonkeyPatch, **always: object) -> None:
    """A function, called for real once for the same arguments; always: what it is given whatever a cell says."""
    module, _, function = name.rpartition(".")
    holder = importlib.import_module(f"faceswap_lib.{module}")
    real = getattr(holder, function)

    def again(*args: object, **how: object) -> object:
        known = {name: value for name, value in how.items() if name not in LEFT_OUT}
        key = lab, name, repr([Path(a).name if isinstance(a, (str, Path)) else a for a in args]), repr(known)
        if key not in made:
            made[key] = real(*args, **how | always)
        return made[key]

    patch.setattr(holder, function, again)


def timed(patch: pytest.MonkeyPatch) -> None:
    """What lab 2 asks of a process with TensorFlow, which takes long to start."""
    answers = {"cards": [], "repeat": 3, "time": {"seconds": 0.01, "peak": 0.5}}
    patch.setattr("faceswap_lib.machine.worker.Worker.ask", lambda worker, what, **about: answers[what])
    load = speed.Load([0.1, 0.2, 0.3], [[1.0, 1.0]] * 3, [0.0, 90.0, 0.0], [], 0.1, 0.2)
    patch.setattr(speed, "watch", lambda *args: load)


def figures() -> dict:
    """A report as lab 6 gets it, of every figure."""
    refs = {name: 0.5 for name in ("source", "blur", "delay", "tint", "wrong")}
    figure = {"value": 1, "low": 0.4, "high": 1.0, "n": 3, "better": "higher", "reference": refs}
    told = {name: figure for name in FIGURES} | {"lost": {**figure, "value": 0.0}}
    return {"figures": told, "verdicts": ["Training: enough."], "frames": {"index": [0], "swap": {}}}


def measured(patch: pytest.MonkeyPatch) -> None:
    """What lab 6 calls, which takes minutes."""
    gives = {
        "convert.convert": None,
        "evaluate.evaluate": figures(),
        "display.show.strip": None,
        "display.show.over_time_of": None,
        "measure.damage.misses": {},
        "measure.references.files": {},
        "measure.report.read": figures(),
        "measure.report.compared": "compared",
    } | {f"measure.damage.{name}": None for name in ("blur", "delay", "tint")}
    for name, value in gives.items():
        patch.setattr(f"faceswap_lib.{name}", lambda *args, value=value, **how: value)


def cells(lab: str, given: dict[str, object]) -> tuple[str, str, list[str], list[str]]:
    """A lab's settings, with those of ours that it knows, the same with its exercises on, its main line, exercises."""
    book = nbformat.read(LABS[lab], 4)
    heading = next(i for i, cell in enumerate(book.cells) if "## Exercises" in cell.source)
    settings, *main = [cell.source for cell in book.cells[:heading] if cell.cell_type == "code"]
    known = {line.split(" = ")[0] for line in settings.splitlines()}
    settings += "".join(f"\n{name} = {value!r}" for name, value in given.items() if name in known)
    on = settings + "\nexercises = True" * ("exercises" in known)
    return settings, on, main, [cell.source for cell in book.cells[heading:] if cell.cell_type == "code"]


@pytest.fixture
def there(monkeypatch, tmp_path) -> Iterator[None]:
    """No account, where notebooks stand, and no picture left open."""
    monkeypatch.setenv("OCI_CONFIG_FILE", str(tmp_path / "there is none"))
    monkeypatch.chdir(FOLDER)
    yield
    plt.close("all")


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("lab", LABS)
def test_no_order_of_cells_stops_a_lab(lab, order, work, made, there, monkeypatch, capsys):
    for name in ONCE[lab]:
        once(lab, name, made, monkeypatch, **({"iterations": 0, "minutes": None} if name == "train.train" else {}))
    if stand_in := {"02": timed, "06": measured}.get(lab):
        stand_in(monkeypatch)
    names, sources = cell_runner.begin(), ORDERS[order](*cells(lab, work))
    for source in sources:
        cell_runner.run(source, names)
    told = capsys.readouterr().out
    checks = sum("pages.check(" in source for source in sources)
    assert told.count("Self-check: ") == checks >= 2 and "right." not in told
    assert names["workdir"] == work["workdir"] and logbook.read(Path(work["workdir"])).labs[lab]
