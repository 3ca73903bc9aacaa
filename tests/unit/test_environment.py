"""pyproject.toml, environment.yml, the lock and setup/*.sh say the same, and env.sh says what a machine lacks."""

import ast
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
LOCK = (ROOT / "setup/requirements.lock").read_text("utf-8")
PYTHONS = [f"3.{minor}" for minor in range(20) if f"3.{minor}" in SpecifierSet(PROJECT["project"]["requires-python"])]
NEEDED = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
FOR_TESTS = [Requirement(text) for text in PROJECT["project"]["optional-dependencies"]["dev"]]
LEFT_OUT = {canonicalize_name(Requirement(text).name) for text in PROJECT["tool"]["uv"]["override-dependencies"]}
PINS = map(Requirement, re.findall(r"^([a-z0-9].*?) \\$", LOCK, flags=re.MULTILINE))
LOCKED = {requirement.name: requirement for requirement in PINS}


def locked_version(name: str) -> str:
    """The version that the lock pins a package to."""
    (pin,) = LOCKED[canonicalize_name(name)].specifier
    assert pin.operator == "=="
    return pin.version


@cache
def owners() -> dict[str, set[str]]:
    """Which installed packages own each importable name, from their lists of files (top_level.txt is often wrong)."""
    found: dict[str, set[str]] = {}
    for package in metadata.distributions():
        name = canonicalize_name(package.metadata["Name"])
        for line in (package.read_text("RECORD") or "").splitlines():
            found.setdefault(re.split("[/.,]", line)[0], set()).add(name)
    return found


@pytest.mark.parametrize("needed", NEEDED + FOR_TESTS, ids=lambda needed: needed.name)
def test_lock_has_every_direct_dependency_within_its_range(needed):
    assert locked_version(needed.name) in needed.specifier
    for python in PYTHONS:
        here = {"python_version": python, "python_full_version": f"{python}.5", "sys_platform": "linux"}
        if needed.marker is None or needed.marker.evaluate(here):
            marker = LOCKED[canonicalize_name(needed.name)].marker
            assert marker is None or marker.evaluate(here), f"the lock leaves {needed.name} out on Python {python}"


def test_lock_pins_with_hashes_and_names_no_address():
    hashes = {}
    for number, line in enumerate(LOCK.splitlines(), 1):
        if re.fullmatch(r"[a-z0-9-]+==\S+( ; [^\\]+)? \\", line):
            name = line.split("==")[0]
            assert name not in hashes, f"{name} twice"
            hashes[name] = 0
        elif re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line):
            hashes[name] += 1
        else:
            assert re.fullmatch(r"\s*(#.*)?", line), f"line {number}: {line}"
    assert hashes.keys() == LOCKED.keys()
    assert [name for name, count in hashes.items() if count == 0] == []
    assert not re.search(r"://|index-url|find-links", LOCK)


def test_exactly_one_opencv():
    assert [name for name in LOCKED if name.startswith("opencv")] == ["opencv-python-headless"]
    assert owners()["cv2"] == {"opencv-python-headless"}


def test_installed_packages_are_those_of_the_lock_and_lack_nothing():
    """Walks from the direct dependencies through what is installed; only pyproject's overrides may be missing."""
    seen, todo = set(), [(requirement.name, ()) for requirement in NEEDED]
    while todo:
        name, extras = todo.pop()
        name = canonicalize_name(name)
        if (name, extras) in seen or name in LEFT_OUT:
            continue
        seen.add((name, extras))
        assert metadata.version(name) == locked_version(name), f"{name}: run bash setup/env.sh"
        for requirement in map(Requirement, metadata.requires(name) or []):
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in ("", *extras)):
                todo.append((requirement.name, tuple(sorted(requirement.extras))))
                known = LOCKED.get(canonicalize_name(requirement.name))
                if canonicalize_name(requirement.name) not in LEFT_OUT:
                    assert known and locked_version(known.name) in requirement.specifier, f"{name}: {requirement}"
    assert len(seen) > 100


def test_python_ranges_agree():
    env = (ROOT / "setup/env.sh").read_text("utf-8")
    (conda_python,) = [text.split("=")[1] for text in CONDA["dependencies"] if str(text).startswith("python=")]
    assert PYTHONS == ["3.10", "3.11", "3.12"]
    assert conda_python in PYTHONS
    assert sorted(set(re.findall(r"python(3\.\d+)\b(?=.*; do)", env))) == PYTHONS
    assert "(3, 10) <= sys.version_info[:2] <= (3, 12)" in env
    assert PROJECT["tool"]["uv"]["environments"] == ["python_full_version < '3.13'"]
    assert PROJECT["tool"]["ruff"]["target-version"] == "py310"


def test_conda_installs_the_lock_and_nothing_else():
    names = [text if isinstance(text, dict) else text.split("=")[0] for text in CONDA["dependencies"]]
    assert names == ["python", "pip", {"pip": ["-r setup/requirements.lock"]}]
    assert "PIP_NO_DEPS=1 conda env create" in (ROOT / "environment.yml").read_text("utf-8")


def test_every_dependency_gives_its_reason():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    reasons = dict(re.findall(r'^    "([A-Za-z0-9_-]+)[^"]*", *#(.*)$', text, flags=re.MULTILINE))
    for requirement in NEEDED + FOR_TESTS:
        assert len(reasons.get(requirement.name, "").split()) >= 3, f"{requirement.name}: why is it here?"


@pytest.mark.parametrize("folder, allowed", [("faceswap_lib", NEEDED), ("tests", NEEDED + FOR_TESTS)])
def test_everything_imported_is_a_direct_dependency(folder, allowed):
    files = list((ROOT / folder).rglob("*.py"))
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0}
    own = {"faceswap_lib", "tomllib", *(path.stem for path in [*files, *(ROOT / "setup").rglob("*")])}
    foreign = {name.split(".")[0] for name in names} - own - sys.stdlib_module_names
    known = {canonicalize_name(requirement.name) for requirement in allowed}
    # tomli is installed on Python 3.10 alone.
    assert {name for name in foreign if not known & owners().get(name, {name})} == set()


class Machine:
    """A folder with setup/ in it and a PATH that holds only what a test puts there."""

    def __init__(self, folder: Path):
        self.root, self.bin = folder / "the work shop", folder / "bin"
        self.bin.mkdir()
        shutil.copytree(ROOT / "setup", self.root / "setup", ignore=shutil.ignore_patterns("samples", "__pycache__"))
        for name in "awk bash chmod cmp comm cp dirname find flock grep mkdir rm sort touch tr uname wc".split():
            if found := shutil.which(name):
                (self.bin / name).symlink_to(found)
        self.tool("df", "echo Header; echo disk 1 1 9000000 1% /")

    def tool(self, name: str, script: str) -> None:
        """Puts a shell script on the PATH under that name."""
        (self.bin / name).write_text(f"#!{shutil.which('bash')}\nhere={self.bin}\n{script}\n")
        (self.bin / name).chmod(0o755)

    def python(self, before: str = "") -> None:
        """Puts this test's Python on the PATH as python3, after a line of shell or Python's own `-c`."""
        self.tool("python3", f'{before}\nexec "{os.path.realpath(sys.executable)}" "$@"')

    def uv(self) -> None:
        """Puts an installer on the PATH that installs one package, in no time, unless a file `offline` is there."""
        self.tool("uv", f"""echo "$*" >>$here/calls
            case "$1 ${{2:-}}" in
            venv*) exec "{os.path.realpath(sys.executable)}" -m venv --without-pip "${{!#}}" ;;
            pip*) [[ -e $here/offline ]] && echo "cause: dns error" && exit 2
                cd "${{4%/bin/python}}"/lib/python3*/site-packages && mkdir -p thing-1.0.dist-info ;;
            esac""")

    def installs(self) -> int:
        """How often the installer was asked to install."""
        return (self.bin / "calls").read_text().count("pip install")

    def run(self, script: str, *options: str) -> subprocess.CompletedProcess:
        """Runs setup/<script> on this machine."""
        command = ["bash", str(self.root / "setup" / script), *options]
        environment = {"PATH": str(self.bin), "HOME": str(self.root), "PIP_NO_INDEX": "1"}
        return subprocess.run(command, env=environment, cwd=self.bin, capture_output=True, text=True, timeout=60)

    def refuses(self) -> str:
        """The one sentence env.sh ends with, exit status 2, and leaves nothing that looks complete."""
        result = self.run("env.sh")
        assert result.returncode == 2, result.stderr
        assert not (self.root / ".venv/installed.txt").exists()
        return result.stderr.splitlines()[-1]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_env_without_python(machine):
    sentence = machine.refuses()
    assert sentence == machine.run("env.sh").stderr.strip(), "one sentence, nothing else"
    assert "3.10, 3.11 or 3.12" in sentence and "apt install" in sentence


def test_env_with_a_python_too_new(machine):
    machine.tool("python3", f"""exec "{sys.executable}" -c 'import sys; sys.version_info = (3, 13)
exec(sys.argv[2])' "$@" """)
    assert machine.refuses().startswith("No Python 3.10")


def test_env_without_the_venv_module(machine):
    machine.python('[[ "$*" == *ensurepip* ]] && exit 1')
    assert f"python3.{sys.version_info.minor}-venv" in machine.refuses()


def test_env_without_disk_space(machine):
    machine.python()
    machine.tool("df", "echo Header; echo disk 1 1 700000 1% /")
    assert "700 MB left" in machine.refuses()


def test_env_without_network_then_with_it_then_again(machine):
    machine.python()
    machine.uv()
    (machine.bin / "offline").touch()
    assert "check the network" in machine.refuses()
    (machine.bin / "offline").unlink()
    for installs in (3, 3):
        result = machine.run("env.sh")
        assert (result.returncode, machine.installs()) == (0, installs), result.stderr
    assert str(machine.root) in next(machine.root.glob(".venv/lib/*/site-packages/*.pth")).read_text().splitlines()


@pytest.mark.parametrize("damage", ["lock", "package", "moved"])
def test_env_mends_what_no_longer_fits(machine, damage):
    machine.python()
    machine.uv()
    assert machine.run("env.sh").returncode == 0
    if damage == "lock":
        (machine.root / "setup/requirements.lock").open("a").write("# newer\n")
    elif damage == "package":
        next(machine.root.glob(".venv/lib/*/site-packages/thing-1.0.dist-info")).rmdir()
    else:
        machine.root = machine.root.rename(machine.root.with_name("elsewhere"))
    assert machine.run("env.sh").returncode == 0
    assert machine.installs() == 4


@pytest.mark.parametrize("ruff, tests, expected", [(0, 0, 0), (0, 5, 5), (1, 0, 1)])
def test_test_sh_passes_the_status_on_and_ends_with_pytest(machine, ruff, tests, expected):
    machine.python()
    machine.uv()
    machine.root.joinpath("ruff.py").write_text(f"raise SystemExit({ruff})")
    machine.root.joinpath("pytest.py").write_text(f"print('== 3 passed =='); raise SystemExit({tests})")
    result = machine.run("test.sh")
    assert result.returncode == expected, result.stderr
    assert result.stdout.splitlines()[-1] == "== 3 passed =="


@pytest.mark.parametrize("script", ["env.sh", "demo.sh", "test.sh", "lab.sh", "lock.sh"])
def test_help_installs_nothing(machine, script):
    result = machine.run(script, "--help")
    assert (result.returncode, result.stdout.split(" setup/")[0]) == (0, "Usage: bash")
    assert not (machine.root / ".venv").exists()
