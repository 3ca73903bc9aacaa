"""A training in JupyterLab obeys while its cell runs: the game joins, one looks back, it stops, it is interrupted."""

import json
import re

import nbformat

from faceswap_lib import extract, samples
from faceswap_lib.network import record

LIMIT = 240_000  # milliseconds for what is compiled, on a busy machine
SETUP = """
from faceswap_lib import samples, train
from faceswap_lib.widgets import dashboard
from faceswap_lib.network.model import FaceSwap
usual = FaceSwap.compile
FaceSwap.compile = lambda net, **how: usual(net, **how | {"jit_compile": False})  # traced only: it takes less time
def go(model):
    with dashboard.Dashboard(model, samples.path("person_a"), "a") as board:
        how = {"profile": "smoke", "start": "noise", "gan": False, "iterations": 9999, "interrupt": "end"}
        result = train.train("a", "b", model, **how, progress=board, each=board.look)
    print("ENDED", result.stopped)
"""


def shows(learner, nth: int, pattern: str) -> None:
    """Wait until a dashboard says something."""
    script = "([nth, pattern]) => document.querySelectorAll('.fsw-dashboard')[nth]?.innerText.match(pattern)"
    learner.page.wait_for_function(script, arg=[nth, pattern], timeout=LIMIT)


def test_a_training_obeys_while_its_cell_runs(learner):
    here = learner.lab.root / learner.lab.lessons
    for name in "ab":
        extract.extract(samples.path(f"person_{name}"), here / name, profile="smoke")
    cells = [nbformat.v4.new_code_cell(text) for text in (SETUP, "go('m1')", "go('m2')", "print('AND', 'ON')")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), here / "training.ipynb")
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
    learner.page.wait_for_function("() => document.body.innerText.includes('AND ON')", timeout=LIMIT)
    learner.idle()
    said = json.dumps(learner.page.evaluate("() => jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON()"))
    assert re.search(r"interrupted; resume = True goes on", said) and "ENDED interrupted" in said
    assert learner.errors() == [] and learner.console == []
    learner.close()
