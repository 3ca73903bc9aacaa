"""The order of cells: settings can be run again at any time, and any exercise before any other."""

import ast
import builtins
from pathlib import Path

import nbformat
import pytest

from faceswap_lib import headless
from faceswap_lib.classroom import logbook
from faceswap_lib.measure.figures import FIGURES

FOLDER = headless.ROOT / "notebooks"
BOOKS = sorted([*FOLDER.glob("[0-9][0-9]_*.ipynb"), *(FOLDER / "solutions").glob("*.ipynb"), FOLDER / "start.ipynb"])
KNOWN = {*dir(builtins), "display"}


def bound(tree: ast.AST) -> set[str]:
    """Every name that a cell's code binds, its functions' own aside."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        if isinstance(node, ast.arg):
            found.add(node.arg)
    return found


def used(tree: ast.AST) -> set[str]:
    """Every name that a cell's code reads."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def split(path: Path) -> tuple[set[str], list[ast.Module], list[ast.Module]]:
    """A notebook's parameters, its cells between them and the heading "Exercises", and those after it."""
    parameters, before, after, exercises = set(), [], [], False
    for cell in nbformat.read(path, 4).cells:
        exercises = exercises or (cell.cell_type == "markdown" and "## Exercises" in cell.source)
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        if "parameters" in cell.metadata.get("tags", []):
            parameters = bound(tree)
        else:
            (after if exercises else before).append(tree)
    return parameters, before, after


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_later_cell_changes_what_a_setting_is(path):
    parameters, before, after = split(path)
    assert parameters, "a notebook has settings"
    for tree in (*before, *after):
        assert not parameters & bound(tree), f"{ast.unparse(tree)[:200]} binds a setting anew"


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_exercise_needs_the_lesson_and_no_other_exercise(path):
    parameters, before, after = split(path)
    there = KNOWN | parameters | set().union(*(bound(tree) for tree in before))
    for tree in after:
        missing = used(tree) - bound(tree) - there
        assert not missing, f"{ast.unparse(tree)[:200]} needs {missing} of another exercise"


def figures() -> dict:
    """A report as lab 6 gets it, of every figure."""
    refs = {name: 0.5 for name in ("source", "blur", "delay", "tint", "wrong")}
    figure = {"value": 1, "low": 0.4, "high": 1.0, "n": 3, "better": "higher", "reference": refs}
    told = {name: figure for name in FIGURES} | {"lost": {**figure, "value": 0.0}}
    return {"figures": told, "verdicts": ["Training: enough."], "frames": {"index": [0], "swap": {}}}


@pytest.mark.parametrize("turn", [slice(None), slice(None, None, -1)])
def test_lab_6_goes_through_in_any_order_with_its_exercises(turn, tmp_path, monkeypatch, capsys):
    """Its cells as they are; what they call, which takes minutes, stands in."""
    from faceswap_lib import convert, evaluate
    from faceswap_lib.display import show
    from faceswap_lib.measure import damage, references, report

    for path in ("faces/a/faces.json", "faces/b/faces.json", "model/model.json", "swapped.mp4"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    for module, name in ((convert, "convert"), (show, "strip"), (show, "over_time_of")):
        monkeypatch.setattr(module, name, lambda *args, **kwargs: None)
    for name in ("blur", "delay", "tint"):
        monkeypatch.setattr(damage, name, lambda *args: None)
    monkeypatch.setattr(damage, "misses", lambda report: {})
    monkeypatch.setattr(evaluate, "evaluate", lambda *args, **kwargs: figures())
    monkeypatch.setattr(references, "files", lambda *args: {})
    monkeypatch.setattr(report, "read", lambda folder: figures())
    monkeypatch.setattr(report, "compared", lambda *args: "compared")
    book = nbformat.read(FOLDER / "06_evaluate.ipynb", 4)
    heading = next(i for i, cell in enumerate(book.cells) if "## Exercises" in cell.source)
    settings, *lesson = [cell.source for cell in book.cells[:heading] if cell.cell_type == "code"]
    tries = [cell.source for cell in book.cells[heading:] if cell.cell_type == "code"]
    names = {"display": print}
    given = f'\nworkdir = "{tmp_path}"\nexercises = '
    for source in (
        settings + given + "False",
        *lesson,
        *tries,
        settings + given + "True",
        *tries[turn],
        *lesson,
        *tries,
    ):
        exec(source, names)
    assert capsys.readouterr().out.count("Self-check: pass") == 3
    assert logbook.read(tmp_path).labs["06"].passed and names["workdir"] == str(tmp_path)


def test_settings_again_and_exercises_in_other_orders_work(tmp_path, monkeypatch):
    """Lab 1, run: settings changed after everything, exercises backwards and twice, then all again."""
    from nbclient import NotebookClient

    monkeypatch.setenv("OCI_CONFIG_FILE", str(tmp_path / "there is none"))
    book = nbformat.read(FOLDER / "01_provision.ipynb", 4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    code[0].source += f'\nworkdir = "{tmp_path / "work"}"\nprofile = "smoke"'
    heading = next(i for i, cell in enumerate(book.cells) if "## Exercises" in cell.source)
    lesson = [cell for cell in book.cells[:heading] if cell.cell_type == "code"]
    tries = [cell for cell in book.cells[heading:] if cell.cell_type == "code"]
    again = nbformat.v4.new_code_cell(code[0].source + "\nlearners = 3")
    order = [*lesson, *tries[::-1], again, *tries[::-1], *tries, *lesson[1:], *tries]
    book.cells = [nbformat.v4.new_code_cell(cell.source) for cell in order]
    NotebookClient(book, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
    assert "Self-check: pass" in str(book.cells[-1].outputs)
