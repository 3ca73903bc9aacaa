"""setup/vm/steps/cluster.sh on made-up machines, twice; its units judged by systemd; their own commands for real."""

import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import test_vm
import yaml
from distributed import Security
from test_vm import ROOT, STEPS, Vm, on_linux, with_systemd

ADDRESS, RANGE, OWN = "10.42.1.10", "10.42.2.0/24", "10.42.2.3"
ROLES = {"scheduler": ("--scheduler", ADDRESS, "--workers", RANGE), "worker": ("--scheduler", ADDRESS)}
pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here")
UNITS = {f"faceswap-{role}.service" for role in ROLES}


def machine(folder: Path, system: str = "ubuntu 24.04") -> Vm:
    """One that can make certificates and has Dask."""
    vm = Vm(folder, system=system)
    (vm.bin / "openssl").symlink_to(shutil.which("openssl"))
    vm.tool("exportfs", ":")
    vm.tool("ip", f"echo $4 dev ens3 src {OWN} uid 0; echo '    cache'")
    (vm.clone / ".venv/bin").mkdir(parents=True)
    for name in ("python", "dask"):
        (vm.clone / ".venv/bin" / name).symlink_to(Path(sys.executable).with_name(name))
    return vm


def settings(vm: Vm, role: str) -> dict[str, str]:
    """What the installed unit sets; of what is set twice the last."""
    lines = (vm.root / f"etc/systemd/system/faceswap-{role}.service").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match("[A-Z]", line))


# The step


@on_linux
@pytest.mark.parametrize("system", ["ubuntu 24.04", "debian 12", "ol 8.10"])
@pytest.mark.parametrize("role", ROLES)
def test_twice_and_the_second_time_changes_nothing(tmp_path, system, role):
    vm = machine(tmp_path, system)
    first = vm.ready(*ROLES[role])
    steps = [*STEPS[:-1], "cluster", "verify"] if role == "scheduler" else [*STEPS[:6], "cluster"]
    assert re.findall(r"^\S+Z (\w+)$", first, flags=re.MULTILINE) == steps
    before = vm.sums()
    assert vm.ready(*ROLES[role]).endswith("Ready: 0 changed.\n") and vm.sums() == before
    assert UNITS & {path.name for path in vm.root.glob("etc/systemd/system/*")} == {f"faceswap-{role}.service"}
    packages = (vm.state / "packages").read_text().split()
    nfs = "nfs-utils" if system.startswith("ol") else {"scheduler": "nfs-kernel-server", "worker": "nfs-common"}[role]
    assert {name for name in packages if name.startswith("nfs")} == {nfs}
    assert (vm.state / f"enabled.faceswap-{role}.service").exists()
    assert (vm.state / "enabled.nfs-server.service").exists() == (role == "scheduler")


@on_linux
def test_without_a_cluster_there_is_nothing_of_it(tmp_path):
    vm = machine(tmp_path)
    vm.ready()
    assert not UNITS & {path.name for path in vm.root.glob("etc/systemd/system/*")}
    assert not (vm.root / "etc/dask").exists() and not (vm.root / "etc/exports.d").exists()
    assert "nfs" not in (vm.state / "packages").read_text()


@on_linux
def test_the_key_is_for_root_and_the_user_and_in_no_log(tmp_path):
    vm = machine(tmp_path)
    said = vm.ready(*ROLES["scheduler"], "--only", "cluster")
    keys = vm.root / "etc/faceswap-workshop/cluster"
    assert {path.name: f"{path.stat().st_mode & 0o777:o}" for path in [keys, *keys.iterdir()]} == {
        "cluster": "750",
        "ca.pem": "640",
        "cluster.pem": "640",
        "cluster.key": "640",
    }, "the authority's own key is gone"
    assert not keys.with_name("cluster.new").exists()
    assert f"chown -R root:{test_vm.ME} {keys}" in vm.calls()
    secret = "".join((keys / "cluster.key").read_text().split("\n")[1:-2])
    written = said + (vm.root / "var/log/faceswap-workshop.log").read_text() + "\n".join(vm.calls())
    assert len(secret) > 60 and secret[:40] not in written and "PRIVATE KEY" not in written
    first, folder = (keys / "cluster.key").read_text(), keys.stat().st_ino
    vm.ready(*ROLES["scheduler"], "--only", "cluster")
    assert (keys / "cluster.key").read_text() == first
    shutil.copy(keys / "cluster.pem", keys / "ca.pem")  # of another authority now
    assert "a certificate in" in vm.ready(*ROLES["scheduler"], "--only", "cluster").split("done: ")[1]
    assert (keys / "cluster.key").read_text() != first and keys.stat().st_ino == folder, "workers have it mounted"
    step = vm.clone / "setup/vm/steps/cluster.sh"
    step.write_text(step.read_text().replace("-days 90", "-days 1"))
    (keys / "cluster.key").unlink()
    assert "did not come true" in vm.refuses(*ROLES["scheduler"], "--only", "cluster"), "one that has run out tomorrow"


@on_linux
def test_workers_mount_what_is_exported_to_them_alone(tmp_path):
    vm = machine(tmp_path / "scheduler")
    vm.ready(*ROLES["scheduler"], "--only", "cluster")
    shared, keys = vm.clone / "workdir", vm.root / "etc/faceswap-workshop/cluster"
    who = f"sync,no_subtree_check,all_squash,anonuid={os.getuid()},anongid={os.getgid()}"
    exports = (vm.root / "etc/exports.d/faceswap.exports").read_text()
    assert exports == f"{shared} {RANGE}(rw,{who})\n{keys} {RANGE}(ro,{who})\n"
    assert "exportfs -ra" in vm.calls()
    other = machine(tmp_path / "worker")
    other.ready(*ROLES["worker"])
    script = shlex.split(settings(other, "worker")["ExecStartPre"].removeprefix("+").replace("$$", "$"))
    assert script[:2] == ["/bin/sh", "-c"]
    other.tool("mountpoint", "[[ -e $state/mounted.${2##*/} ]]")
    other.tool("mount", "last=${!#}; touch $state/mounted.${last##*/}")
    for _ in range(2):
        assert subprocess.run(["/bin/sh", *script[1:]], env={"PATH": str(other.bin)}).returncode == 0
    mounts = [call.split() for call in other.calls() if call.startswith("mount ")]
    places = [str(other.clone / "workdir"), str(other.root / "etc/faceswap-workshop/cluster")]
    assert [call[-2:] for call in mounts] == [[f"{ADDRESS}:{place}", place] for place in places], "once each"
    assert all(Path(place).is_dir() and not [*Path(place).iterdir()] for place in places)
    assert all(
        {"vers=4.2", "nosuid", "nodev", "noexec"} <= set(call[call.index("-o") + 1].split(",")) for call in mounts
    )
    assert not any(re.match(r"chown .*/workdir", call) for call in other.calls()), "it is the scheduler's"
    other.tool("mountpoint", "false")
    other.tool("mount", "exit 32")
    assert subprocess.run(["/bin/sh", *script[1:]], env={"PATH": str(other.bin)}).returncode, "and Dask is not started"


@on_linux
@pytest.mark.parametrize(
    "options",
    [
        ["--scheduler", "203.0.113.7"],
        ["--scheduler", "tls://10.42.1.10"],
        ["--scheduler", "10.42.1.10;reboot"],
        ["--workers", RANGE],
        ["--scheduler", ADDRESS, "--workers", "0.0.0.0/0"],
        ["--scheduler", ADDRESS, "--workers", "10.42.2.0"],
        ["--scheduler", ADDRESS, "--hub", "3"],
    ],
)
def test_wrong_options(tmp_path, options):
    vm = machine(tmp_path)
    assert "--help" in vm.refuses(*options, status=2) and not (vm.root / "var/log").exists()


# The units


@with_systemd
@pytest.mark.parametrize("role", ROLES)
def test_units_are_understood_and_hardened(tmp_path, role):
    vm = machine(tmp_path)
    vm.ready(*ROLES[role])
    unit = vm.root / f"etc/systemd/system/faceswap-{role}.service"
    assert "@" not in re.sub(r"@(system-service|pkey|privileged)\b|between @ and", "", unit.read_text())
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    found = settings(vm, role)
    unit.write_text(unit.read_text().replace(f"User={test_vm.ME}", "User=faceswap"))
    judge = ["systemd-analyze", "security", "--offline=true", "--no-pager", unit]
    judged = subprocess.run(judge, capture_output=True, text=True)
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout)[1]) < 1.7
    assert (found["User"], found["IPAddressDeny"], found["NoNewPrivileges"]) == (test_vm.ME, "any", "yes")
    assert found["IPAddressAllow"] == f"localhost {ADDRESS}" + (f" {RANGE}" if role == "scheduler" else "")


@on_linux
@pytest.mark.parametrize("role", ROLES)
def test_dask_knows_every_option_and_speaks_tls_alone(tmp_path, role):
    vm = machine(tmp_path)
    vm.ready(*ROLES[role])
    command = shlex.split(settings(vm, role)["ExecStart"])
    assert command[:2] == [str(vm.clone / ".venv/bin/dask"), role] and command[command.index("--protocol") + 1] == "tls"
    help_ = subprocess.run([*command[:2], "--help"], capture_output=True, text=True, check=True).stdout
    options = [word for word in command[2:] if word.startswith("--")]
    assert [option for option in options if not re.search(rf"(?<![\w-]){option}\b(?!-)", help_)] == []
    assert not re.search(r"(?<!t)cp://|0\.0\.0\.0|/::", " ".join(command))
    assert command[command.index("--host") + 1] == {"scheduler": ADDRESS, "worker": OWN}[role]
    if role == "worker":
        assert command[2] == f"tls://{ADDRESS}:8786" and command[command.index("--nworkers") + 1] == "4", "of 8 threads"
    dask = yaml.safe_load((vm.root / "etc/dask/faceswap.yaml").read_text())["distributed"]
    assert dask["comm"]["require-encryption"] is True
    assert dask["scheduler"]["http"]["routes"] == dask["worker"]["http"]["routes"] == []


# Their commands, on this machine


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[tuple[str, dict, list[psutil.Process]]]:
    """The units' own commands, here: the scheduler's address, an environment with the keys, all processes."""
    folder = tmp_path_factory.mktemp("cluster")
    vm = machine(folder)
    vm.ready(*ROLES["scheduler"])
    commands = {"scheduler": settings(vm, "scheduler")["ExecStart"]}
    vm.ready(*ROLES["worker"], "--only", "cluster")
    commands["worker"] = settings(vm, "worker")["ExecStart"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    here = {
        role: shlex.split(re.sub(f"{ADDRESS}|{OWN}", "127.0.0.1", text).replace("8786", port))
        for role, text in commands.items()
    }
    here["worker"][here["worker"].index("--nworkers") + 1] = "1"
    environment = os.environ | {"DASK_ROOT_CONFIG": str(vm.root / "etc/dask"), "PYTHONPATH": str(ROOT)}
    running = []
    with (folder / "said").open("w") as said:
        for role in ("scheduler", "worker", "worker"):
            running.append(psutil.Popen(here[role], env=environment, stdout=said, stderr=said, cwd=folder))
        try:
            until = time.monotonic() + 300
            while (folder / "said").read_text().count("Register worker") < 2:
                assert time.monotonic() < until, (folder / "said").read_text()
                time.sleep(0.5)
            family = [each for one in running for each in (one, *one.children(recursive=True))]
            yield f"tls://127.0.0.1:{port}", environment, family
        finally:
            for one in running:
                one.terminate()
            for one in running:
                one.wait(30)
    assert "PRIVATE KEY" not in (folder / "said").read_text()


@on_linux
def test_it_extracts_what_one_process_does(cluster, short, facesets, tmp_path):
    address, environment, _ = cluster
    command = [sys.executable, "-m", "faceswap_lib", "extract", short["a"], "--profile", "smoke", "--dask", address]
    done = subprocess.run([*command, "--faces", tmp_path / "a"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {path.name for path in facesets["a"].iterdir()} and len(names) > 20
    for name in names - {"faces.json"}:
        assert (tmp_path / "a" / name).read_bytes() == (facesets["a"] / name).read_bytes(), name
    assert "does not begin with tls" not in done.stderr


@on_linux
def test_the_readmes_line_counts_the_workers_processes(cluster):
    address, environment, _ = cluster
    (line,) = re.findall(
        r"^\.venv/bin/python -c (.*)$", (ROOT / "setup/oci/README.md").read_text("utf-8"), re.MULTILINE
    )
    code = shlex.split(line)[0].replace(f"tls://{ADDRESS}:8786", address)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300)
    assert done.stdout == "2\n", done.stderr


def refused(address: str, environment: dict, tmp_path: Path, short: dict) -> str:
    """What --dask says of a scheduler that sends one away."""
    command = [sys.executable, "-m", "faceswap_lib", "extract", short["a"], "--profile", "smoke", "--dask", address]
    done = subprocess.run([*command, "--faces", tmp_path / "a"], env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and not (tmp_path / "a").exists()
    return done.stderr


@on_linux
def test_without_its_certificate_nobody_gets_in(cluster, short, tmp_path):
    address, environment, _ = cluster
    without = environment | {"DASK_ROOT_CONFIG": str(tmp_path / "none")}
    assert "Dask has no keys for it" in refused(address, without, tmp_path, short)
    assert "No scheduler answers" in refused(address.replace("tls:", "tcp:"), without, tmp_path, short)
    other = Security.temporary()
    (tmp_path / "ca.pem").write_text(other.tls_ca_file)
    (tmp_path / "key").write_text(other.tls_client_key)
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    names = {"CA_FILE": "ca.pem", "CLIENT__CERT": "ca.pem", "CLIENT__KEY": "key"}
    strange = without | {f"{tls}{name}": str(tmp_path / file) for name, file in names.items()}
    assert "No scheduler answers" in refused(address, strange, tmp_path, short)


@on_linux
def test_every_port_asks_for_the_certificate_or_shows_no_page(cluster):
    _, environment, family = cluster
    listening = {c.laddr for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert {where.ip for where in listening} == {"127.0.0.1"}, "the address that each was told, or this machine's own"
    keys = Path(environment["DASK_ROOT_CONFIG"]).parent / "faceswap-workshop/cluster"
    opened = {True: 0, False: 0}
    for where in listening:
        for certified in opened:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.maximum_version = ssl.TLSVersion.TLSv1_2  # there a missing certificate ends the handshake itself
            if certified:
                context.load_cert_chain(keys / "cluster.pem", keys / "cluster.key")
            with suppress(OSError), socket.create_connection(where, 5) as one, context.wrap_socket(one):
                opened[certified] += 1
        with suppress(OSError), socket.create_connection(where, 5) as one:
            one.sendall(b"GET /info/main/workers.html HTTP/1.0\r\n\r\n")
            assert not one.recv(99).startswith(b"HTTP/1.1 200"), where
    assert opened == {True: 5, False: 0}, "the scheduler, two workers, and who looks after each"


@on_linux
@pytest.mark.parametrize("role", ROLES)
def test_without_keys_none_of_them_starts(tmp_path, role):
    vm = machine(tmp_path)
    vm.ready(*ROLES[role], "--only", "cluster")
    command = shlex.split(re.sub(f"{ADDRESS}|{OWN}", "127.0.0.1", settings(vm, role)["ExecStart"]).replace("8786", "0"))
    environment = os.environ | {"DASK_ROOT_CONFIG": str(tmp_path / "none")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode and "TLS expects a `ssl_context`" in done.stderr
