"""One notebook, headless: its parameters, its run by papermill, its page."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faceswap_lib import files
from faceswap_lib.machine import orphan

ROOT = Path(__file__).resolve().parent.parent
CELL_LIMIT = 6 * 3600  # seconds; a cell that trains may take hours


def parameters(path: Path) -> dict[str, str]:
    """The parameters of a notebook, and their usual values in Python's words."""
    import papermill

    return {name: found["default"] for name, found in papermill.inspect_notebook(_literal(path)).items()}


def title(path: Path) -> str:
    """What a notebook's first line calls it."""
    import nbformat

    first = nbformat.read(path, as_version=4).cells[0].source
    return first.splitlines()[0].lstrip("# ").strip()


def run(path: Path, out: Path, parameters: dict[str, object]) -> Exception | None:
    """Run a notebook into a copy; returns the error that ended it, for the copy shows that error."""
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    try:
        papermill.execute_notebook(
            _literal(path),
            _literal(out),
            parameters=parameters,
            kernel_name="python3",
            cwd=str(path.parent),
            progress_bar=False,
            start_timeout=300,
            execution_timeout=CELL_LIMIT,
            extra_arguments=[f"--IPKernelApp.exec_lines={[orphan.KERNEL]}"],
        )
    except (PapermillExecutionError, DeadKernelError) as error:
        return error
    return None


@contextmanager
def surroundings(workdir: Path) -> Iterator[None]:
    """What kernels find: this interpreter's own kernel, this library, and a folder for passing files that goes again.

    A run that is killed leaves that folder, and the next one clears it away.
    """
    room, old, here = files.aside(workdir / "workshop", "passing"), tempfile.tempdir, dict(os.environ)
    if room.is_symlink() or room.is_file():
        room.unlink()
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    tempfile.tempdir = str(room)
    os.environ.update(
        JUPYTER_PREFER_ENV_PATH="1",  # not a "python3" that a user has installed elsewhere
        PYTHONPATH=os.pathsep.join(filter(None, [str(ROOT), here.get("PYTHONPATH")])),
        PATH=os.pathsep.join([str(Path(sys.executable).parent), here.get("PATH", "")]),
        TMPDIR=str(room),
    )
    os.environ.pop("JUPYTER_PATH", None)
    os.environ.pop("JPY_SESSION_NAME", None)  # of a notebook that runs this, perhaps
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    try:
        yield
    finally:
        tempfile.tempdir = old
        for name in os.environ.keys() | here.keys():
            if name in here:
                os.environ[name] = here[name]
            else:
                del os.environ[name]
        shutil.rmtree(room, ignore_errors=True)


def write_page(notebook: Path) -> None:
    """An executed notebook as a page beside it."""
    from faceswap_lib.display import exported

    with files.whole(notebook.with_suffix(".html")) as part:
        part.write_text(exported.page(notebook), encoding="utf-8")


def _literal(path: Path) -> str:
    return str(path).replace("{", "{{").replace("}", "}}")  # papermill formats paths
