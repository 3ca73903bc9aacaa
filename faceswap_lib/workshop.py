"""Run the notebooks in order, headless, with papermill; keep the executed copies and one page over them."""

import ast
import base64
import html
import json
import re
import shutil
import time
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import cv2

from faceswap_lib import UserError, headless, pages, profiles, samples, video
from faceswap_lib.faceset import Progress

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
SPACE = 1e9  # bytes; facesets, model, videos and pages of a demo take a tenth of it
# Seconds a lab takes on 2 cores with the built-in clips, training not counted: good enough for an estimate.
SECONDS = {"00": 15, "01": 12, "02": 30, "03": 45, "04": 60, "05": 75}
NUMBER = (int, float)
FITS = {str: (str,), bool: (bool,), int: (int,), float: NUMBER, type(None): (*NUMBER, type(None))}


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
    labs = _labs(Path(notebooks), given, parameters.get("minutes") or size.minutes or 0)
    _choose(labs, only)
    _make_room(workdir)
    run = Workshop(workdir, Path(videos["video_a"] or samples.path("person_a")), labs)
    try:
        for lab in run.chosen:
            _run(lab, run, progress)
        if (workdir / "report.json").exists():
            run.report = json.loads((workdir / "report.json").read_text(encoding="utf-8"))
    finally:
        run.seconds = time.monotonic() - start
        headless.write(workdir / "index.html", _index(run))
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
            raise UserError(f"'{name}' cannot be set this way; the options it has are in `workshop --help`.")
        try:
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            settings[name] = value
    return settings


def _labs(folder: Path, given: dict[str, object], minutes: float) -> list[Lab]:
    """All labs, each with its share of the parameters; papermill itself would only warn about an unknown one."""
    # not 03_extract-Copy1.ipynb, which JupyterLab makes
    paths = sorted(path for path in folder.glob("*.ipynb") if re.fullmatch(r"\d\d_\w+", path.stem))
    if not paths:
        raise UserError(f"{folder} holds no notebooks; run the workshop from a clone of the repository.")
    known = {path: headless.parameters(path) for path in paths}
    defaults = {name: default for parameters in known.values() for name, default in parameters.items()}
    if unknown := sorted(set(given) - set(defaults)):
        raise UserError(f"No notebook has a parameter '{', '.join(unknown)}'; known are {', '.join(sorted(defaults))}.")
    for name, value in given.items():
        # text for a number, and the like; a default of None stands for a number left open
        if type(value) not in FITS.get(type(defaults[name]), (type(value),)):
            raise UserError(f"The parameter {name} is {defaults[name]!r} by default, so {value!r} does not fit it.")
    shares = {path: {name: value for name, value in given.items() if name in known[path]} for path in paths}
    training = {path: 60 * minutes * ("train" in path.stem) for path in paths}
    return [Lab(path, headless.title(path), shares[path], SECONDS.get(path.stem[:2], 30) + training[path])
            for path in paths]  # fmt: skip


def _choose(labs: list[Lab], only: list[str] | None) -> None:
    names = [lab.path.stem for lab in labs]
    for name in only or []:
        if name not in (*names, *(each[:2] for each in names)):
            raise UserError(f"There is no notebook '{name}'; choose among {', '.join(names)}, or by number: 03.")
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


def _run(lab: Lab, run: Workshop, progress: Progress) -> None:
    name = f"[{run.chosen.index(lab) + 1}/{len(run.chosen)}] {lab.title}"
    start, lab.status = time.monotonic(), "failed"

    def tell(note: str = f"{name} …", **cell: object) -> None:
        lab.seconds = time.monotonic() - start
        past = (each.expected if each.status == "done" else min(each.seconds, 0.9 * each.expected)
                for each in run.chosen)  # fmt: skip
        progress(round(sum(past)), round(sum(each.expected for each in run.chosen)), note)

    tell()
    try:
        headless.execute(lab.path, run.workdir / "notebooks" / lab.path.name, lab.parameters, tell)
        lab.status = "done"
    except KeyboardInterrupt:
        lab.status = "stopped"
        raise
    finally:
        lab.seconds = time.monotonic() - start
    tell(f"{name}: done in {lab.seconds:.0f} s")


def _index(run: Workshop) -> str:
    rows = ""
    for lab in run.labs:
        title, page = html.escape(lab.title), f"notebooks/{lab.path.stem}.html"
        if lab.status != "not run" and (run.workdir / page).exists():
            title = f'<a href="{page}">{title}</a>'
        rows += f"<tr><td>{title}</td><td>{lab.seconds / 60:.1f} min</td><td>{lab.status}</td></tr>\n"
    # after a failure a swapped video would be an earlier run's
    well = all(lab.status == "done" for lab in run.chosen)
    return PAGE.format(rows=rows, minutes=run.seconds / 60, swap=_swap(run) if well else "",
                       figures=_figures(run.report) if run.report else "")  # fmt: skip


def _swap(run: Workshop, count: int = 5, most: int = 240) -> str:
    """Moments of source and swap out of their first `most` frames, and the video; nothing without a swapped video."""
    swapped, rows = run.workdir / "swapped.mp4", ""
    if not swapped.exists():
        return ""
    for label, clip in (("source", run.source), ("swap", swapped)):
        step = max(1, min(most, video.probe(clip).frames) // count)
        frames = islice(video.frames(clip), 0, step * count, step)
        rows += f"<p>{label}<br>{''.join(_thumbnail(frame) for frame in frames)}</p>"
    return f'<h2>The swap</h2>{rows}<video src="swapped.mp4" controls loop width="480"></video>'


def _thumbnail(frame: cv2.typing.MatLike, height: int = 150) -> str:
    small = cv2.resize(frame, (frame.shape[1] * height // frame.shape[0], height), interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))[1]
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}"> '


def _figures(report: dict) -> str:
    from faceswap_lib import evaluate

    return f"<h2>How good it is</h2><p>{html.escape(evaluate.summarise(report))}</p>{pages.scores(report)}"


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Face-swap workshop</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
td, th {{ padding: .2rem 1rem .2rem 0; vertical-align: top }} video {{ max-width: 100% }}
</style></head><body>
<h1>Face-swap workshop</h1>
<p>All notebooks as they ran, {minutes:.1f} minutes in all. The people in the built-in clips are rendered and do not
exist; every swapped video is labelled as synthetic.</p>
<table>{rows}</table>
{swap}
{figures}
</body></html>
"""
