"""The order of cells, as their text has it: settings stay settings, and no exercise needs another one."""

import ast
import builtins
from pathlib import Path

import nbformat
import pytest

from faceswap_lib import headless

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
