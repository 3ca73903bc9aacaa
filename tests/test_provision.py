"""Lab 1: Oracle's real SDK against a stand-in of its cloud, the verdicts, and the lines for Terraform."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cloud_stand_in import ADS, TENANCY, USER, Cloud, closed_port, running, write_config

from faceswap_lib import UserError, provision
from faceswap_lib.cloud import bill, oracle

FACTS = bill.cloud()
VM = {
    "shape": "VM.GPU.A10.1",
    "canonicalRegionName": "eu-frankfurt-1",
    "region": "eu-frankfurt-1",
    "availabilityDomain": ADS[0],
    "image": "ocid1.image.oc1..aaaaaabcdef",
}


def places(address: str) -> oracle.Places:
    """The stand-in in place of Oracle, of the metadata service and of the price list."""
    return oracle.Places(address, f"{address}/opc/v2/instance/", f"{address}/prices")


@pytest.fixture
def key(tmp_path) -> Path:
    """A public SSH key beside its private half."""
    (tmp_path / "id").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    (tmp_path / "id").chmod(0o600)
    (tmp_path / "id.pub").write_text(f"ssh-ed25519 {'A' * 68} me@laptop\n")
    return tmp_path / "id.pub"


@pytest.fixture
def ask(tmp_path, key):
    """A plan made against a stand-in cloud with some things changed; settings are provision's own."""

    def plan(cloud: Cloud, config: Path | None = None, **settings) -> provision.Plan:
        with running(cloud):
            settings = {"ssh_key": key, "config": config or write_config(tmp_path), **settings}
            return provision.provision(places=places(cloud.address), **settings)

    return plan


def row(plan: provision.Plan, what: str) -> provision.Row:
    """The one verdict on a thing."""
    (found,) = [r for r in plan.rows if r.what == what]
    return found


def test_an_account_with_enough_of_everything_is_ok_in_every_row_but_the_address(ask):
    cloud = Cloud()
    plan = ask(cloud, learners=20, hours=3)
    names = [
        "here",
        "account",
        "region",
        "shape",
        "limit gpu-a10-count",
        "hosts",
        "image",
        "boot volume",
        "price",
        "Stop",
        "SSH key",
    ]
    assert [(r.what, r.verdict) for r in plan.rows] == [*((name, "OK") for name in names), ("your address", "WARN")]
    assert plan.ready and not plan.recorded and plan.domain == ADS[0] and plan.region == "eu-frankfurt-1"
    assert row(plan, "account").found == "test-school, as teacher@test.example"
    assert row(plan, "limit gpu-a10-count").found == "20 needed; left: 20 in AD-1, 0 in AD-2"
    assert "aarch64" not in row(plan, "image").found
    assert len(cloud.asked) == 5 + 2 * 3 + 3 + 1, "no question is asked twice"


def test_every_question_to_the_account_is_signed_and_none_of_the_others(ask):
    cloud = Cloud()
    ask(cloud)
    for _, path, _, headers in cloud.asked:
        if path in ("/prices", "/opc/v2/instance/"):
            assert "Signature" not in headers.get("authorization", "")
        else:  # the stand-in has verified the signature itself; here only that it is there
            assert f'keyId="{TENANCY}/{USER}/' in headers["authorization"] and 'version="1"' in headers["authorization"]


FAULTS = [
    ("no host is free", "hosts", "FAIL", "another hour", {"capacity": dict.fromkeys(ADS, "OUT_OF_HOST_CAPACITY")}),
    ("no such hardware", "hosts", "FAIL", "another region", {"capacity": dict.fromkeys(ADS, "HARDWARE_NOT_SUPPORTED")}),
    ("limit 0", "limit gpu-a10-count", "FAIL", "limit increase", {"limits": dict.fromkeys(ADS, 0)}),
    ("a limit over two domains", "limit gpu-a10-count", "WARN", "spread = true", {"limits": {ADS[0]: 2, ADS[1]: 1}}),
    ("limit here, hosts there", "hosts", "WARN", "both", {"limits": {ADS[0]: 0, ADS[1]: 9}}),
    ("not offered", "shape", "FAIL", "another shape", {"shapes": {ad: [] for ad in ADS}}),
    ("wrong region", "region", "FAIL", "subscribe", {"regions": {"us-ashburn-1": True}}),
    ("a region on its way", "region", "WARN", "Wait", {"status": "IN_PROGRESS"}),
    ("no image", "image", "FAIL", "another os", {"images": ("Canonical-Ubuntu-24.04-aarch64-2026",)}),
    ("billed while stopped", "Stop", "WARN", "terraform destroy", {"billed_when_stopped": True}),
    (
        "no rights to limits",
        "limit gpu-a10-count",
        "WARN",
        "read resource-availability",
        {"broken": {"resourceAvailability": (404, "NotAuthorizedOrNotFound")}},
    ),
    (
        "no rights to capacity",
        "hosts",
        "WARN",
        "manage compute-capacity-reports",
        {"broken": {"computeCapacityReports": (404, "NotAuthorizedOrNotFound")}},
    ),
    (
        "no rights to the user",
        "account",
        "WARN",
        "inspect users",
        {"broken": {"/users/": (404, "NotAuthorizedOrNotFound")}},
    ),
    ("too many questions", "image", "WARN", "wait a minute", {"broken": {"/images": (429, "TooManyRequests")}}),
    ("Oracle's own fault", "shape", "WARN", "ocistatus", {"broken": {"/shapes": (503, "ServiceUnavailable")}}),
]


@pytest.mark.parametrize(("name", "what", "verdict", "says", "change"), FAULTS, ids=[f[0] for f in FAULTS])
def test_each_fault_has_its_row_and_its_remedy_and_hides_no_other(ask, name, what, verdict, says, change):
    plan = ask(Cloud(**change), learners=3)
    assert row(plan, what).verdict == verdict and says in row(plan, what).remedy
    followers = {"hosts"} if what.startswith("limit") or what == "shape" else set()
    others = {r.what: r.verdict for r in plan.rows if r.what not in {what, "your address", *followers}}
    assert set(others.values()) == {"OK"}, others


def test_an_expired_key_is_told_in_every_row_and_its_remedy_once(ask):
    refused = {"/2": (401, "NotAuthenticated")}
    plan = ask(Cloud(broken=refused))
    assert row(plan, "account").verdict == "FAIL" and "NotAuthenticated (401)" in row(plan, "account").found
    assert "API keys" in row(plan, "account").remedy and "clock" in row(plan, "account").remedy
    for what in ("region", "shape", "limit gpu-a10-count", "hosts", "image"):
        assert row(plan, what).verdict == "WARN" and row(plan, what).remedy in ("as above", "")
    assert row(plan, "price").verdict == row(plan, "SSH key").verdict == "OK" and not plan.ready


def test_a_key_that_the_account_does_not_have_is_refused_by_the_signature_itself(ask, tmp_path):
    config = write_config(tmp_path, fingerprint=":".join(["cd"] * 16))
    assert "(401)" in row(ask(Cloud(), config), "account").found


def test_an_oracle_that_cannot_be_reached_is_said_soon(tmp_path, key):
    start = time.monotonic()
    plan = provision.provision(ssh_key=key, config=write_config(tmp_path), places=places(closed_port()))
    assert time.monotonic() - start < 5
    assert row(plan, "account").verdict == "FAIL" and "cannot be reached" in row(plan, "account").found
    assert "network" in row(plan, "account").remedy
    assert row(plan, "price").verdict == "WARN" and "2026-09-24" in row(plan, "price").found
    assert not plan.price.live and plan.price == bill.recorded("VM.GPU.A10.1")


def test_an_oracle_that_never_answers_is_given_up(tmp_path, key, monkeypatch):
    monkeypatch.setattr(oracle, "PATIENCE", 0.5)
    with socket.socket() as silent:  # it takes the connection, and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        start = time.monotonic()
        plan = provision.provision(ssh_key=key, config=write_config(tmp_path), places=places(address))
    assert time.monotonic() - start < 5
    assert row(plan, "account").verdict == "FAIL" and "no answer" in row(plan, "account").found


FREE = {"shapes": {ad: ["VM.Standard.A1.Flex"] for ad in ADS}, "images": ("Canonical-Ubuntu-24.04-aarch64-2026",)}
CORES = {"standard-a1-core-count": 2, "standard-a1-memory-count": 12}


def test_a_flexible_shape_is_asked_for_with_its_size_and_needs_all_its_limits(ask):
    plan = ask(Cloud(**FREE, limits=dict.fromkeys(ADS, CORES)), shape="VM.Standard.A1.Flex", today=False)
    assert plan.ready and plan.domain == ADS[0] and row(plan, "hosts").verdict == "OK"
    short = CORES | {"standard-a1-memory-count": 6}
    plan = ask(Cloud(**FREE, limits={ADS[0]: short, ADS[1]: short}), shape="VM.Standard.A1.Flex", today=False)
    assert row(plan, "limit standard-a1-core-count").verdict == "OK" and plan.domain == ""
    assert row(plan, "limit standard-a1-memory-count").verdict == "WARN" and plan.spread
    nothing = CORES | {"standard-a1-memory-count": 0}
    plan = ask(Cloud(**FREE, limits={ADS[0]: nothing, ADS[1]: nothing}), shape="VM.Standard.A1.Flex", learners=2)
    assert row(plan, "limit standard-a1-memory-count").verdict == "FAIL" and not plan.spread


def test_what_is_free_is_free_in_the_home_region_only(ask, tmp_path):
    abroad = write_config(tmp_path, "eu-amsterdam-1")
    plan = ask(Cloud(**FREE, limits=dict.fromkeys(ADS, CORES)), abroad, shape="VM.Standard.A1.Flex")
    assert row(plan, "region").verdict == "FAIL" and "home region only" in row(plan, "region").remedy
    assert row(ask(Cloud(), abroad), "region").verdict == "OK"


def test_the_config_may_lie_where_oracles_own_tools_look(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("OCI_CONFIG_FILE", str(write_config(tmp_path)))
    with running(Cloud()) as cloud:
        plan = provision.provision(places=places(cloud.address))
    assert "test-school" in row(plan, "account").found and plan.config == str(tmp_path / "config")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"region": ""}, "region missing"),
        ({"fingerprint": "12:34"}, "fingerprint malformed"),
        ({"key_file": "/nowhere/key.pem"}, "key_file"),
        ({"key_file": __file__}, "no PEM key"),
    ],
)
def test_a_broken_config_is_told_and_the_rest_is_still_looked_at(ask, tmp_path, monkeypatch, change, says):
    monkeypatch.delenv("OCI_REGION", raising=False)
    plan = ask(Cloud(), write_config(tmp_path, **change))
    assert row(plan, "account").verdict == "FAIL" and says in row(plan, "account").found
    assert "API keys" in row(plan, "account").remedy
    assert row(plan, "hosts").verdict == "WARN" and row(plan, "price").verdict == row(plan, "SSH key").verdict == "OK"


@pytest.mark.parametrize("content", [b"hello", b"[OTHER]\nuser=me\n", b"\xff\xfe\x00", b""])
def test_a_file_that_is_no_config_is_told(ask, tmp_path, content):
    (tmp_path / "config").write_bytes(content)
    found = row(ask(Cloud(), tmp_path / "config"), "account")
    assert found.verdict == "FAIL" and "the config: " in found.found and "Traceback" not in found.found


def test_without_an_account_the_answers_are_examples_and_say_so(tmp_path, key):
    plan = provision.provision(learners=20, ssh_key=key, config=tmp_path / "none", places=places(closed_port()))
    found = row(plan, "account")
    assert found.verdict == "WARN" and f"recorded {plan.recorded}: not your account" in found.found
    assert "example" in found.found and not plan.ready and plan.domain == "" and plan.region == ""
    assert row(plan, "limit gpu-a10-count").verdict == "FAIL", "the example account has two"
    assert row(plan, "price").verdict == "OK" and "recorded 2026-09-24" in row(plan, "price").found
    lines = "\n".join(provision.commands(plan))
    assert "Exmp:" not in lines and "YOUR-REGION-1" in lines


def test_examples_are_never_a_plan_that_is_ready(tmp_path, key):
    plan = provision.provision(ssh_key=key, config=tmp_path / "none", places=places(closed_port()))
    assert not [r for r in plan.rows if r.verdict == "FAIL"] and not plan.ready


def test_without_an_account_nobody_is_asked(tmp_path, key):
    cloud = Cloud()
    with running(cloud):
        provision.provision(ssh_key=key, config=tmp_path / "none", places=places(cloud.address))
        assert [path for _, path, _, _ in cloud.asked] == ["/opc/v2/instance/"]  # this machine, asked about itself
        plan = provision.provision(ssh_key=key, config=tmp_path / "none", today=True, places=places(cloud.address))
    assert plan.price.live and plan.price.vm == 3.25 and row(plan, "price").found == "$ 3.250 an hour each, today"


@pytest.mark.parametrize("shape", FACTS["shapes"])
def test_the_examples_answer_for_every_shape(shape, tmp_path, key):
    plan = provision.provision(shape, ssh_key=key, config=tmp_path / "none", places=places(closed_port()))
    assert not [r for r in plan.rows if "not known" in r.found]
    assert all(r.remedy for r in plan.rows if r.verdict != "OK")
    assert plan.billed_when_stopped == FACTS["shapes"][shape]["billed_when_stopped"]


def test_on_a_vm_it_says_where(ask):
    found = row(ask(Cloud(metadata=VM)), "here").found
    assert found == "a VM of Oracle Cloud: VM.GPU.A10.1 in eu-frankfurt-1, EU-FRANKFURT-1-AD-1, image …abcdef"


def test_importing_the_lab_does_not_load_the_sdk():
    code = "import sys; from faceswap_lib import provision; sys.exit('oci' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("content", "mode", "verdict", "says"),
    [
        (None, 0o600, "FAIL", "ssh-keygen -t ed25519"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", 0o600, "FAIL", ".pub"),
        ("hello", 0o600, "FAIL", "ssh-keygen"),
        ("ssh-ed25519 AAAA me", 0o644, "FAIL", "chmod 600"),
        ("ssh-ed25519 AAAA me", 0o640, "FAIL", "chmod 600"),
        ("ssh-rsa AAAA me", 0o600, "WARN", "ed25519"),
    ],
)
def test_the_ssh_key_is_looked_at(key, content, mode, verdict, says):
    key.with_suffix("").chmod(mode)
    key.unlink() if content is None else key.write_text(content)
    plan = provision.provision(ssh_key=key, config=key.parent / "none", places=places(closed_port()))
    assert row(plan, "SSH key").verdict == verdict and says in row(plan, "SSH key").remedy
    assert any("SSH key" in line for line in provision.commands(plan)[:1]) == (verdict == "FAIL")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"shape": "VM.GPU.H200"}, "VM.GPU.A10.1"),
        ({"learners": 0}, "1 to 50"),
        ({"learners": 51}, "1 to 50"),
        ({"learners": 1.5}, "1 to 50"),
        ({"hours": 0}, "above 0"),
        ({"hours": float("inf")}, "above 0, at most 8760"),
        ({"hours": float("nan")}, "above 0"),
        ({"hours": "long"}, "above 0"),
    ],
)
def test_wrong_arguments_are_refused(settings, says):
    with pytest.raises(UserError, match=says):
        provision.provision(**settings)


def test_the_lines_set_the_variables_of_the_stack_and_end_with_its_end(ask, tmp_path):
    plan = ask(Cloud(), learners=7)
    lines = provision.commands(plan)
    set_here = {line.split(" = ")[0] for line in lines if " = " in line}
    hcl2 = pytest.importorskip("hcl2")
    with open(Path(provision.__file__).parents[1] / provision.STACK / "variables.tf") as f:
        known = {name.strip('"'): about for each in hcl2.load(f)["variable"] for name, about in each.items()}
    assert set_here <= set(known)
    assert {name for name, about in known.items() if "default" not in about} <= set_here
    assert "terraform" in lines[-1] and "destroy" in lines[-1] and "apply" in "".join(lines)
    assert "learners = 7" in lines and f'availability_domain = "{ADS[0]}"' in lines
    assert TENANCY not in "\n".join(lines), "an account's number is read when the line runs, not printed"
    assert not [line for line in lines if "BEGIN" in line or "ssh-ed25519" in line]


def test_a_class_is_spread_only_where_no_domain_has_the_limit_for_all(ask):
    for limits, wanted in (((2, 1), True), ((3, 0), False), ((1, 1), False), ((9, 9), False)):
        plan = ask(Cloud(limits=dict(zip(ADS, limits, strict=True))), learners=3)
        assert plan.spread is wanted and ("spread = true" in provision.commands(plan)) is wanted


def test_the_shell_takes_the_lines_as_they_are(ask, tmp_path, key):
    lines = provision.commands(ask(Cloud(), learners=2))
    end = lines.index("END")
    script = "\n".join(lines[: end + 1]).replace(provision.STACK, str(tmp_path))
    subprocess.run(["bash", "-eu", "-c", script], check=True, cwd=tmp_path, env=os.environ | {"HOME": str(tmp_path)})
    written = dict(line.split(" = ", 1) for line in (tmp_path / "terraform.tfvars").read_text().splitlines())
    assert written["tenancy_ocid"] == f'"{TENANCY}"' and written["learners"] == "2"
    assert written["ssh_public_key"] == f'"{key.read_text().strip()}"'


def test_nothing_secret_is_shown(ask):
    plan = ask(Cloud(metadata=VM))
    shown = "\n".join(f"{r.found} {r.remedy}" for r in plan.rows)
    assert "ocid1." not in shown and "PRIVATE" not in shown and "A" * 68 not in shown


def test_a_part_that_is_gone_from_the_list_is_said(ask):
    plan = ask(Cloud(prices={}))
    found = row(plan, "price")
    assert found.verdict == "WARN" and "no B95909" in found.found and "price-list" in found.remedy


def test_the_accounts_own_answer_outweighs_the_page(ask):
    told, page = ask(Cloud(billed_when_stopped=True)).costs, ask(Cloud()).costs
    assert told[1].all == told[2].all and page[1].all < page[2].all
    v100 = {"shapes": {ad: ["VM.GPU3.1"] for ad in ADS}}
    assert not ask(Cloud(**v100, billed_when_stopped=False), shape="VM.GPU3.1", today=False).billed_when_stopped
