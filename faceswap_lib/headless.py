"""Under workshop.py: one notebook, run without a browser, in a kernel of this very interpreter."""

import ast
import asyncio
import os
import re
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import nbformat
import papermill
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError

from faceswap_lib import UserError

ROOT = str(Path(__file__).resolve().parent.parent)
CELL_HOURS = 6  # a cell that trains may take hours
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "GLOG_minloglevel": "3", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


class OwnKernel(AsyncKernelManager):
    """This interpreter's kernel, whatever else is registered as `python3` on the machine; Ctrl-C ends it."""

    stopped = False

    @property
    def kernel_spec(self) -> KernelSpec:
        """This interpreter's ipykernel."""
        return KernelSpec(**get_kernel_dict())

    async def start_kernel(self, **options: object) -> None:
        """Start it, with this library on its path and TensorFlow's greetings off."""
        # nbclient's own handler would turn Ctrl-C into the message of a kernel that died by itself
        with suppress(RuntimeError, ValueError, NotImplementedError):  # in a thread, on Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._stop)
        path = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))
        own = {"PYTHONPATH": path, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        await super().start_kernel(**options, env={**QUIET, **os.environ, **own})

    def _stop(self) -> None:
        OwnKernel.stopped = True
        if self.has_kernel:
            self._killing = asyncio.ensure_future(self.signal_kernel(signal.SIGKILL))


def title(notebook: Path) -> str:
    """A notebook's first line, its heading."""
    cells = nbformat.read(notebook, as_version=4).cells
    return cells[0].source.splitlines()[0].lstrip("# ").strip() if cells and cells[0].source else notebook.stem


def parameters(notebook: Path) -> dict[str, object]:
    """A notebook's parameters and their defaults; text that is no Python literal is left as text."""
    found = {}
    for name, entry in papermill.inspect_notebook(_literal(notebook)).items():
        try:
            found[name] = ast.literal_eval(entry["default"])
        except (ValueError, SyntaxError):
            found[name] = entry["default"]
    return found


def execute(notebook: Path, out: Path, settings: dict[str, object], tick: Callable[..., None]) -> None:
    """Run a notebook and leave the executed copy in `out`, a page of HTML beside it, whatever happens.

    settings: its parameters; tick: called as each cell starts. Raises UserError for a user's error inside it or a
    kernel that died, RuntimeError when a cell fails otherwise, KeyboardInterrupt.
    """
    part = out.parent / ".part" / out.name
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        _execute(notebook, part, out, settings, tick)
    finally:
        if part.exists():
            os.replace(part, out)
            write(out.with_suffix(".html"), _page(out))
        shutil.rmtree(part.parent, ignore_errors=True)


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def _execute(notebook: Path, part: Path, out: Path, settings: dict[str, object], tick: Callable[..., None]) -> None:
    OwnKernel.stopped = False
    try:
        papermill.execute_notebook(
            _literal(notebook), _literal(part), settings, kernel_name="python3", language="python",
            cwd=str(notebook.parent), progress_bar=False, start_timeout=300, execution_timeout=CELL_HOURS * 3600,
            kernel_manager_class=OwnKernel, on_cell_start=tick,
        )  # fmt: skip
    except PapermillExecutionError as error:
        if "UserError" in error.ename:
            raise UserError(error.evalue) from error
        where = f"{notebook.name}, cell [{error.exec_count}]"
        raise RuntimeError(f"{where}: {error.ename}: {error.evalue}; see {out}") from error
    except CellTimeoutError as error:
        raise UserError(f"A cell of {notebook.name} took over {CELL_HOURS} hours; take a smaller profile.") from error
    except RuntimeError as error:
        if OwnKernel.stopped:
            raise KeyboardInterrupt from None
        if "ernel" not in str(error):
            raise
        raise UserError(f"{notebook.name} lost its kernel ({error}), most often for want of memory; close other "
                        "programs or take a smaller profile.") from error  # fmt: skip


def _literal(path: Path) -> str:
    return str(path).replace("{", "{{").replace("}", "}}")  # papermill formats paths


def _page(notebook: Path) -> str:
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter(template_name="lab").from_filename(str(notebook))
    # scripts for formulas and widgets, which no lab has; where there is no network a page would wait for them
    return re.sub(r'<script src="https?://[^"]*">\s*</script>', "", page)
