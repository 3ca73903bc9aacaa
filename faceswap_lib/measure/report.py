"""report.json: written whole or not at all, read back, put into a table, a sentence, or beside another one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from faceswap_lib import UserError, strangers
from faceswap_lib.face.records import Number, Words
from faceswap_lib.files import SEAL, check_name, sealed, try_out, unsealed, whole
from faceswap_lib.measure.figures import FIGURES

MOST = 1 << 28  # bytes of report.json: every frame of two hours
KEYS = {"figures", "run", "verdicts", "frames"}
MARKS = {"report.json": '"figures"', "report.html": "<title>How good is the swap?</title>"}  # what ours hold


class Judged(BaseModel):
    """A figure as report.json has it: a value with its interval, beside its references."""

    model_config = ConfigDict(allow_inf_nan=False)
    value: Number
    low: Number
    high: Number
    n: Annotated[int, Field(ge=0, le=10**9)]
    better: Literal["higher", "lower"]
    reference: Annotated[dict[Words, Number | None], Field(max_length=100)]

    @model_validator(mode="after")
    def _ordered(self) -> "Judged":
        if self.low > self.high:
            raise ValueError("its interval is the wrong way round")
        return self


class Made(BaseModel):
    """How a report was made, so far as two reports are compared by it."""

    data: Annotated[dict[Words, Words], Field(max_length=100)]


class Report(BaseModel):
    """What is read of a report.json."""

    figures: Annotated[dict[Words, Judged], Field(max_length=1000)]
    run: Made


def reserve(folder: str | Path) -> None:
    """See that a report can be written into a folder, before the work; UserError when it cannot."""
    check_name(folder)
    for name, mark in MARKS.items():
        path = Path(folder) / name
        with _blamed(folder, name):
            if path.exists():
                with path.open("rb") as file:
                    if mark.encode() not in file.read(1 << 16):
                        raise UserError(f"{path} is no report of this kit and would be lost; give another folder.")
    with _blamed(folder, "report.json"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        try_out(Path(folder))


def save(folder: str | Path, report: dict, page: str) -> dict:
    """Write report.json and report.html; returns the report. Values by frame stand on a line for each row."""
    head = json.dumps(
        {k: v for k, v in sealed(report).items() if k != "frames"}, indent=1, ensure_ascii=False, allow_nan=False
    )
    rows = [f"  {json.dumps(label)}: {json.dumps(row, allow_nan=False)}" for label, row in report["frames"].items()]
    text = head[:-2] + ',\n "frames": {\n' + ",\n".join(rows) + "\n }\n}\n"
    for name, content in (("report.html", page), ("report.json", text)):
        with _blamed(folder, name), whole(Path(folder) / name) as part:
            part.write_text(content, encoding="utf-8")
    return report


@contextmanager
def _blamed(folder: str | Path, name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{Path(folder) / name} cannot be written ({error.strerror}); give another folder for the report."
        ) from error


def read(path: str | Path) -> dict:
    """A report.json, or the one in a folder; UserError when there is none or it is damaged."""
    path = Path(path) / "report.json" if Path(path).is_dir() else Path(path)
    if not path.is_file():
        raise UserError(f"There is no report {path}; make one with `evaluate … --report DIR`.")
    try:
        report = strangers.parsed(path, MOST)
        Report.model_validate(report)
        if SEAL in report or not report.keys() <= KEYS:  # those of earlier versions had none
            report = unsealed(report)
    except (OSError, ValueError) as error:
        why = strangers.why(error)
        raise UserError(f"{path} is damaged or no report of this kit ({why}); evaluate again.") from error
    figures = {
        name: figure for name, figure in report["figures"].items() if name in FIGURES
    }  # others are of other kits
    return report | {"figures": figures}


def labels(report: dict) -> list[str]:
    """The references that a report has, in order."""
    return list(dict.fromkeys(label for figure in report["figures"].values() for label in figure["reference"]))


def shown(name: str, value: float | None) -> str:
    """A figure's value as people read it; "" for None."""
    return "" if value is None else format(value, FIGURES[name].form)


def table(report: dict) -> str:
    """The figures as plain text: a line for each, the swap, half its interval, and its references."""
    names = labels(report)
    lines = [["", "swap", "±", *names, "better"]]
    for name, f in report["figures"].items():
        others = (shown(name, f["reference"].get(label)) for label in names)
        lines.append([name, shown(name, f["value"]), shown(name, (f["high"] - f["low"]) / 2), *others, f["better"]])
    return aligned(lines)


def aligned(lines: list[list[str]]) -> str:
    """Lines of words as columns, the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines)


def summarise(report: dict) -> str:
    """The main figures in a sentence."""
    told = {name: shown(name, figure["value"]) for name, figure in report["figures"].items()}
    main = ", ".join(f"{name} {told[name]}" for name in ("identity", "to_ideal", "ssim", "sharpness") if name in told)
    return f"{told['coverage']} of A's frames swapped, {told['share_nearer_b']} nearer to B than to A: {main}."


def compare(report: dict, other: dict) -> list[dict]:
    """Two reports figure by figure: here, there, their difference, its 95 % interval's half, and a verdict.

    The interval treats the two as independent (half-widths added in squares): that leaves room for what another seed
    would have changed, which pairing their frames would not. A difference within it is called noise.
    """
    rows = []
    for name, here in report["figures"].items():
        if (there := other["figures"].get(name)) is None:
            continue
        difference = here["value"] - there["value"]
        noise = float(np.hypot(*((f["high"] - f["low"]) / 2 for f in (here, there))))
        verdict = "within noise"
        if abs(difference) > noise:
            verdict = "better" if (difference > 0) == (here["better"] == "higher") else "worse"
        rows.append(
            {
                "figure": name,
                "here": here["value"],
                "there": there["value"],
                "difference": round(difference, 4),
                "noise": round(noise, 4),
                "verdict": verdict,
            }
        )
    return rows


def compared(report: dict, other: dict) -> str:
    """`compare` as text, with a warning first when the two did not measure the same clips."""
    lines = [["", "here", "there", "difference", "± noise", "verdict"]]
    for row in compare(report, other):
        values = (shown(row["figure"], row[key]) for key in ("here", "there", "difference", "noise"))
        lines.append([row["figure"], *values, row["verdict"]])
    mine, theirs = (r["run"]["data"] for r in (report, other))
    differ = [label for label in ("source", "ideal", "mask", "faces_b") if mine.get(label) != theirs.get(label)]
    warning = f"Not the same {', '.join(differ)} in both: read the differences with care.\n" if differ else ""
    return warning + aligned(lines)
