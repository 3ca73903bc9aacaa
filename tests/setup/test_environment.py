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
LOCKS = ["setup/requirements.lock", "setup/requirements-gpu.lock", "setup/vm/requirements-hub.lock"]
PYTHONS = [f"3.{minor}" for minor in range(20) if f"3.{minor}" in SpecifierSet(PROJECT["project"]["requires-python"])]
NEEDED = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
FOR_TESTS = [Requirement(text) for text in PROJECT["project"]["optional-dependencies"]["dev"]]
FOR_GPU = [Requirement(text) for text in PROJECT["project"]["optional-dependencies"]["gpu"]]
FOR_HUB = [
    Requirement(line.split("#")[0])
    for line in (ROOT / "setup/vm/requirements-hub.in").read_text().splitlines()
    if not line.startswith("#")
]
LEFT_OUT = {canonicalize_name(Requirement(text).name) for text in PROJECT["tool"]["uv"]["override-dependencies"]}
# Where the workshop runs: laptops, most VMs, the free VM.Standard.A1.Flex.
PLATFORMS = [("linux", "Linux", "x86_64"), ("linux", "Linux", "aarch64"), ("darwin", "Darwin", "arm64")]


def pins(lock: str) -> dict[str, list[Requirement]]:
    """A lock's pins by package; more than one where platforms differ."""
    found: dict[str, list[Requirement]] = {}
    for text in re.findall(r"^([a-z0-9].*?) \\$", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE):
        found.setdefault(Requirement(text).name, []).append(Requirement(text))
    return found


LOCKED, FOR_CARDS, HUB = map(pins, LOCKS)


def places() -> list[dict[str, str]]:
    """What a condition in a lock is judged by: each Python on each platform."""
    return [
        {
            "python_version": python,
            "python_full_version": f"{python}.5",
            "extra": "",
            "os_name": "posix",
            "sys_platform": system,
            "platform_system": name,
            "platform_machine": machine,
        }
        for python in PYTHONS
        for system, name, machine in PLATFORMS
    ]


def here(requirement: Requirement, place: dict[str, str] | None = None) -> bool:
    """Whether a requirement counts in a place, without one: on this machine."""
    return requirement.marker is None or requirement.marker.evaluate(place or {"extra": ""})


def version(pin: Requirement) -> str:
    """The version of a pin."""
    (only,) = pin.specifier
    assert only.operator == "=="
    return only.version


def locked_version(name: str) -> str:
    """The version that the lock pins a package to on this machine."""
    (pin,) = filter(here, LOCKED[canonicalize_name(name)])
    return version(pin)


@cache
def owners() -> dict[str, set[str]]:
    """Which installed packages own each importable name, from their lists of files (top_level.txt is often wrong)."""
    found: dict[str, set[str]] = {}
    for package in metadata.distributions():
        name = canonicalize_name(package.metadata["Name"])
        for line in (package.read_text("RECORD") or "").splitlines():
            found.setdefault(re.split("[/.,]", line)[0], set()).add(name)
    return found


@pytest.mark.parametrize(
    ("needed", "lock"),
    [
        *((needed, LOCKED) for needed in NEEDED + FOR_TESTS),
        *((needed, HUB) for needed in FOR_HUB),
    ],
    ids=str,
)
def test_lock_has_every_direct_dependency_within_its_range_on_every_platform(needed, lock):
    for place in places():
        if here(needed, place):
            found = [version(pin) for pin in lock[canonicalize_name(needed.name)] if here(pin, place)]
            assert len(found) == 1 and found[0] in needed.specifier, f"{needed.name} {found}: {place}"


def test_mediapipe_differs_on_linux_arm_alone():
    for place in places():
        (found,) = [version(pin) for pin in LOCKED["mediapipe"] if here(pin, place)]
        assert found == ("0.10.18" if place["platform_machine"] == "aarch64" else "0.10.21")


@pytest.mark.parametrize("path", LOCKS)
def test_lock_pins_with_hashes_and_names_no_address(path):
    text, hashes = (ROOT / path).read_text("utf-8"), {}
    for number, line in enumerate(text.splitlines(), 1):
        if re.fullmatch(r"[a-z0-9-]+==\S+( ; [^\\]+)? \\", line):
            assert line not in hashes, f"{line} twice"
            hashes[line], last = 0, line
        elif re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line):
            hashes[last] += 1
        else:
            assert re.fullmatch(r"\s*(#.*)?", line), f"line {number}: {line}"
    assert len(hashes) == sum(map(len, pins(path).values()))
    assert [line for line, count in hashes.items() if count == 0] == []
    assert not re.search(r"://|index-url|find-links", text)


@pytest.mark.parametrize("path", LOCKS)
def test_no_package_is_pinned_twice_on_one_platform(path):
    for place in places():
        assert [name for name, found in pins(path).items() if sum(here(pin, place) for pin in found) > 1] == []


def test_gpu_lock_is_what_tensorflow_asks_for_and_nothing_else():
    asked = [
        requirement
        for requirement in map(Requirement, metadata.requires("tensorflow"))
        if not here(requirement) and requirement.marker.evaluate({"extra": "and-cuda"})
    ]
    assert {requirement.name for requirement in asked} == FOR_CARDS.keys() and len(asked) >= 10
    assert not FOR_CARDS.keys() & LOCKED.keys()
    for requirement in asked + [needed for needed in FOR_GPU if needed.name in FOR_CARDS]:
        assert version(*FOR_CARDS[requirement.name]) in requirement.specifier
    assert "and-cuda" in next(needed for needed in FOR_GPU if needed.name == "tensorflow").extras


def test_cudnn_still_serves_the_p100_and_says_so_at_the_pin():
    """cuDNN 9.11 dropped compute capability 6.0 and 7.0."""
    assert version(*FOR_CARDS["nvidia-cudnn-cu12"]) in SpecifierSet(">=9.3,<9.11")
    assert next(needed for needed in FOR_GPU if needed.name == "nvidia-cudnn-cu12").specifier == SpecifierSet("<9.11")
    lines = (ROOT / LOCKS[1]).read_text("utf-8").splitlines()
    above = lines[next(n for n, line in enumerate(lines) if line.startswith("nvidia-cudnn")) - 1]
    assert all(word in above for word in ("9.11", "P100", "V100"))


def test_the_hub_has_the_same_jupyterlab():
    assert len(HUB.keys() & LOCKED.keys()) > 60
    for name in HUB.keys() & LOCKED.keys():
        assert {version(pin) for pin in HUB[name]} <= {version(pin) for pin in LOCKED[name]}, name


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
                if canonicalize_name(requirement.name) not in LEFT_OUT:
                    assert locked_version(requirement.name) in requirement.specifier, f"{name}: {requirement}"
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
    """A package of several lines (one a platform) has its reason in all of them together."""
    always, extras = (ROOT / "pyproject.toml").read_text("utf-8").split("[project.optional-dependencies]")
    for text, needed in ((always, NEEDED), (extras, FOR_TESTS + FOR_GPU)):
        reasons: dict[str, list[str]] = {}
        for name, reason in re.findall(r'^    "([A-Za-z0-9_-]+)[^"]*", *#(.*)$', text, flags=re.MULTILINE):
            reasons.setdefault(name, []).extend(reason.split())
        for requirement in needed:
            assert len(reasons.get(requirement.name, [])) >= 3, f"{requirement.name}: why is it here?"


@pytest.mark.parametrize("folder, allowed", [("faceswap_lib", NEEDED), ("tests", NEEDED + FOR_TESTS)])
def test_everything_imported_is_a_direct_dependency(folder, allowed):
    files = list((ROOT / folder).rglob("*.py"))
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0}
    own = {
        "faceswap_lib",
        "tests",
        "tomllib",
        *(path.stem for path in [*files, *(ROOT / "tests").iterdir(), *(ROOT / "setup").rglob("*")]),
    }
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
        for name in "awk bash cat chmod cmp comm cp dirname find flock grep mkdir mv rm sort touch tr uname wc".split():
            if found := shutil.which(name):
                (self.bin / name).symlink_to(found)
        self.tool("df", "echo Header; echo disk 1 1 9000000 1% /")

    def tool(self, name: str, script: str) -> None:
        """Puts a shell script on the PATH under that name."""
        (self.bin / name).unlink(missing_ok=True)  # else a link to the real one would be written through
        (self.bin / name).write_text(f"#!{shutil.which('bash')}\nhere={self.bin}\n{script}\n")
        (self.bin / name).chmod(0o755)

    def python(self, before: str = "") -> None:
        """Puts this test's Python on the PATH as python3, after a line of shell or Python's own `-c`."""
        self.tool("python3", f'{before}\nexec "{os.path.realpath(sys.executable)}" "$@"')

    def uv(self) -> None:
        """Puts an installer on the PATH that installs one package, in no time, unless a file `offline` is there."""
        self.tool(
            "uv",
            f"""echo "$*" >>$here/calls
            case "$1 ${{2:-}}" in
            venv*) exec "{os.path.realpath(sys.executable)}" -m venv --without-pip "${{!#}}" ;;
            pip*) [[ -e $here/offline ]] && echo "cause: dns error" && exit 2
                cd "${{4%/bin/python}}"/lib/python3*/site-packages && mkdir -p thing-1.0.dist-info ;;
            esac""",
        )

    def installs(self) -> int:
        """How often the installer was asked to install."""
        return (self.bin / "calls").read_text().count("pip install")

    def platform(self, name: str) -> None:
        """Makes this machine a "Linux aarch64", say."""
        self.tool("uname", f"set -- ${{1/-s/{name.split()[0]}}}; echo ${{1/-m/{name.split()[1]}}}")

    def run(self, script: str, *options: str, gpu: str = "0") -> subprocess.CompletedProcess:
        """Runs setup/<script> on this machine; gpu: FACESWAP_GPU, "" for looking for a card."""
        command = ["bash", str(self.root / "setup" / script), *options]
        environment = {"PATH": str(self.bin), "HOME": str(self.root), "PIP_NO_INDEX": "1", "FACESWAP_GPU": gpu}
        return subprocess.run(command, env=environment, cwd=self.bin, capture_output=True, text=True, timeout=60)

    def refuses(self, gpu: str = "0") -> str:
        """The one sentence env.sh ends with, exit status 2, and leaves nothing that looks complete."""
        result = self.run("env.sh", gpu=gpu)
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
    machine.tool(
        "python3",
        f"""exec "{sys.executable}" -c 'import sys; sys.version_info = (3, 13)
exec(sys.argv[2])' "$@" """,
    )
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


@pytest.mark.parametrize("platform", ["Linux x86_64", "Linux aarch64", "Darwin arm64"])
def test_env_on_every_platform_and_cuda_on_one(machine, platform):
    machine.python()
    machine.uv()
    machine.platform(platform)
    machine.tool("df", "echo Header; echo disk 1 1 20000000 1% /")
    result = machine.run("env.sh", gpu="1")
    assert result.returncode == 0, result.stderr
    assert machine.installs() == (3 if platform == "Linux x86_64" else 2)


@pytest.mark.parametrize("platform", ["Linux riscv64", "Darwin x86_64", "SunOS sun4v"])
def test_env_on_a_machine_without_packages(machine, platform):
    machine.platform(platform)
    assert f"not for {' on '.join(platform.split())}: take such a machine" in machine.refuses()


def test_env_adds_cuda_when_a_card_comes_and_keeps_it_when_the_driver_fails(machine):
    machine.python()
    machine.uv()
    machine.platform("Linux x86_64")
    machine.tool("df", "echo Header; echo disk 1 1 20000000 1% /")
    gpu_lock = machine.root / "setup/requirements-gpu.lock"
    for gpu, smi, newer, installs in [
        ("0", 0, False, 2),
        ("", 0, False, 5),
        ("", 0, False, 5),
        ("0", 1, False, 5),
        ("1", 1, False, 5),
        ("1", 1, True, 8),
    ]:
        machine.tool("nvidia-smi", f"exit {smi}")
        if newer:
            gpu_lock.open("a").write("# newer\n")
            assert machine.run("env.sh", "--check", gpu=gpu).returncode == 1
        assert machine.run("env.sh", gpu=gpu).returncode == 0
        assert machine.installs() == installs
        assert machine.run("env.sh", "--check", gpu=gpu).returncode == 0
    asked = [line for line in (machine.bin / "calls").read_text().splitlines() if "pip install" in line]
    assert asked[-1].endswith(f" -r {gpu_lock}") and "--require-hashes" in asked[-1] and "--no-deps" in asked[-1]


def test_env_needs_more_disk_with_a_card(machine):
    machine.python()
    machine.platform("Linux x86_64")
    assert "takes about 10 GB" in machine.refuses(gpu="1")


def test_check_says_no_and_changes_nothing(machine):
    machine.python()
    assert machine.run("env.sh", "--check").returncode == 1
    assert not (machine.root / ".venv").exists()


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
