"""The whole command line: every verb is the library's function of the same name with its options."""

from typing import Annotated

import typer

from faceswap_lib import __version__
from faceswap_lib.cli import courses, exchange, judging, machines, marks, swaps

ABOUT = """A face-swap workshop: make a deepfake, measure it, label it.

Exit status: 0 success, 2 a user's error with one sentence on stderr, 1 our bug, 130 interrupted.
"""
VERBS = (
    swaps.extract,
    swaps.train,
    swaps.convert,
    swaps.evaluate,
    swaps.selfswap,
    marks.inspect,
    judging.detect,
    exchange.export_faceswap,
    exchange.import_faceswap,
    machines.check,
    machines.provision,
    courses.workshop,
    courses.class_,
    courses.bench,
)
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=ABOUT)
for verb in VERBS:  # in the order of --help
    app.command(verb.__name__.rstrip("_").replace("_", "-"))(verb)
app.add_typer(marks.consent, name="consent")


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Say the version and stop.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit()
