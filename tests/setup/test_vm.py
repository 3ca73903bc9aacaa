"""setup/vm: the steps on made-up machines, twice; the units judged by systemd; the service's own command for real."""

import getpass
import hashlib
import json
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
VM = ROOT / "setup/vm"
SCRIPTS = sorted([*(ROOT / "setup").rglob("*.sh"), VM / "faceswap-token"])
STEPS = "check swap packages driver user environment token service verify".split()
ME = getpass.getuser()
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the steps are for Linux machines")
with_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")

# Commands of a made-up machine. Each writes its call down; $state is a folder for what it has to remember.
STUBS = {
    "apt-get": """[[ ! -e $state/offline ]] || { echo "E: no network"; exit 100; }
        for a; do echo "$a"; done >>$state/packages""",
    "dnf": 'for a; do echo "$a"; done >>$state/packages',
    "dpkg-query": 'grep -qxF -- "${!#}" $state/packages && echo -n installed',
    "rpm": 'grep -qxF -- "${!#}" $state/packages',
    "apt-cache": 'grep -qxF -- "$2" $state/offered && echo "Package: $2"',
    "getent": "[[ -e $state/user.$2 ]]",
    "useradd": "touch $state/user.${!#}",
    "runuser": 'shift 3; exec "$@"',
    "chown": ":",
    "chattr": ":",
    "mkswap": ":",
    "modprobe": ":",
    "systemd-analyze": ":",
    "sleep": ":",
    "swapon": 'echo "$1 file 1 0 -2" >>$root/proc/swaps',
    "dd": "for a; do case $a in of=*) echo zeros >${a#of=} ;; esac; done",
    "df": "echo Header; echo disk 1 1 $(cat $state/free_mb) 1% /",
    "nvidia-smi": "[[ -e $state/driver ]]",
    "uname": "echo 6.8.0-1013-oracle",
    "nproc": "echo 8",
    "ss": "cat $state/listening",
    "curl": '[[ "$*" == *--config* ]] && echo -n 200 || cat $state/stranger',
    "chpasswd": "cat >>$state/passwords",
    "systemctl": """case $1 in
        is-enabled) [[ $3 == --quiet ]] && shift; [[ -e $state/enabled.${!#} ]] ;;
        is-active) [[ -e $state/active.${!#} ]] ;;
        enable) touch $state/enabled.${!#} ;; disable) rm $state/enabled.${!#} ;; start) touch $state/active.${!#} ;;
        esac""",
}
TOOLS = """awk bash cat chmod cmp cp cut date dirname env find flock grep head id ls mkdir mktemp mv od printf rm sed
    sort stat tee test touch tr wc""".split()


class Vm:
    """A folder that stands for /, with the clone in it, and a PATH of stubs: nothing of the real machine changes."""

    def __init__(self, folder: Path, memory_mb: int = 8000, system: str = "ubuntu 24.04"):
        self.root, self.bin, self.state = folder / "root", folder / "bin", folder / "state"
        self.clone = self.root / "opt/faceswap-workshop"
        for made in (self.bin, self.state, self.root / "proc", self.root / "run/systemd/system"):
            made.mkdir(parents=True)
        for made in ("notebooks", "faceswap_lib", "setup"):
            (self.clone / made).mkdir(parents=True)
        shutil.copytree(VM, self.clone / "setup/vm", ignore=shutil.ignore_patterns("__pycache__"))
        (self.clone / "notebooks/00.ipynb").write_text("lesson")
        (self.clone / "setup/requirements.lock").touch()
        (self.clone / "setup/env.sh").write_text(
            '[[ $1 == --check ]] && { [[ -s "$FACESWAP_HOME/.venv/installed.txt" ]]; exit; }\n'
            'echo 1 >"$FACESWAP_HOME/.venv/installed.txt"; echo "PIP_NO_CACHE_DIR=$PIP_NO_CACHE_DIR TMPDIR=$TMPDIR"\n'
        )
        name, version = system.split()
        self.put("etc/os-release", f'ID="{name}"\nVERSION_ID="{version}"\n')
        self.put("etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n")
        self.put("proc/meminfo", f"MemTotal: {memory_mb * 1024} kB\n")
        self.put("proc/swaps", "Filename Type Size Used Priority\n")
        for name, text in {
            "free_mb": "90000",
            "stranger": "403",
            "offered": "",
            "packages": "",
            "listening": "LISTEN 0 128 127.0.0.1:8888 *:*",
        }.items():
            (self.state / name).write_text(text)
        for name in TOOLS:
            (self.bin / name).symlink_to(shutil.which(name))
        for name, script in STUBS.items():
            self.tool(name, script)

    def put(self, path: str, text: str) -> None:
        """A file of the made-up machine."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def tool(self, name: str, script: str) -> None:
        """A command of the made-up machine."""
        (self.bin / name).unlink(missing_ok=True)  # else a link to the real one would be written through
        head = f"#!{shutil.which('bash')}\nstate={self.state} root={self.root}\necho {name} $* >>$state/calls\n"
        (self.bin / name).write_text(head + script + "\n")
        (self.bin / name).chmod(0o755)

    def card(self, device: str) -> None:
        """An NVIDIA card on the PCI bus, with the driver packages Ubuntu offers, and a sound card beside it."""
        for number, (kind, chip) in enumerate([("0x030200", device), ("0x040300", "0x10f7")]):
            for name, text in {"vendor": "0x10de", "class": kind, "device": chip}.items():
                self.put(f"sys/bus/pci/devices/0000:0{number}:00.0/{name}", text + "\n")
        offered = [
            f"{head}-{branch}-server{open}{tail}"
            for branch in (535, 570, 580)
            for open in ("", "-open")
            for head, tail in [
                ("nvidia-headless-no-dkms", ""),
                ("nvidia-headless", ""),
                ("linux-modules-nvidia", "-6.8.0-1013-oracle"),
                ("linux-modules-nvidia", "-oracle"),
            ]
        ]
        (self.state / "offered").write_text("\n".join([*offered, "nvidia-modprobe"]))

    def run(self, *options: str) -> subprocess.CompletedProcess:
        """prepare.sh on this machine."""
        command = ["bash", str(self.clone / "setup/vm/prepare.sh"), "--user", ME, *options]
        environment = {"PATH": str(self.bin), "FACESWAP_ROOT": str(self.root), "FACESWAP_HOME": str(self.clone)}
        return subprocess.run(command, env=environment, cwd=self.root, capture_output=True, text=True, timeout=60)

    def ready(self, *options: str) -> str:
        """What prepare.sh prints when it ends well."""
        done = self.run(*options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refuses(self, *options: str, status: int = 1) -> str:
        """The last sentence of a prepare.sh that stops."""
        done = self.run(*options)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stderr.splitlines()[-1]

    def calls(self) -> list[str]:
        """Every call of a stub so far."""
        return (self.state / "calls").read_text().splitlines()

    def sums(self) -> dict[str, str]:
        """Every file's mode and SHA-256, the log and the lock file left out."""
        files = [path for path in self.root.rglob("*") if path.is_file() and path.parent.name not in ("log", "run")]
        return {str(p): f"{p.stat().st_mode:o} {hashlib.sha256(p.read_bytes()).hexdigest()}" for p in files}


@pytest.fixture
def vm(tmp_path):
    return Vm(tmp_path)


def rendered(name: str, folder: Path) -> Path:
    """A unit file as a step would install it, with commands that are there."""
    text = (VM / name).read_text()
    words = {"USER": "faceswap", "HOME": str(ROOT), "PORT": "8888", "SETTINGS": "/etc/faceswap-workshop"}
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    assert "@" not in re.sub(r"@(system-service|pkey|privileged|process)\b|between @ and", "", text)
    for python in ("/opt/faceswap-hub/bin/python", f"{ROOT}/.venv/bin/python"):
        text = text.replace(python, sys.executable)
    (folder / name).write_text(text)
    return folder / name


# What is written in the files


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_scripts_are_sound(script):
    shellcheck = Path(sys.executable).with_name("shellcheck")
    assert subprocess.run(["bash", "-n", script]).returncode == 0
    done = subprocess.run([shellcheck, "-x", "-P", "SCRIPTDIR", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^set -euo pipefail$|lib\.sh\"$|^exec bash", script.read_text(), flags=re.MULTILINE)


def test_nothing_listens_to_the_world_and_no_firewall_is_touched():
    for path in VM.rglob("*"):
        if path.is_file() and path.suffix not in (".lock", ".pyc"):
            text = path.read_text("utf-8")
            assert not re.search(r"0\.0\.0\.0|ip=['\"]?\*|ip = ['\"]['\"]", text), path
            if path.suffix != ".md":
                assert not re.search(r"\bufw\b|firewall-cmd|iptables|nft ", text), path


@with_systemd
@pytest.mark.parametrize(("name", "limit"), [("faceswap-jupyter.service", 3.0), ("faceswap-hub.service", 4.5)])
def test_units_are_understood_and_hardened(tmp_path, name, limit):
    unit = rendered(name, tmp_path)
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True
    )
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout)[1]) < limit


def test_the_unit_keeps_the_token_secret_and_the_card_in_reach():
    lines = (VM / "faceswap-jupyter.service").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if re.match("[A-Z]", line) and "=" in line)
    assert "token" not in settings["ExecStart"].lower() and settings["EnvironmentFile"].endswith("/jupyter.env")
    assert settings["User"] == "@USER@" and settings["NoNewPrivileges"] == "yes" and settings["UMask"] == "0077"
    # CUDA needs the first two off; ProtectClock brings a device list of its own.
    assert not settings.keys() & {"MemoryDenyWriteExecute", "PrivateDevices", "DevicePolicy", "ProtectClock"}


# The steps


@on_linux
@pytest.mark.parametrize("system", ["ubuntu 22.04", "ubuntu 24.04", "debian 12", "ol 8.10", "ol 9.4"])
def test_twice_and_the_second_time_changes_nothing(tmp_path, system):
    vm = Vm(tmp_path, system=system)
    first = vm.ready()
    assert re.findall(r"^\S+Z (\w+)$", first, flags=re.MULTILINE) == STEPS
    assert re.search(r"Ready: [1-9]\d* changed\.$", first)
    assert "PIP_NO_CACHE_DIR=1 TMPDIR=/var/tmp" in first
    assert ("python3.11" in (vm.state / "packages").read_text().split()) == system.startswith("ol")
    before = vm.sums()
    second = vm.ready()
    assert second.endswith("Ready: 0 changed.\n") and "done:" not in second
    assert vm.sums() == before
    log = (vm.root / "var/log/faceswap-workshop.log").read_text()
    assert re.findall(r"^\S+Z Ready: (\d+)", log, flags=re.MULTILINE)[1] == "0" and log.endswith(second)


@on_linux
@pytest.mark.parametrize(("system", "needed"), [("ubuntu 24.04", "python3-tk"), ("ol 9.4", "python3.11-tkinter")])
def test_faceswap_comes_on_request_once_and_after_all_else(tmp_path, system, needed):
    vm = Vm(tmp_path, system=system)
    (vm.clone / "setup/faceswap.sh").write_text(
        '[[ $1 == --check ]] && { grep -qx "$2" "$3/installed"; exit; }\n'
        'mkdir -p "$2" && echo "$1" >"$2/installed"; echo "installs $* for $HOME"\n'
    )
    first = vm.ready("--with-faceswap")
    assert re.findall(r"^\S+Z (\w+)$", first, flags=re.MULTILINE) == [*STEPS, "faceswap"]
    home = vm.root / "var/lib" / ME
    assert f"installs cpu {home}/faceswap-app for {home}" in first
    assert needed in (vm.state / "packages").read_text().split()
    assert vm.ready("--with-faceswap").endswith("Ready: 0 changed.\n")
    vm.card("0x2236")
    (vm.state / "driver").touch()
    assert f"installs nvidia {home}/faceswap-app" in vm.ready("--only", "faceswap")
    (vm.clone / "setup/faceswap.sh").write_text("echo no network >&2; exit 2")
    assert "lab 8 shows a recorded run" in vm.refuses("--only", "faceswap")


@on_linux
def test_a_dry_run_changes_nothing(vm):
    before = vm.sums()
    printed = vm.ready("--dry-run")
    assert printed.count("would do:") >= 8 and printed.endswith("Dry run: nothing changed.\n")
    assert vm.sums() == before
    assert not any(re.match("apt-get|useradd|chown|swapon|systemctl (enable|start)", call) for call in vm.calls())


@on_linux
def test_swap_on_a_micro_comes_first_and_once(tmp_path):
    vm = Vm(tmp_path, memory_mb=960)
    vm.ready()
    vm.ready()
    called = [call.split()[0] for call in vm.calls()]
    assert called.index("swapon") < called.index("apt-get") and called.count("swapon") == 1
    swap = vm.root / "faceswap.swap"
    assert stat.S_IMODE(swap.stat().st_mode) == 0o600
    assert (vm.root / "etc/fstab").read_text().splitlines()[1:] == [f"{swap} none swap sw 0 0"]


@on_linux
@pytest.mark.parametrize(
    ("memory", "booted", "other", "says"),
    [
        (4000, True, False, "already: enough memory"),
        (960, False, False, "skipped: no swap file in a container"),
        (960, True, True, "already: swap of this machine's own"),
    ],
)
def test_no_swap_file_where_none_is_needed_or_possible(tmp_path, memory, booted, other, says):
    vm = Vm(tmp_path, memory_mb=memory)
    if other:
        vm.put("proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n")
    if not booted:
        (vm.root / "run/systemd/system").rmdir()
    assert says in vm.ready("--only", "swap")
    assert not (vm.root / "faceswap.swap").exists()


@on_linux
@pytest.mark.parametrize(
    ("device", "kind"),
    [
        ("0x15f8", ""),
        ("0x1db1", ""),
        ("0x1eb8", "-open"),
        ("0x2236", "-open"),
        ("0x2330", "-open"),
    ],
)
def test_the_driver_fits_the_card_and_a_reboot_is_asked_for_once(vm, device, kind):
    """P100 and V100 need the closed modules, T4, A10 and H100 get the open ones."""
    vm.card(device)
    assert "sudo reboot" in vm.refuses("--only", "driver", status=3)
    (install,) = [call for call in vm.calls() if call.startswith("apt-get") and " install " in call]
    assert install.split("--no-install-recommends ")[1].split() == [
        f"linux-modules-nvidia-580-server{kind}-6.8.0-1013-oracle",
        f"nvidia-headless-no-dkms-580-server{kind}",
        f"linux-modules-nvidia-580-server{kind}-oracle",
        "nvidia-utils-580-server",
        "nvidia-modprobe",
    ]
    (vm.state / "driver").touch()
    assert "Ready: 0 changed" in vm.ready("--only", "driver")


@on_linux
@pytest.mark.parametrize(
    ("step", "system", "damage", "says"),
    [
        ("check", "fedora 40", None, "take one of these images"),
        ("check", "ubuntu 20.04", None, "This is ubuntu 20.04"),
        ("check", "ubuntu 24.04", ("free_mb", "3000"), "3000 MB left"),
        ("packages", "ubuntu 24.04", ("offline", ""), "check the network"),
        ("verify", "ubuntu 24.04", ("stranger", "200"), "answers 200 to a stranger"),
        ("verify", "ubuntu 24.04", ("stranger", "404"), "Nothing answers"),
        ("verify", "ubuntu 24.04", ("listening", "LISTEN 0 128 *:8888 *:*"), "open at *:8888"),
    ],
)
def test_the_first_failure_stops_it_with_one_sentence(tmp_path, step, system, damage, says):
    vm = Vm(tmp_path, system=system)
    if damage:
        (vm.state / damage[0]).write_text(damage[1])
    sentence = vm.refuses()
    assert f"Stopped in step {step}: " in sentence and says in sentence
    assert sentence.endswith(f" Log: {vm.root}/var/log/faceswap-workshop.log")
    log = (vm.root / "var/log/faceswap-workshop.log").read_text()
    assert re.findall(r"^\S+Z (\w+)$", log, flags=re.MULTILINE) == STEPS[: STEPS.index(step) + 1]


@on_linux
def test_a_card_without_a_driver_on_oracle_linux_asks_for_the_gpu_image(tmp_path):
    vm = Vm(tmp_path, system="ol 9.4")
    vm.card("0x2236")
    assert "GPU images bring the driver" in vm.refuses("--only", "driver")


@on_linux
def test_a_clone_in_a_home_is_refused(vm):
    assert "/opt/faceswap-workshop" in vm.refuses("--home", "/home/ubuntu/faceswap", "--only", "check")


@on_linux
@pytest.mark.parametrize(
    "options",
    [
        ["--port", "80"],
        ["--port", "x"],
        ["--port", "99999"],
        ["--user", "a b"],
        ["--home", "here"],
        ["--hub", "100"],
        ["--hub"],
        ["--hub", "3", "--with-faceswap"],
        ["--only", "nothing"],
        ["--what"],
    ],
)
def test_wrong_options(vm, options):
    assert "--help" in vm.refuses(*options, status=2)
    assert not (vm.root / "var/log").exists()


@on_linux
def test_the_token_is_made_once_and_for_root_alone(vm):
    vm.ready("--only", "token")
    file = vm.root / "etc/faceswap-workshop/jupyter.env"
    text = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and re.fullmatch(r"JUPYTER_TOKEN=[0-9a-f]{48}\n", text)
    file.chmod(0o644)
    vm.ready("--only", "token", "--port", "9999")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and file.read_text() == text, "closed again, the same token"
    assert text.strip()[-48:] not in (vm.root / "var/log/faceswap-workshop.log").read_text()
    command = vm.root / "usr/local/bin/faceswap-token"
    done = subprocess.run([command], capture_output=True, text=True)
    assert done.stdout == f"http://127.0.0.1:9999/lab/tree/workbook/start.ipynb?token={text.strip().split('=')[1]}\n"
    file.unlink()
    done = subprocess.run([command], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "") and "sudo faceswap-token" in done.stderr


# A class on one VM


def hub_vm(folder: Path, memory_mb: int = 32000) -> Vm:
    """A machine whose Python makes an empty hub."""
    vm = Vm(folder, memory_mb=memory_mb)
    real = f'[[ $1 != */workbook.py ]] || exec {sys.executable} "$@"'
    vm.tool("python3", f'{real}; [[ $2 != venv ]] || {{ mkdir -p $3/bin; cp "$0" $3/bin/python; }}')
    shutil.copy(ROOT / "setup/workbook.py", vm.clone / "setup")
    return vm


@on_linux
def test_a_class_has_its_users_their_copies_and_their_passwords(tmp_path):
    vm = hub_vm(tmp_path)
    vm.ready("--hub", "3")
    names = ["learner01", "learner02", "learner03"]
    file = vm.root / "etc/faceswap-workshop/learners.txt"
    lines = dict(line.split() for line in file.read_text().splitlines())
    assert list(lines) == names and len(set(lines.values())) == 3
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert all(re.fullmatch("[a-km-np-z2-9]{12}", password) for password in lines.values())
    log = (vm.root / "var/log/faceswap-workshop.log").read_text()
    assert not any(password in log for password in lines.values())
    assert (vm.state / "passwords").read_text().split() == [f"{name}:{lines[name]}" for name in names]
    install = next(call for call in vm.calls() if "pip install" in call)
    assert "--require-hashes" in install and "--no-deps" in install
    kernel = json.loads((vm.root / "opt/faceswap-hub/share/jupyter/kernels/python3/kernel.json").read_text())
    assert kernel["argv"][0] == f"{vm.clone}/.venv/bin/python"
    assert stat.S_IMODE((vm.root / "var/lib/faceswap-class").stat().st_mode) == 0o1733
    lesson = vm.root / "home/learner02/workshop/notebooks/00.ipynb"
    lesson.write_text("my own work")
    before = vm.sums()
    assert vm.ready("--hub", "3").endswith("Ready: 0 changed.\n")
    assert vm.sums() == before
    vm.ready("--hub", "4", "--only", "hub")
    assert dict(line.split() for line in file.read_text().splitlines()).items() > lines.items()
    assert lesson.read_text() == "my own work"
    (vm.clone / "notebooks/00.ipynb").write_text("a newer lesson")
    for known in (vm.root / "home").glob("*/workshop/notebooks/.kit.json"):
        os.utime(known, (1e9, 1e9))  # else both may be of the same tick
    vm.ready("--hub", "4", "--only", "hub")
    assert lesson.read_text() == "my own work" and lesson.with_stem("00-new").read_text() == "a newer lesson"
    assert (vm.root / "home/learner01/workshop/notebooks/00.ipynb").read_text() == "a newer lesson"
    assert any(call.startswith("runuser -u learner01 -- ") for call in vm.calls()), "not as root"


@on_linux
def test_too_large_a_class_is_refused_with_the_number_that_fits(tmp_path):
    vm = hub_vm(tmp_path, memory_mb=8000)
    assert "take 5 learners" in vm.refuses("--hub", "20", "--only", "hub")
    assert not (vm.state / "passwords").exists()


@on_linux
def test_the_hub_knows_its_learners_and_their_limits(tmp_path):
    vm = hub_vm(tmp_path)
    vm.ready("--hub", "10", "--port", "9001", "--only", "hub")
    program = """import json, sys
from traitlets.config.loader import PyFileConfigLoader
print(json.dumps(PyFileConfigLoader(sys.argv[1]).load_config(), default=sorted))
import logging
for name in ("tornado.access", "tornado.general", "JupyterHub"):
    logging.getLogger(name).warning("302 GET /hub/home?token=%s&a=1 -> /hub/login?next=%%3Ftoken%%3D%s", "0a1b", "2")"""
    environment = os.environ | {"FACESWAP_HUB_SETTINGS": str(vm.root / "etc/faceswap-workshop/hub.json")}
    command = [sys.executable, "-c", program, VM / "hub_config.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    c = json.loads(done.stdout)
    said = "302 GET /hub/home?token=[secret]&a=1 -> /hub/login?next=%3Ftoken%3D[secret]"
    assert done.stderr.splitlines() == [said] * 3, "the log holds no token"
    assert "getLogger('tornado.access').disabled = True" in c["ConfigurableHTTPProxy"]["command"][2]
    assert Path(c["Spawner"]["environment"]["JUPYTER_CONFIG_PATH"]) == ROOT / "setup/jupyter"
    assert (c["JupyterHub"]["bind_url"], c["JupyterHub"]["hub_ip"]) == ("http://127.0.0.1:9001", "127.0.0.1")
    assert c["Authenticator"] == {"allowed_users": [f"learner{i:02d}" for i in range(1, 11)], "admin_users": []}
    assert (c["Spawner"]["ip"], c["Spawner"]["mem_limit"]) == ("127.0.0.1", f"{(32000 - 1500) // 10}M")
    assert c["Spawner"]["environment"]["FACESWAP_CLASS"] == "/var/lib/faceswap-class"
    assert c["Spawner"]["cpu_limit"] == 1.6 and c["SystemdSpawner"]["disable_user_sudo"] is True
    assert (c["Spawner"]["notebook_dir"], c["Spawner"]["default_url"]) == (
        "~/workshop",
        "/lab/tree/notebooks/start.ipynb",
    ), "what a run makes in workdir/ can be opened"
    assert any("jupyterhub_idle_culler" in service["command"] for service in c["JupyterHub"]["services"])


# The service's own command


def ask(url: str, token: str = "") -> tuple[int, bytes]:
    """Status and text of a page; 0 where nothing answers."""
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""
    except OSError:
        return 0, b""


@pytest.fixture
def service(tmp_path):
    """ExecStart of the unit, as it is, on a free port: (its process, its port, its token)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = rendered("faceswap-jupyter.service", tmp_path).read_text().replace("8888", str(port))
    command = shlex.split(re.search("^ExecStart=(.*)$", text, flags=re.MULTILINE)[1])
    token = "0123456789abcdef" * 3
    environment = os.environ | dict(re.findall(r"^Environment=(\w+)=(.*)$", text, flags=re.MULTILINE))
    environment |= {"JUPYTER_TOKEN": token, "HOME": str(tmp_path)}
    if os.getuid() == 0:
        command.append("--allow-root")  # the service never is root; this test may be
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 60
        while ask(f"http://127.0.0.1:{port}/api/status")[0] == 0 and time.monotonic() < until:
            assert process.poll() is None, (tmp_path / "out").read_text()
            time.sleep(0.2)
        yield process, port, token
    finally:
        process.terminate()
        process.wait(20)


def test_the_service_answers_here_alone_and_only_to_the_token(service, tmp_path):
    process, port, token = service
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    listening = [c.laddr for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert [tuple(place) for place in listening] == [("127.0.0.1", port)]
    assert ask(f"http://127.0.0.1:{port}/api/status")[0] == 403
    assert ask(f"http://127.0.0.1:{port}/api/contents")[0] == 403
    assert ask(f"http://127.0.0.1:{port}/api/status", "f" * 48)[0] == 403
    status, text = ask(f"http://127.0.0.1:{port}/api/status", token)
    assert status == 200 and "started" in json.loads(text)
    names = [
        entry["name"]
        for entry in json.loads(ask(f"http://127.0.0.1:{port}/api/contents/notebooks", token)[1])["content"]
    ]
    assert "00_introduction.ipynb" in names
    page = ask(f"http://127.0.0.1:{port}/lab", token)[1].decode()
    assert re.search(r'"news": {"disabled": true}', page), "it asks the network for nothing"
    for key in (token, "f" * 48):
        for path in ("lab", "api/contents", "nowhere", "lab/tree/notebooks/00_introduction.ipynb"):
            ask(f"http://127.0.0.1:{port}/{path}?token={key}")
    journal = (tmp_path / "out").read_text()
    assert "running at" in journal and "/nowhere" in journal
    assert token not in journal and "f" * 48 not in journal, "who reads the journal has no key by it"
