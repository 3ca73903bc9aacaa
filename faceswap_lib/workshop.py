"""Run the notebooks in order, headless, with papermill; keep the executed copies and one page over them."""

import ast
import asyncio
import html
import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import nbformat
import papermill
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillExecutionError

from faceswap_lib import UserError, pages, profiles, samples, video
from faceswap_lib.faceset import Progress

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
SPACE = 1e9  # bytes; facesets, model, videos and pages of a demo take a tenth of it
CELL_HOURS = 6  # a cell that trains may take hours
# Seconds a lab takes on 2 cores with the built-in clips, training not counted: an estimate needs no more.
SECONDS = {"00": 15, "01": 12, "02": 30, "03": 45, "04": 60, "05": 75}
NUMBER = (int, float)
FITS = {str: (str,), bool: (bool,), int: (int,), float: NUMBER, type(None): (*NUMBER, type(None))}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "GLOG_minloglevel": "3", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


@dataclass
class Lab:
    """One notebook of a run: its file, title, share of the parameters, expected and real seconds, how it ended."""

    path: Path
    title: str
    parameters: dict
    expected: float
    status: str = "not run"
    seconds: float = 0.0


@dataclass
class Workshop:
    """A run: where it lies, A's video, its labs, and what report.json holds (None without one)."""

    workdir: Path
    source: Path
    labs: list[Lab] = field(default_factory=list)
    report: dict | None = None
    seconds: float = 0.0

    @property
    def chosen(self) -> list[Lab]:
        """The labs that this run runs."""
        return [lab for lab in self.labs if lab.status != "left out"]


class OwnKernel(AsyncKernelManager):
    """A kernel of this very interpreter, whatever else is registered as `python3` on the machine; Ctrl-C ends it."""

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
        path = filter(None, [str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH")])
        own = {"PYTHONPATH": os.pathsep.join(path), "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        await super().start_kernel(**options, env={**QUIET, **os.environ, **own})

    def _stop(self) -> None:
        OwnKernel.stopped = True
        if self.has_kernel:
            self._killing = asyncio.ensure_future(self.signal_kernel(signal.SIGKILL))


def workshop(workdir: str | Path, profile: str = "demo", video_a: str | Path | None = None,
             video_b: str | Path | None = None, seed: int = 0, only: list[str] | None = None,
             notebooks: str | Path = NOTEBOOKS, progress: Progress | None = None,
             **parameters: object) -> Workshop:  # fmt: skip
    """Run the labs in order and write everything under `workdir`.

    video_a, video_b: two other people than the built-in pair; only: some labs, by number or name; parameters: the
    notebooks' own, each goes to those that know it; progress: called with expected seconds and a line.
    Raises UserError before anything runs for a parameter that no notebook knows, a video that cannot be read, a full
    disk, and later for a user's error in a notebook; RuntimeError when a notebook fails otherwise.
    """
    start, workdir = time.monotonic(), Path(workdir).absolute()
    size, progress = profiles.get(profile), progress or (lambda done, total, note: None)
    videos = {k: str(Path(v).absolute()) if v else "" for k, v in (("video_a", video_a), ("video_b", video_b))}
    for path in filter(None, videos.values()):
        video.probe(path)
    given = {"profile": profile, "workdir": str(workdir), "seed": seed, **videos, **parameters}
    source = Path(videos["video_a"] or samples.path("person_a"))
    run = Workshop(workdir, source, _labs(Path(notebooks), given, parameters.get("minutes", size.minutes)))
    _choose(run.labs, only)
    _make_room(workdir)
    try:
        for lab in run.chosen:
            _run(lab, run, progress)
        if (workdir / "report.json").exists():
            run.report = json.loads((workdir / "report.json").read_text(encoding="utf-8"))
    finally:
        run.seconds = time.monotonic() - start
        shutil.rmtree(workdir / "notebooks" / ".part", ignore_errors=True)
        _write(workdir / "index.html", _index(run))
    return run


def closing(run: Workshop) -> str:
    """What a run ends with: where the swapped video is, how good it is, where to read on."""
    done, swapped = [lab for lab in run.labs if lab.status == "done"], run.workdir / "swapped.mp4"
    lines = [f"{len(done)} of {len(run.labs)} labs done in {run.seconds / 60:.1f} minutes."]
    lines += [f"The swapped video: {swapped}"] if swapped.exists() else []
    if run.report:
        from faceswap_lib import evaluate

        lines += ["How good it is:", evaluate.table(run.report), evaluate.summarise(run.report)]
    return "\n".join([*lines, f"The notebooks with all pictures: {run.workdir / 'index.html'}"])


def parse_settings(words: list[str]) -> dict[str, object]:
    """NAME=VALUE words as a dict, values as Python literals where they can be; UserError for what is no setting."""
    settings = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            raise UserError(f"'{word}' is not a setting; write NAME=VALUE, for example minutes=2.")
        if name in workshop.__annotations__:
            raise UserError(f"'{name}' cannot be set this way; where it has an option, `workshop --help` shows it.")
        try:
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            settings[name] = value
    return settings


def _labs(folder: Path, given: dict[str, object], minutes: object) -> list[Lab]:
    """All labs, each with its share of the parameters; papermill itself would only warn about an unknown one."""
    # not 03_extract-Copy1.ipynb, which JupyterLab makes
    paths = sorted(path for path in folder.glob("*.ipynb") if re.fullmatch(r"\d\d_\w+", path.stem))
    if not paths:
        raise UserError(f"{folder} holds no notebooks; run the workshop from a clone of the repository.")
    known = {path: papermill.inspect_notebook(_literal(path)) for path in paths}
    names = {name: entry["default"] for entries in known.values() for name, entry in entries.items()}
    if unknown := sorted(set(given) - set(names)):
        raise UserError(f"No notebook has a parameter '{', '.join(unknown)}'; known are {', '.join(sorted(names))}.")
    for name, value in given.items():
        _check_kind(name, value, names[name])
    labs = []
    for path in paths:
        training = 60 * minutes if "train" in path.stem and isinstance(minutes, NUMBER) else 0
        share = {name: value for name, value in given.items() if name in known[path]}
        labs.append(Lab(path, _title(path), share, SECONDS.get(path.stem[:2], 30) + training))
    return labs


def _check_kind(name: str, value: object, default: str) -> None:
    """Refuse text for a number, and the like; a default of None stands for a number left open."""
    with suppress(ValueError, SyntaxError):
        if type(value) not in FITS.get(type(ast.literal_eval(default)), (type(value),)):
            raise UserError(f"The notebooks' parameter {name} is {default} by default; {value!r} is no such value.")


def _choose(labs: list[Lab], only: list[str] | None) -> None:
    for name in only or []:
        if not any(lab.path.stem in (name, f"{name}_{lab.path.stem[3:]}") for lab in labs):
            names = ", ".join(lab.path.stem for lab in labs)
            raise UserError(f"There is no notebook '{name}'; choose among {names}, or by number, for example 03.")
    for lab in labs:
        if only and not {lab.path.stem, lab.path.stem[:2]} & set(only):
            lab.status = "left out"


def _make_room(workdir: Path) -> None:
    free = shutil.disk_usage(next(p for p in (workdir, *workdir.parents) if p.exists())).free
    if free < SPACE:
        raise UserError(f"{workdir} has {free / 1e9:.1f} GB free and a run needs {SPACE / 1e9:.0f} GB; free some space "
                        "or choose another folder.")  # fmt: skip
    try:
        (workdir / "notebooks" / ".part").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{workdir} cannot be written ({error.strerror}); choose another folder.") from error


def _title(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return cells[0].source.splitlines()[0].lstrip("# ").strip() if cells and cells[0].source else path.stem


def _literal(path: Path) -> str:
    return str(path).replace("{", "{{").replace("}", "}}")  # papermill formats paths


def _run(lab: Lab, run: Workshop, progress: Progress) -> None:
    """Execute a lab; the copy and its page appear when it has ended, however it ended."""
    name = f"[{run.chosen.index(lab) + 1}/{len(run.chosen)}] {lab.title}"
    start, part, out = time.monotonic(), run.workdir / "notebooks" / ".part", run.workdir / "notebooks"
    lab.status = "running"

    def tell(note: str, **cell: object) -> None:
        lab.seconds = time.monotonic() - start
        past = (o.expected if o.status == "done" else min(o.seconds, 0.9 * o.expected) for o in run.chosen)
        progress(round(sum(past)), round(sum(o.expected for o in run.chosen)), note)

    tell(f"{name} …")
    try:
        _execute(lab, part / lab.path.name, out / lab.path.name, partial(tell, f"{name} …"))
        lab.status = "done"
    finally:
        lab.seconds = time.monotonic() - start
        if lab.status == "running":
            lab.status = "stopped" if OwnKernel.stopped else "failed"
        if (part / lab.path.name).exists():
            os.replace(part / lab.path.name, out / lab.path.name)
            _write(out / f"{lab.path.stem}.html", _page(out / lab.path.name))
    tell(f"{name}: done in {lab.seconds:.0f} s")


def _execute(lab: Lab, part: Path, out: Path, tick: Callable) -> None:
    OwnKernel.stopped = False
    try:
        papermill.execute_notebook(
            _literal(lab.path), _literal(part), lab.parameters, kernel_name="python3", language="python",
            cwd=str(lab.path.parent), progress_bar=False, start_timeout=300, execution_timeout=CELL_HOURS * 3600,
            kernel_manager_class=OwnKernel, on_cell_start=tick,
        )  # fmt: skip
    except PapermillExecutionError as error:
        if "UserError" in error.ename:
            raise UserError(error.evalue) from error
        where = f"{lab.path.name}, cell [{error.exec_count}]"
        raise RuntimeError(f"{where}: {error.ename}: {error.evalue}; see {out}") from error
    except CellTimeoutError as error:
        raise UserError(f"A cell of {lab.path.name} took over {CELL_HOURS} hours; take a smaller profile.") from error
    except RuntimeError as error:
        if OwnKernel.stopped:
            raise KeyboardInterrupt from None
        if "ernel" not in str(error):
            raise
        raise UserError(f"{lab.path.name} lost its kernel ({error}), most often for want of memory; close other "
                        "programs or take a smaller profile.") from error  # fmt: skip


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def _page(notebook: Path) -> str:
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter(template_name="lab").from_filename(str(notebook))
    # scripts for formulas and widgets, which no lab has; without a network a page would wait for them
    return re.sub(r'<script src="https?://[^"]*">\s*</script>', "", page)


def _index(run: Workshop) -> str:
    rows = ""
    for lab in run.labs:
        title, page = html.escape(lab.title), f"notebooks/{lab.path.stem}.html"
        if lab.status != "not run" and (run.workdir / page).exists():
            title = f'<a href="{page}">{title}</a>'
        rows += f"<tr><td>{title}</td><td>{lab.seconds / 60:.1f} min</td><td>{lab.status}</td></tr>\n"
    well = all(lab.status == "done" for lab in run.chosen)
    return PAGE.format(rows=rows, minutes=run.seconds / 60, swap=_swap(run) if well else "",
                       figures=_figures(run.report) if run.report else "")  # fmt: skip


def _swap(run: Workshop) -> str:
    """Moments of source and swap, one above the other, and the video; nothing without a swapped video."""
    swapped = run.workdir / "swapped.mp4"
    if not swapped.exists():
        return ""
    count = min(video.probe(clip).frames for clip in (run.source, swapped))
    moments = slice(0, min(count, 240), max(1, min(count, 240) // 5))  # the first ten seconds are soon decoded
    rows = ""
    for label, clip in (("source", run.source), ("swap", swapped)):
        frames = islice(video.frames(clip), moments.start, moments.stop, moments.step)
        rows += f"<p>{label}<br>{''.join(map(pages.thumbnail, islice(frames, 5)))}</p>"
    return f'<h2>The swap</h2>{rows}<video src="swapped.mp4" controls loop width="480"></video>'


def _figures(report: dict) -> str:
    from faceswap_lib import evaluate

    return f"<h2>How good it is</h2><p>{html.escape(evaluate.summarise(report))}</p>{pages.scores(report)}"


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Face-swap workshop</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
td, th {{ padding: .2rem 1rem .2rem 0; vertical-align: top }} img {{ height: 150px; margin-right: 4px }}
video {{ max-width: 100% }}
</style></head><body>
<h1>Face-swap workshop</h1>
<p>All notebooks as they ran, {minutes:.1f} minutes in all. The people in the built-in clips are rendered and do not
exist; every swapped video is labelled as synthetic.</p>
<table>{rows}</table>
{swap}
{figures}
</body></html>
"""
