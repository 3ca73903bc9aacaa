"""The command line: `python -m faceswap_lib …` says the same words as the library and the notebooks.

Exit status: 0 success, 2 a user's error with one sentence on stderr, 1 our bug, 130 interrupted.
"""

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greetings would bury our one sentence
os.environ.setdefault("GLOG_minloglevel", "3")

import typer  # noqa: E402

from faceswap_lib import UserError, __version__  # noqa: E402

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
Profile = Annotated[str, typer.Option(help="Size of the run: smoke, micro, demo or gpu.")]
UsageError = typer.BadParameter.__base__  # typer brings a click of its own and does not export this one
INTERRUPTED = 130  # what typer makes of Ctrl-C
PLAIN_EVERY = 5  # seconds between lines of progress where there is no terminal


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int | None, str], None]]:
    """A `progress` callback that shows a bar with an estimate on stderr, or plain lines where there is no terminal."""
    if not sys.stderr.isatty():
        yield _plain(title)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("left"),
               TimeRemainingColumn(), TextColumn("{task.fields[note]}"))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None, note="")
        yield lambda done, total, note="": bar.update(task, completed=done, total=total, note=note)


def _plain(title: str) -> Callable[[int, int | None, str], None]:
    start = last = time.monotonic()

    def show(done: int, total: int | None, note: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < PLAIN_EVERY and done != total:
            return
        last = now
        left = f", about {(now - start) * (total - done) / done:.0f} s left" if total and 0 < done < total else ""
        share = f"{100 * done / total:.0f} %" if total else str(done)
        print(f"{title}: {share} after {now - start:.0f} s{left} {note}", file=sys.stderr, flush=True)

    return show


@app.command()
def extract(
    video: Annotated[Path, typer.Argument(help="The video to take faces from.")],
    faces: Annotated[Path, typer.Option(help="Folder for the faceset; made, or replaced when complete.")],
    profile: Profile = "demo",
    person: Annotated[int | None, typer.Option(help="Which person, 0 = seen most (the default).")] = None,
    min_sharpness: Annotated[float, typer.Option(help="Leave out below this share of the median.")] = 0.25,
    min_size: Annotated[float, typer.Option(help="Leave out eyes fewer pixels apart.")] = 24,
    max_yaw: Annotated[float, typer.Option(help="Leave out faces turned further, degrees.")] = 60,
) -> None:
    """Take the faces out of a video. Example: extract clip_a.mp4 --faces faces/a"""
    from faceswap_lib import extract as lab

    with progress_bar(f"Extracting from {video.name}") as progress:
        r = lab.extract(video, faces, profile, person, min_sharpness, min_size, max_yaw, progress)
    rest = ", ".join(f"{n} {reason}" for reason, n in r.left_out.items())
    print(f"{r.faces} faces in {r.frames} frames, {r.kept} to train on, {r.people} people seen"
          + (f"; left out: {rest}" if rest else "") + f". Look at {r.folder / 'contact_sheet.jpg'}.")  # fmt: skip


@app.command()
def train(
    faces_a: Annotated[Path, typer.Argument(help="Faceset of the person who is replaced.")],
    faces_b: Annotated[Path, typer.Argument(help="Faceset of the person who is put in.")],
    model: Annotated[Path, typer.Option(help="Folder for the model.")],
    profile: Profile = "demo",
    minutes: Annotated[float | None, typer.Option(help="Stop after so many minutes.")] = None,
    iterations: Annotated[int | None, typer.Option(help="Stop at so many steps, earlier sessions included.")] = None,
    plateau: Annotated[int | None, typer.Option(help="Stop after so many checks without progress.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with the model that is there.")] = False,
    alignment: Annotated[str, typer.Option(help="mesh, or similarity as the known tools do.")] = "mesh",
    gan: Annotated[bool, typer.Option(help="Let the discriminator play.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
) -> None:
    """Train on two facesets. Example: train faces/a faces/b --model model --minutes 10"""
    from faceswap_lib import train as lab

    with progress_bar("Training") as progress:
        r = lab.train(faces_a, faces_b, model, profile, minutes, iterations, plateau, resume, alignment, gan, seed,
                      progress)  # fmt: skip
    held = r.history[-1]
    print(f"{r.iterations} iterations, {r.egs:.0f} EGs/s, stopped by {r.stopped}; held-out loss "
          f"A {held['held_a']:.3f} B {held['held_b']:.3f}. Look at {r.model / 'previews'}.")  # fmt: skip


@app.command()
def convert(
    video: Annotated[Path, typer.Argument(help="The video whose face is replaced.")],
    faces: Annotated[Path, typer.Option(help="The faceset of this video.")],
    model: Annotated[Path, typer.Option(help="The trained model's folder.")],
    out: Annotated[Path, typer.Option(help="The new video: .mp4, .mkv or .mov.")],
    color: Annotated[str, typer.Option(help="Colour match: light, mean, histogram or none.")] = "light",
    to: Annotated[str, typer.Option(help="Whose face is put in: b, or a for the other direction.")] = "b",
    untrained: Annotated[bool, typer.Option(help="Draw the mean texture: no training.")] = False,
) -> None:
    """Swap the face in a video and label it. Example: convert a.mp4 --faces faces/a --model model --out s.mp4"""
    from faceswap_lib import convert as lab

    with progress_bar(f"Converting {video.name}") as progress:
        r = lab.convert(video, faces, model, out, color, to, untrained, progress=progress)
    print(f"{r.out}: {r.frames} frames, a face swapped in {r.swapped}, labelled as synthetic.")


@app.command()
def evaluate(
    swapped: Annotated[Path, typer.Argument(help="The swapped video.")],
    source: Annotated[Path, typer.Option(help="The video before the swap.")],
    faces_b: Annotated[Path, typer.Option(help="Faceset of the person who was put in.")],
    report: Annotated[Path, typer.Option(help="Folder for report.json and report.html.")],
    faces_a: Annotated[Path | None, typer.Option(help="The source's faceset: makes references to beat.")] = None,
    model: Annotated[Path | None, typer.Option(help="The model: judges faces kept from training, says when to stop.")]
    = None,
    truth: Annotated[Path | None, typer.Option(help="The ideal swap, where there is one.")] = None,
    truth_mask: Annotated[Path | None, typer.Option(help="Where the ideal counts.")] = None,
    against: Annotated[Path | None, typer.Option(help="Another report.json, to compare with.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the intervals.")] = 0,
    every: Annotated[int, typer.Option(help="Score every n-th frame.", min=1)] = 4,
) -> None:
    """Measure a swap. Example: evaluate s.mp4 --source a.mp4 --faces-a faces/a --faces-b faces/b --report ."""
    from faceswap_lib import evaluate as lab
    from faceswap_lib import report as paper

    other = paper.read(against) if against else None
    with progress_bar("Measuring") as progress:
        r = lab.evaluate(swapped, source, faces_b, report, truth, truth_mask, faces_a, model, None, seed, every,
                         progress=progress)  # fmt: skip
    print(paper.table(r))
    print(*(line for line in r["verdicts"] if line.startswith(("Poses", "Training"))), paper.summarise(r), sep="\n")
    if other:
        print(f"\nAgainst {against}:\n{paper.compared(r, other)}")
    print(f"To read and to send around: {report / 'report.html'}")


@app.command()
def check() -> None:
    """What this machine can do: OK, WARN or FAIL, each with its remedy."""
    from rich.console import Console
    from rich.table import Table

    from faceswap_lib import gpu

    rows, table = gpu.check(), Table("", "what", "found", "remedy")
    for row in rows:
        table.add_row(row.verdict, row.what, row.found, row.remedy)
    Console().print(table)
    raise typer.Exit(2 if any(row.verdict == "FAIL" for row in rows) else 0)


@app.command()
def workshop(
    workdir: Annotated[Path, typer.Option(help="Folder for everything the run makes.")] = Path("workdir"),
    profile: Annotated[str | None, typer.Option(help="Size of the run; default: what this machine can do.")] = None,
    video_a: Annotated[Path | None, typer.Option(help="Whose face is replaced; default: the built-in A.")] = None,
    video_b: Annotated[Path | None, typer.Option(help="Whose face is put in; default: the built-in B.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A notebook's parameter NAME=VALUE.")] = None,
) -> None:
    """Run all notebooks in order, headless. Example: workshop --profile demo --workdir workdir"""
    from faceswap_lib import workshop as lab

    if profile is None:
        from faceswap_lib import gpu

        if failed := [row for row in gpu.check() if row.verdict == "FAIL"]:
            raise UserError(f"This machine fails the check of {failed[0].what} ({failed[0].found}). {failed[0].remedy}")
        profile = gpu.suggest_profile()
        print(f"Profile {profile}: what this machine can do; --profile chooses another.", file=sys.stderr)
    extra = lab.parse_settings(set_ or [])
    r = lab.workshop(workdir, profile, video_a, video_b, seed, say=lambda line: print(line, flush=True), **extra)
    print(f"\n{lab.closing(r)}")


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Say the version and stop.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit()


def _hush_libraries() -> None:
    """Python keeps stderr; what MediaPipe and TensorFlow write past it, and there is no switch for, is dropped."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="replace")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    os.close(quiet)


def main() -> int:
    """Run the command line; returns the exit status."""
    _hush_libraries()
    try:
        status = app(standalone_mode=False) or 0
    except UserError as error:
        return _say(f"Error: {error}")
    except UsageError as error:
        return _say(f"Error: {error.format_message().rstrip('.')}; see --help.")
    except ImportError as error:  # Ctrl-C while a compiled module loads arrives as this
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        status = INTERRUPTED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return _say("Error: the disk is full; free some space and run the command again.")
    if status == INTERRUPTED:
        _say("Stopped. What was complete is kept; a training goes on with --resume.")
    return status


def _say(sentence: str) -> int:
    print(" ".join(sentence.split()), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
