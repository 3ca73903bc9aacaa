"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

Profile = Annotated[str, typer.Option(help="Size of the run: smoke, micro, demo or gpu.")]
Dask = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Let a Dask cluster work, by its scheduler: tls://HOST:8786, keys and certificates by Dask's own "
        "configuration. Its workers need this kit, and the same files under the same paths.",
    ),
]
Workers = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Or work in so many processes here. The result is the same.")
]
Consent = Annotated[
    Path | None,
    typer.Option(help="The record of what they agreed to (`consent new`); for all but the built-in people."),
]
