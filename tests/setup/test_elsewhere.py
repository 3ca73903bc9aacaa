"""The ways onto Binder and Colab: their scripts do what they say, with the installer and the workshop stood in for."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[2]
BINDER = ROOT / ".binder"
COLAB = ROOT / "setup/colab/workshop.ipynb"


def kit(folder: Path) -> Path:
    """A clone in which env.sh has made .venv, out of this Python, and the workshop writes what a workshop writes."""
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / "setup").mkdir()
    (folder / "setup/env.sh").write_text('echo "Environment ready: FACESWAP_GPU=${FACESWAP_GPU:-}"\n')
    made = (
        '[ "$2" = faceswap_lib ] && mkdir -p workdir/notebooks && echo "$*" && echo "<b>a lab</b>" > workdir/notebooks/'
    )
    stand_in = f'{made}03_extract.html && printf video > workdir/swapped.mp4 && exit 0\nexec "{sys.executable}" "$@"\n'
    (folder / ".venv/bin/python").write_text(f"#!/bin/sh\n{stand_in}")
    (folder / ".venv/bin/python").chmod(0o755)
    return folder


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_binders_scripts_are_sound_and_can_be_run(name):
    assert os.access(BINDER / name, os.X_OK)
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if not shellcheck:
        pytest.skip("ShellCheck has no wheel for this machine")
    done = subprocess.run([shellcheck, BINDER / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_binders_kernel_is_the_locks_environment(tmp_path):
    root = kit(tmp_path / "clone")
    shutil.copytree(BINDER, root / ".binder")
    prefix = {"NB_PYTHON_PREFIX": str(tmp_path / "prefix")}
    done = subprocess.run(["bash", root / ".binder/postBuild"], env=os.environ | prefix, capture_output=True, text=True)
    assert done.returncode == 0 and "FACESWAP_GPU=0" in done.stdout, done.stderr
    kernel = json.loads((tmp_path / "prefix/share/jupyter/kernels/python3/kernel.json").read_text())
    assert kernel["display_name"] == "Face-swap workshop" and kernel["argv"][0] == sys.executable


def test_binder_starts_with_the_lessons_settings(tmp_path):
    show = ["bash", "-c", 'echo "$JUPYTER_CONFIG_PATH" "$1"', "x", "server"]
    done = subprocess.run([BINDER / "start", *show], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0].startswith(f"{tmp_path}/setup/jupyter") and done.stdout.split()[1] == "server"


def test_binders_widgets_speak_with_those_of_the_lock():
    (pip,) = (entry["pip"] for entry in yaml.safe_load((BINDER / "environment.yml").read_text())["dependencies"][-1:])
    lock = (ROOT / "setup/requirements.lock").read_text()
    assert len(pip) == 2 and all(re.search(rf"^{re.escape(pin)} ", lock, re.M) for pin in pip)


def test_colabs_notebook_runs_the_workshop_in_its_own_environment(tmp_path):
    root = kit(tmp_path / "clone")
    book, said = nbformat.read(COLAB, 4), []
    nbformat.validate(book)
    known = {"print": lambda text: said.append(text)}
    for cell in (cell for cell in book.cells if cell.cell_type == "code"):
        assert not cell.outputs and len(cell.source.splitlines()) <= 12
        exec(cell.source, known)
        if "parameters" in cell.metadata.get("tags", ()):
            known["folder"] = str(root)
    assert "Environment ready" in said[0] and f"workshop --profile demo --workdir {root}/workdir" in said[1]
    assert known["clips"] == [root / "workdir/swapped.mp4"] and known["page"].name == "03_extract.html"
