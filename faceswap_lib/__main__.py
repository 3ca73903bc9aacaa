"""The face-swap workshop: extract faces, train, convert a video, measure it, or run all labs in one go.

Each verb does what the lab of its name does. Exit status: 0 done, 2 a mistake you can mend, said in one sentence,
130 stopped with Ctrl-C, 1 a bug of ours.
"""

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greetings would bury our one sentence
os.environ.setdefault("GLOG_minloglevel", "3")  # and so would MediaPipe's

import typer  # noqa: E402

from faceswap_lib import UserError, __version__  # noqa: E402
from faceswap_lib.console import lab_lines, progress_bar  # noqa: E402

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
Profile = Annotated[str, typer.Option(help="Size of the run: smoke, micro, demo or gpu.")]
Seed = Annotated[int, typer.Option(help="Seed of all random numbers.", min=0, max=2**32 - 1)]
UsageError = typer.BadParameter.__base__  # typer brings its own copy of click and does not show this one
PROGRAM = "python -m faceswap_lib"
FULL = (errno.ENOSPC, errno.EDQUOT)
KEPT = {
    "train": "a model that was already saved is kept, and the same command with --resume goes on with it",
    "workshop": "the labs that were done are kept in the workdir, and --only runs single ones",
}


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
    """Take the faces out of a video.

    Example: python -m faceswap_lib extract clip_a.mp4 --faces faces/a
    """
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
    plateau: Annotated[int | None, typer.Option(help="Stop after so many checks without progress.", min=1)] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the model that is there.")] = False,
    alignment: Annotated[str, typer.Option(help="mesh, or similarity as the known tools do.")] = "mesh",
    gan: Annotated[bool, typer.Option(help="Let the discriminator play.")] = True,
    seed: Seed = 0,
) -> None:
    """Train on two facesets.

    Example: python -m faceswap_lib train faces/a faces/b --model model --minutes 10
    """
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
    untrained: Annotated[bool, typer.Option("--untrained", help="Draw the mean texture: no training.")] = False,
    profile: Annotated[str | None, typer.Option(help="Refuse a model of another profile than this.")] = None,
) -> None:
    """Swap the face in a video and label it; sound and time stamps stay.

    Example: python -m faceswap_lib convert clip_a.mp4 --faces faces/a --model model --out swapped.mp4
    """
    from faceswap_lib import convert as lab

    with progress_bar(f"Converting {video.name}") as progress:
        r = lab.convert(video, faces, model, out, color, to, untrained, profile, progress)
    print(f"{r.out}: {r.frames} frames, a face swapped in {r.swapped}, labelled as synthetic.")


@app.command()
def evaluate(
    swapped: Annotated[Path, typer.Argument(help="The swapped video.")],
    source: Annotated[Path, typer.Option(help="The video before the swap.")],
    faces_b: Annotated[Path, typer.Option(help="Faceset of the person who was put in.")],
    report: Annotated[Path, typer.Option(help="Folder for report.json.")],
    truth: Annotated[Path | None, typer.Option(help="The ideal swap, where there is one.")] = None,
    truth_mask: Annotated[Path | None, typer.Option(help="Where the ideal counts.")] = None,
    seed: Seed = 0,
    every: Annotated[int, typer.Option(help="Score every n-th frame.", min=1)] = 4,
) -> None:
    """Measure a swap: figures with intervals, beside references.

    Example: python -m faceswap_lib evaluate swapped.mp4 --source clip_a.mp4 --faces-b faces/b --report .
    """
    from faceswap_lib import evaluate as lab

    with progress_bar("Measuring") as progress:
        r = lab.evaluate(swapped, source, faces_b, report, truth, truth_mask, None, seed, every, progress=progress)
    print(f"{lab.table(r)}\n{lab.summarise(r)}\nAll of it: {report / 'report.json'}")


@app.command()
def check(
    workdir: Annotated[Path, typer.Option(help="Where the work will be written.")] = Path("."),
) -> None:
    """What this machine can do: OK, WARN or FAIL, each with its remedy; exit status 2 with a FAIL.

    Example: python -m faceswap_lib check
    """
    from rich.console import Console
    from rich.table import Table

    from faceswap_lib import gpu

    rows, table = gpu.check(workdir), Table("", "what", "found", "remedy")
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
    seed: Seed = 0,
    only: Annotated[list[str] | None, typer.Option(help="Run this notebook alone, 03 for example; repeatable.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A notebook's own NAME=VALUE; repeatable.")] = None,
) -> None:
    """Run all notebooks in order, headless, and say how good the swap is.

    Example: python -m faceswap_lib workshop --profile demo --workdir workdir --set minutes=10
    """
    from faceswap_lib import workshop as lab

    extra = lab.parse_settings(set_ or [])
    profile = profile or _suggest(workdir)
    with lab_lines() as progress:
        r = lab.workshop(workdir, profile, video_a, video_b, seed, only, progress=progress, **extra)
    print(f"\n{lab.closing(r)}")


def _suggest(workdir: Path) -> str:
    """The profile that fits this machine, said out loud; what `check` fails is an error, never passed over."""
    from faceswap_lib import gpu

    machine = gpu.look(workdir)
    for row in gpu.judge(machine):
        if row.verdict == "FAIL":
            raise UserError(f"This machine fails the check of {row.what} ({row.found}): {row.remedy}")
    profile = gpu.suggest_profile(machine)
    print(f"Profile {profile}, after a look at this machine; --profile takes another.", flush=True)
    return profile


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Say the version and stop.")] = False,
) -> None:
    if version or context.invoked_subcommand is None:
        print(__version__ if version else context.get_help())
        raise typer.Exit()


def main(args: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    args = sys.argv[1:] if args is None else args
    try:
        status = app(args, prog_name=PROGRAM, standalone_mode=False) or 0
    except UserError as error:
        return _say(str(error))
    except UsageError as error:
        path = error.ctx.command_path if error.ctx else PROGRAM
        return _say(f"{error.format_message().rstrip('.')}; see `{path} --help`.")
    except OSError as error:
        if error.errno not in FULL:
            raise
        return _say("The disk is full; free some space and run the command again.")
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    if status == 130:
        verb = next((word for word in args if not word.startswith("-")), "")
        _say(f"Stopped; {KEPT.get(verb, 'nothing was written')}.")
    return status


def _say(sentence: str) -> int:
    print(f"{'' if sentence.startswith('Stopped') else 'Error: '}{' '.join(sentence.split())}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
