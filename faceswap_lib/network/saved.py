"""The files of a model folder: weights and record of the newest checkpoint, those of the one before, older models.

`model.safetensors` holds numbers and nothing that could run; `model.json` is the record, with a checksum of itself, of
its weights and of both mean textures. `previous.*` is the checkpoint before. However a process ends, one of the two
pairs is whole.
"""

import json
import os
import re
import shutil
from datetime import datetime
from pathlib import Path

from faceswap_lib import UserError, files, strangers
from faceswap_lib.face.faceset import NOBODYS
from faceswap_lib.network import claims
from faceswap_lib.progress import note

LARGEST = 1 << 32  # bytes of a file of weights, ten times those of the largest profile: more is not even read
KEPT = 3  # older models beside a new one
NEWEST, BEFORE = "model", "previous"
MEANS = {"mean_a": "mean_a.png", "mean_b": "mean_b.png"}
KINDS = ("json", "safetensors")
OWN = {f"{stem}.{kind}" for stem in (NEWEST, BEFORE) for kind in KINDS} | {*MEANS.values(), "previews"}


def write(folder: Path, record: dict, weights: bytes) -> None:
    """Put a checkpoint into a model folder; the newest whole one that is there becomes the one before. OSError."""
    before = _read(folder, NEWEST)
    with files.whole(folder / f"{NEWEST}.safetensors") as weights_part, files.whole(folder / f"{NEWEST}.json") as part:
        weights_part.write_bytes(weights)
        sums = {"weights": files.sha256(weights_part)} | {k: files.sha256(folder / name) for k, name in MEANS.items()}
        part.write_text(json.dumps(files.sealed(record | {"sha256": sums})), encoding="utf-8")
        if before:
            for kind in KINDS:
                _keep(folder / f"{NEWEST}.{kind}", folder / f"{BEFORE}.{kind}")


def newest(folder: str | Path) -> tuple[dict, Path]:
    """The record of the newest whole checkpoint and the file of its weights; UserError where there is none.

    Says so on stderr where that is not the last one that was written.
    """
    folder = files.check_name(folder)
    if not any((folder / f"{stem}.json").is_file() for stem in (NEWEST, BEFORE)):
        raise UserError(f"{folder} holds no trained model; train one with `train FACES_A FACES_B --model {folder}`.")
    for stem in (NEWEST, BEFORE):
        if record := _read(folder, stem):
            if stem == BEFORE:
                at = record.get("iteration")
                note(f"The last checkpoint in {folder} is not whole; the one before it is used, of iteration {at}.")
            return record, folder / f"{stem}.safetensors"
    if (folder / f"{NEWEST}.weights.h5").exists():
        raise UserError(f"The model in {folder} is of an earlier version of this kit; train it again.")
    raise UserError(f"The model in {folder} is damaged; put it back from a copy, or train again.")


def _read(folder: Path, stem: str) -> dict | None:
    """The record of one checkpoint; None where it, its weights or a mean texture are not as they were written."""
    try:
        record = files.unsealed(strangers.parsed(folder / f"{stem}.json", claims.MOST))
        for key, name in {"weights": f"{stem}.safetensors", **MEANS}.items():
            path = folder / name
            if not path.is_file() or path.stat().st_size > LARGEST or record["sha256"][key] != files.sha256(path):
                return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record


def _keep(file: Path, as_name: Path) -> None:
    """Let a second name stand for a file, at once and whole; a copy where the system has no second names."""
    part = files.aside(as_name, "part")
    part.unlink(missing_ok=True)
    try:
        os.link(file, part)
    except OSError:
        shutil.copyfile(file, part)
    os.replace(part, as_name)
    part.unlink(missing_ok=True)  # renamed onto another name of the same file, a name stays


def clear(folder: Path) -> None:
    """Take away what a killed training has left half-written in a model folder that nobody else works in."""
    for part in folder.rglob(files.aside(Path("*"), "part").name):
        part.unlink(missing_ok=True)


def move_aside(folder: Path) -> None:
    """Make room for a new model: one that is there becomes `FOLDER-DATE-TIME`; the last KEPT of these are kept.

    Raises UserError: a file, the folder one is in, a folder of other things, one that cannot be made.
    """
    if folder.is_file():
        raise UserError(f"{folder} is a file; give a folder for the model.")
    if folder.resolve() == Path.cwd():
        raise UserError("The model needs a folder of its own, not the one you are in; give another with --model.")
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if f"{NEWEST}.json" not in names and names - OWN - NOBODYS:
        raise UserError(f"{folder} holds other things than a model; give an empty or a new folder for the model.")
    try:
        if f"{NEWEST}.json" in names:
            folder.rename(_dated(folder))
            _tidy_up(folder)
        folder.mkdir(parents=True, exist_ok=True)
        files.try_out(folder)
    except OSError as error:
        raise UserError(f"{folder} cannot be made ({error.strerror}); choose another folder for the model.") from error


def _dated(folder: Path) -> Path:
    """Where the model in a folder goes: behind all that went aside in the same second."""
    when = datetime.now().strftime("%Y%m%d-%H%M%S")
    last = max((n for at, n, _ in _older(folder) if at == when), default=0)
    return folder.with_name(f"{folder.name}-{when}" + (f"-{last + 1}" if last else ""))


def _tidy_up(folder: Path) -> None:
    """Older models than the last KEPT go, but only folders with a model and nothing else in them."""
    for *_, path in [each for each in _older(folder) if (each[2] / f"{NEWEST}.json").is_file()][:-KEPT]:
        if {each.name for each in path.iterdir()} <= OWN | NOBODYS:
            shutil.rmtree(path)


def _older(folder: Path) -> list[tuple[str, int, Path]]:
    """What bears a folder's name and a date: when, which one of that second, where; in order of time."""
    dated = re.compile(re.escape(folder.name) + r"-(\d{8}-\d{6})(?:-(\d+))?")
    found = ((dated.fullmatch(path.name), path) for path in folder.parent.iterdir())
    return sorted((match[1], int(match[2] or 1), path) for match, path in found if match)
