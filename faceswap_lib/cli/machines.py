"""The verbs over machines: check this one, provision those of a class."""

from pathlib import Path
from typing import Annotated

import typer

from faceswap_lib.progress import print_rows, print_table


def check() -> None:
    """What this machine can do: OK, WARN or FAIL, each with its remedy."""
    from faceswap_lib import gpu

    rows = gpu.check()
    print_rows(rows)
    raise typer.Exit(2 if any(row.verdict == "FAIL" for row in rows) else 0)


def provision(
    shape: Annotated[str, typer.Option(help="Which VM; see lab 1 for the six that are known.")] = "VM.GPU.A10.1",
    learners: Annotated[int, typer.Option(help="How many VMs, one per learner.")] = 1,
    hours: Annotated[float, typer.Option(help="How long the class takes.")] = 2.0,
    ssh_key: Annotated[str, typer.Option(help="Your public key.")] = "~/.ssh/id_ed25519.pub",
    config: Annotated[Path | None, typer.Option(help="The OCI config file; default: ~/.oci/config.")] = None,
) -> None:
    """Whether your Oracle Cloud account can give a class its VMs, and at what price. Nothing is created."""
    from faceswap_lib import provision as lab
    from faceswap_lib.cloud import bill

    plan = lab.provision(shape, learners, hours, ssh_key, config)
    print_rows(plan.rows)
    print_table(bill.shown(plan.costs, learners))
    print("\nReady to copy:\n" + "\n".join(lab.commands(plan)))
    raise typer.Exit(2 if any(row.verdict == "FAIL" for row in plan.rows) else 0)
