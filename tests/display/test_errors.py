"""errors.py: a notebook shows a user's error as its sentence; who runs the notebook still learns what it was."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from faceswap_lib.display import errors

QUIET = "from faceswap_lib import UserError\nfrom faceswap_lib.display import pages\npages.quiet()\n"


@pytest.fixture(scope="module")
def book():
    """A notebook with a user's error, an interruption and a bug, run to its end."""
    made = nbformat.v4.new_notebook()
    for source in (
        QUIET,
        "raise UserError('The video <b> is dark;\\n film it again.')",
        "raise KeyboardInterrupt",
        "raise ZeroDivisionError('a bug')",
        "1 + 1",
    ):
        made.cells.append(nbformat.v4.new_code_cell(source))
    NotebookClient(made, kernel_name="python3", allow_errors=True, timeout=60).execute()
    return made


def shown(cell: dict) -> tuple[dict, str]:
    """A cell's error, and the pages beside it."""
    (error,) = [out for out in cell.outputs if out.output_type == "error"]
    return error, "".join(out.data.get("text/html", "") for out in cell.outputs if "data" in out)


def test_a_users_error_is_its_sentence_and_the_rest_is_folded(book):
    error, page = shown(book.cells[1])
    assert error.ename == "UserError" and error.evalue.startswith("The video <b> is dark;")
    assert error.traceback == ["\x1b[1mThe video <b> is dark; film it again.\x1b[0m"]
    assert page.startswith("<details>") and "Traceback" in page and "<b>" not in page


def test_an_interruption_is_a_sentence(book):
    error, page = shown(book.cells[2])
    assert (error.ename, page) == ("KeyboardInterrupt", "") and errors.STOPPED in error.traceback[0]


def test_a_bug_keeps_its_traceback_and_the_cells_after_it_work(book):
    error, _ = shown(book.cells[3])
    assert error.ename == "ZeroDivisionError" and len(error.traceback) > 1
    assert book.cells[4].outputs[0].data["text/plain"] == "2"


def test_who_runs_the_notebook_learns_what_it_was():
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(QUIET + "raise UserError('mend it')")])
    with pytest.raises(CellExecutionError) as error:
        NotebookClient(made, kernel_name="python3", timeout=60).execute()
    assert (error.value.ename, error.value.evalue) == ("UserError", "mend it")
