"""Run the notebooks in order, headless; keep the executed copies and one page over them.

A run that was interrupted goes on with the lab that did not end (classroom/journal.py).
"""

import ast
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from faceswap_lib import UserError, files, headless, profiles, strangers
from faceswap_lib.classroom import logbook
from faceswap_lib.classroom.journal import NAME, Journal, kit
from faceswap_lib.compose import color
from faceswap_lib.display import index_page
from faceswap_lib.face import faceset
from faceswap_lib.face.mesh import canvas
from faceswap_lib.machine.memory import Peak
from faceswap_lib.measure import report
from faceswap_lib.media import video
from faceswap_lib.network import schedule
from faceswap_lib.trust import consent as consents

NOTEBOOKS = headless.ROOT / "notebooks"
SPACE = 1e9  # bytes; facesets, model, videos and pages of a demo take a tenth of it
LONGEST = 4096  # characters of a setting, as of a path


@dataclass
class Lab:
    """One notebook of a run: name, title, seconds it took, the most memory it took in GB, how it ended."""

    name: str
    title: str
    seconds: float = 0.0
    peak: float = 0.0
    status: str = "not run"


@dataclass
class Workshop:
    """A finished run: where it lies, its labs, and what report.json holds (None without one)."""

    workdir: Path
    labs: list[Lab] = field(default_factory=list)
    report: dict | None = None
    seconds: float = 0.0

    @property
    def swapped(self) -> Path:
        """Lab 5's video, the newest of the names that it may have (`video.fitting`)."""
        return video.fitted(self.workdir / "swapped.mp4") or self.workdir / "swapped.mp4"


def workshop(
    workdir: str | Path,
    profile: str = "demo",
    video_a: str | Path | None = None,
    video_b: str | Path | None = None,
    seed: int = 0,
    notebooks: str | Path = NOTEBOOKS,
    say: Callable[[str], None] = lambda line: None,
    **parameters: object,
) -> Workshop:
    """Run all labs and write everything under `workdir`; go on with a run of the same settings that did not end.

    video_a, video_b: two other people than the built-in pair; parameters: more of the notebooks' own, each goes to the
    notebooks that know it, `consent`, the record of what other people have agreed to, among them; say: gets a line per
    notebook. Raises UserError for a parameter that none knows, a video that cannot be read or has no consent, and for a
    user's error inside a notebook; RuntimeError when a notebook fails otherwise.
    """
    start, workdir = time.monotonic(), Path(workdir).absolute()
    _check(profile, seed, parameters)
    videos = {k: str(Path(v).absolute()) if v else "" for k, v in (("video_a", video_a), ("video_b", video_b))}
    for path in filter(None, videos.values()):
        video.probe(path)
    if video_a and video_b and video.sha256(video_a) == video.sha256(video_b) and not _two_of_it(parameters):
        raise UserError(f"{video_a} and {video_b} are the same video; give two, or --set person_a=0 --set person_b=1.")
    if video_a:  # or lab 5 would refuse its sound when the training is done
        video.fitting(videos["video_a"], workdir / "swapped.mp4")
    asked = _ask(parameters, videos)
    given = {"profile": profile, "workdir": str(workdir), "seed": seed, **videos, **parameters}
    paths = _find(Path(notebooks))
    shares = _share_out(paths, given)
    run = Workshop(workdir, [Lab(path.stem, headless.title(path)) for path in paths])
    with files.alone(workdir, "workshop"):
        _make_room(workdir, paths)
        told = {name: path and video.sha256(path) for name, path in videos.items()} | {"consent": asked}
        journal = Journal(workdir, {**given, **told, "kit": kit(paths)})
        before = sum(lab["seconds"] for lab in journal.done.values())
        try:
            with headless.surroundings(workdir):
                _run_labs(run, paths, shares, journal, say)
            journal.close()
        finally:
            run.seconds = time.monotonic() - start + before
            _write_index(run)
    return run


def _check(profile: str, seed: int, parameters: dict[str, object]) -> None:
    """What a later lab would refuse, before the first one."""
    profiles.get(profile)
    color.method(parameters.get("color_match", "relit"))
    canvas(parameters.get("alignment", "mesh"), profiles.get(profile).texture)
    for name in ("person_a", "person_b"):
        faceset.check_person(parameters.get(name))
    schedule.check(*(parameters.get(name) for name in ("minutes", "iterations", "plateau")), seed)


def _ask(parameters: dict[str, object], videos: dict[str, str]) -> str:
    """What their record says of those in the videos; UserError where it is missing. Notebooks get its whole path."""
    if record := parameters.get("consent"):
        parameters["consent"] = record = str(Path(str(record)).absolute())
    if own := str(parameters.get("own_footage") or ""):  # lab 6 puts that person on themselves
        consents.asked(record, own, own)
    return consents.asked(record, videos["video_a"], videos["video_b"])


def _two_of_it(parameters: dict[str, object]) -> bool:
    """Whether two different people of one video are asked for."""
    return (parameters.get("person_a") or 0) != (parameters.get("person_b") or 0)


def _run_labs(
    run: Workshop, paths: list[Path], shares: dict[Path, dict], journal: Journal, say: Callable[[str], None]
) -> None:
    _recall(run, journal, say)
    for number, (path, lab) in enumerate(zip(paths, run.labs, strict=True), 1):
        if lab.status == "done":
            continue
        say(f"[{number}/{len(paths)}] {lab.title} …")
        again = journal.begin(lab.name) and "keep" in headless.parameters(path)
        _execute(path, lab, shares[path] | ({"keep": True} if again else {}), run.workdir)
        journal.end(lab.name, lab.seconds, lab.peak)
        logbook.ran(run.workdir, lab.name[:2], lab.seconds, lab.peak)
        took = f"{lab.status} in {lab.seconds:.0f} s, at most {lab.peak:.1f} GB of memory"
        say(f"[{number}/{len(paths)}] {lab.title}: {took}")
    if (run.workdir / "report.json").exists():
        run.report = report.read(run.workdir)


def _recall(run: Workshop, journal: Journal, say: Callable[[str], None]) -> None:
    """Mark the labs that an interrupted run has done, and say where this one goes on."""
    for lab in (lab for lab in run.labs if lab.name in journal.done):
        before = journal.done[lab.name]
        lab.status, lab.seconds, lab.peak = "done", before["seconds"], before["peak"]
    done, rest = ([int(lab.name[:2]) for lab in run.labs if (lab.status == "done") == how] for how in (True, False))
    changed = f"{journal.changed} is not as it was left. " if journal.changed else ""
    if done and rest:
        which = f"lab {done[0]} is" if len(done) == 1 else f"labs {done[0]} to {done[-1]} are"
        say(f"{changed}Going on with lab {rest[0]}; {which} done.")
    elif changed:
        say(f"{changed}Beginning anew.")


def closing(run: Workshop) -> str:
    """What a run ends with: where the swapped video is, how good it is, where to read on."""
    lines = [f"{len(run.labs)} labs in {run.seconds / 60:.1f} minutes.", f"The swapped video: {run.swapped}"]
    if run.report:
        lines += [
            "How good it is:",
            report.table(run.report),
            report.summarise(run.report),
            f"The report: {run.workdir / 'report.html'}",
        ]
    return "\n".join([*lines, f"The notebooks with all pictures: {run.workdir / 'index.html'}"])


def parse_settings(words: list[str]) -> dict[str, object]:
    """NAME=VALUE words as a dict; values are Python literals where they can be; UserError for a word without `=`."""
    settings = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier() or len(word) > LONGEST:
            raise UserError(f"{word!r:.60} is not a setting; write NAME=VALUE, for example minutes=2.")
        if name in workshop.__annotations__:
            raise UserError(f"'{name}' cannot be set this way; see the options in `workshop --help`.")
        try:
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # it is plain text
            settings[name] = value
    return settings


def _find(folder: Path) -> list[Path]:
    # not 03_extract-Copy1.ipynb, which JupyterLab makes
    paths = sorted(path for path in folder.glob("*.ipynb") if re.fullmatch(r"\d\d_\w+", path.stem))
    if not paths:
        raise UserError(f"{folder} holds no notebooks; run the workshop from a clone of the repository.")
    return paths


def _share_out(paths: list[Path], given: dict[str, object]) -> dict[Path, dict[str, object]]:
    """Each notebook's share of the parameters; papermill itself would only warn about an unknown one."""
    known = {path: headless.parameters(path) for path in paths}
    unknown = sorted(set(given) - set().union(*known.values()))
    if unknown:
        names = ", ".join(sorted(set().union(*known.values())))
        raise UserError(f"No notebook has a parameter '{', '.join(unknown)}'; known are {names}.")
    for name, parameter in (each for parameters in known.values() for each in parameters.items() if each[0] in given):
        if needed := strangers.other_kind(given[name], parameter):
            raise UserError(f"{name} is {given[name]!r:.60}, and it wants {needed}.")
    return {path: {k: v for k, v in given.items() if k in known[path]} for path in paths}


def _make_room(workdir: Path, paths: list[Path]) -> None:
    try:
        (workdir / "notebooks").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{workdir} cannot be made ({error.strerror}); choose another folder.") from error
    _spare(workdir, paths)
    free = shutil.disk_usage(workdir).free
    if free < SPACE:
        raise UserError(f"{workdir} has {free / 1e9:.1f} GB free; a run needs {SPACE / 1e9:.0f} GB.")


def _spare(workdir: Path, paths: list[Path]) -> None:
    """A run replaces the notebooks and the page of an earlier run, and nobody's own."""
    old = {workdir / "notebooks" / path.name: '"papermill"' for path in paths}
    old |= {workdir / "index.html": index_page.TITLE, workdir / NAME: '"settings"'}
    for path, mark in old.items():
        if path.exists() and mark not in path.read_text(encoding="utf-8", errors="replace"):
            raise UserError(f"{path} is not of a run's making and would be lost; give another workdir.")


def _execute(path: Path, lab: Lab, parameters: dict[str, object], workdir: Path) -> None:
    out = workdir / "notebooks" / path.name
    start, peak, error = time.monotonic(), Peak(), None
    try:
        with peak, files.whole(out) as part:
            error = headless.run(path, part, parameters)
        headless.write_page(out)
        lab.status = "failed" if error else "done"
    finally:
        lab.seconds, lab.peak = time.monotonic() - start, peak.gb
    if error is None:
        return
    if (name := getattr(error, "ename", "")) == "UserError":
        raise UserError(error.evalue) from error
    if name:
        raise RuntimeError(f"{path.name}, cell {error.cell_index}: {name}: {error.evalue}; see {out}") from error
    raise UserError(f"{path.name} lost its kernel, most often for want of memory; try a smaller profile.") from None


def _write_index(run: Workshop) -> None:
    labs = [index_page.Line(lab.name, lab.title, lab.status, lab.seconds, lab.peak) for lab in run.labs]
    index_page.write(run.workdir, labs, run.seconds / 60)
