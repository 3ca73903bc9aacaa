"""The learner's own copy of the notebooks, brought up to date: `python setup/workbook.py FROM TO`.

Whatever runs and is saved is the copy, so the kit's notebooks stay as git has them. A notebook of the copy that only
ran is replaced when the kit has a newer one (it moves to `earlier/`); one that was edited stays, and the newer one is
put beside it as NAME-new. To begin one afresh, delete it and start JupyterLab again. Nothing but Python is needed.
"""

import hashlib
import json
import os
import shutil
import sys
from itertools import count
from pathlib import Path

LIST = ".kit.json"  # of each file in the copy, what the kit's looked like when it was put there
AWAY = {".ipynb_checkpoints", "__pycache__"}


def renew(kit: Path, copy: Path) -> list[str]:
    """Bring the copy up to date; returns a sentence for each file that needs a word."""
    copy.mkdir(parents=True, exist_ok=True)
    known, told = _known(copy), []
    for path in sorted(path for path in kit.rglob("*") if path.is_file() and not AWAY & set(path.parts)):
        name = path.relative_to(kit)
        mine, theirs, was = copy / name, look(path), known.get(str(name))
        if not mine.is_file():
            _put(path, mine)
        elif was is None and look(mine) != theirs:  # nobody knows where it is from
            told += _beside(path, mine)
        elif was not in (None, theirs):
            told += _replace(path, mine, copy / "earlier" / name) if look(mine) == was else _beside(path, mine)
        known[str(name)] = theirs
    part = copy / f"{LIST}.part"
    part.write_text(json.dumps(known, indent=1), encoding="utf-8")
    os.replace(part, copy / LIST)
    return told


def look(path: Path) -> str:
    """What a file says, as a checksum; of a notebook only what its cells hold, not what came out of them."""
    data = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = json.loads(data)["cells"]
            data = json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in cells]).encode()
        except (ValueError, KeyError, TypeError):
            pass
    return hashlib.sha256(data).hexdigest()


def _known(copy: Path) -> dict[str, str]:
    try:
        found = json.loads((copy / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _put(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(f".part.{to.name}")
    shutil.copyfile(path, part)
    os.replace(part, to)


def _replace(path: Path, mine: Path, earlier: Path) -> list[str]:
    earlier.parent.mkdir(parents=True, exist_ok=True)
    os.replace(mine, earlier)
    _put(path, mine)
    return [f"{mine.name}: a newer one; as it ran, yours is in {earlier}."]


def _beside(path: Path, mine: Path) -> list[str]:
    names = (mine.with_name(f"{mine.stem}-new{number or ''}{mine.suffix}") for number in count())
    for new in names:  # one that is there may have been edited, too
        if not new.exists():
            _put(path, new)
            return [f"{mine.name}: you have edited it, so it stays; the newer one is {new}."]
        if new.is_file() and look(new) == look(path):
            return []
    raise AssertionError("numbers end nowhere")


def main() -> int:
    """Run from the command line; 0, or 2 with a sentence."""
    if len(sys.argv) != 3 or not Path(sys.argv[1]).is_dir():
        print("Usage: python setup/workbook.py FROM TO", file=sys.stderr)
        return 2
    try:
        for sentence in renew(Path(sys.argv[1]), Path(sys.argv[2])):
            print(sentence)
    except OSError as error:
        print(f"{sys.argv[2]} cannot be written ({error.strerror}); free some space or its rights.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
