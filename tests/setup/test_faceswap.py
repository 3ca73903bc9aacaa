"""setup/faceswap.sh on made-up machines: what it needs is said, what it installs is pinned, twice changes nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "setup" / "faceswap.sh"
TOOLS = "awk bash cat cp dirname env find git grep head mkdir printf rm sed tail tr".split()
PYTHON = """case "$*" in
    *"import sys, cv2"*) [[ -e $here/broken ]] && { echo "no cv2" >&2; exit 1; }; echo warning; echo 2.12.1 ;;
    *"import sys"*) [[ $* == *tkinter* && -e $here/no_tk ]] && exit 1; [[ -e $here/old ]] && exit 1
        echo $here/python3.11 ;;
    "-m venv "*) mkdir -p "$3/bin" && cp "$here/python3.11" "$3/bin/python" ;;
    "-m pip install "*) echo "$*" >>$here/installs; [[ -e $here/offline ]] && { echo "no index"; exit 1; }; true ;;
    esac"""


class Machine:
    """A PATH that holds only what a test puts there, and a stand-in for the program's own repository."""

    def __init__(self, folder: Path):
        self.bin, self.source, self.target = folder / "bin", folder / "source", folder / "the app"
        for made in (self.bin, self.source / "requirements"):
            made.mkdir(parents=True)
        for name in TOOLS:
            (self.bin / name).symlink_to(shutil.which(name))
        self.tool("df", "echo Header; echo disk 1 1 90000 1% /")
        self.tool("python3.11", PYTHON)
        for kind in ("cpu", "nvidia_11", "nvidia_12", "nvidia_13"):
            (self.source / "requirements" / f"requirements_{kind}.txt").write_text("torch\n")
        (self.source / "faceswap.py").write_text("")
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "the program")
        self.commit = self.git("rev-parse", "HEAD").strip()
        self.script = folder / "faceswap.sh"
        self.script.write_text(re.sub(r"commit=\w{40}", f"commit={self.commit}", SCRIPT.read_text()))

    def git(self, *words: str) -> str:
        """What git says in the stand-in."""
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words]
        return subprocess.run(command, cwd=self.source, capture_output=True, text=True, check=True).stdout

    def tool(self, name: str, script: str) -> None:
        """A command of this machine."""
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(f"#!{shutil.which('bash')}\nhere={self.bin}\n{script}\n")
        (self.bin / name).chmod(0o755)

    def run(self, *options: str, status: int = 0) -> str:
        """What the script says last, when it ends as it should."""
        environment = {"PATH": str(self.bin), "HOME": str(self.bin.parent), "FACESWAP_SOURCE": str(self.source)}
        command = [shutil.which("bash"), str(self.script), *options]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == status, done.stdout + done.stderr
        return (done.stdout + done.stderr).strip().splitlines()[-1]

    @property
    def installs(self) -> list[str]:
        """Every call of the installer."""
        path = self.bin / "installs"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_it_is_installed_once_at_the_pinned_commit(machine):
    machine.git("commit", "-q", "--allow-empty", "-m", "a newer one")
    assert "is not installed" not in machine.run("cpu", str(machine.target))
    assert "requirements_cpu.txt" in machine.installs[0]
    noted = (machine.target / "installed").read_text().splitlines()
    assert noted == [f"commit {machine.commit}", "backend cpu", "torch 2.12.1"]
    head = subprocess.check_output(["git", "-C", str(machine.target / "app"), "rev-parse", "HEAD"], text=True)
    assert head.strip() == machine.commit
    assert machine.run("cpu", str(machine.target)).startswith("Faceswap is ready in")
    assert machine.run("--check", "cpu", str(machine.target)).startswith("Faceswap is ready in")
    assert len(machine.installs) == 1


@pytest.mark.parametrize(("capability", "kind"), [("8.6", "13"), ("7.5", "13"), ("6.0", "12"), ("3.7", "11")])
def test_the_card_says_which_cuda(machine, capability, kind):
    machine.tool("nvidia-smi", f"echo {capability}")
    machine.run(str(machine.target))
    assert f"requirements_nvidia_{kind}.txt" in machine.installs[0]
    assert "backend nvidia" in (machine.target / "installed").read_text()


@pytest.mark.parametrize(
    ("damage", "words"),
    [("old", "No Python 3.11, 3.12 or 3.13"), ("no_tk", "lacks venv or tkinter"), ("git", "git is not there"),
     ("disk", "has 500 MB left and Faceswap needs 3000"), ("else", "holds other things")],
)  # fmt: skip
def test_what_is_missing_is_one_sentence_and_nothing_is_begun(machine, damage, words):
    if damage in ("old", "no_tk"):
        (machine.bin / damage).touch()
    if damage == "git":
        (machine.bin / "git").unlink()
    if damage == "disk":
        machine.tool("df", "echo Header; echo disk 1 1 500 1% /")
    if damage == "else":
        machine.target.mkdir()
        (machine.target / "mine.txt").write_text("mine")
    before = sorted(machine.target.rglob("*"))
    assert words in machine.run("cpu", str(machine.target), status=2)
    assert sorted(machine.target.rglob("*")) == before and not machine.installs
    if damage != "else":
        assert words in machine.run("--check", "cpu", str(machine.target), status=1)


def test_what_fails_half_way_is_not_taken_for_complete(machine):
    (machine.bin / "offline").touch()
    assert "could not be installed" in machine.run("cpu", str(machine.target), status=1)
    assert not (machine.target / "installed").exists()
    (machine.bin / "offline").unlink()
    (machine.bin / "broken").touch()
    assert "does not start" in machine.run("cpu", str(machine.target), status=1)
    (machine.bin / "broken").unlink()
    assert "is ready" in machine.run("cpu", str(machine.target))
    (machine.source / ".git").rename(machine.source / "gone")
    (machine.target / "installed").unlink()
    assert "could not be fetched" in machine.run("cpu", str(machine.target), status=2)


def test_uv_brings_a_python_where_there_is_none(machine):
    (machine.bin / "old").touch()
    machine.tool(
        "uv",
        """echo "uv $*" >>$here/installs
        [[ $1 == venv ]] && mkdir -p "${!#}/bin" && cp "$here/python3.11" "${!#}/bin/python"; true""",
    )
    machine.run("cpu", str(machine.target))
    assert any(line.startswith("uv pip install") for line in machine.installs)


def test_the_library_knows_the_folder_that_the_script_fills(machine):
    from faceswap_lib.interop import application

    machine.run("cpu", str(machine.target))
    found = application.found(machine.target)
    assert found.installed == {"commit": machine.commit, "backend": "cpu", "torch": "2.12.1"}
    assert os.access(found.python, os.X_OK) and sys.platform != "win32"
