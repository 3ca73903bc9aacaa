"""The Terraform stack in setup/oci: its rules run by Terraform, its names held against Oracle's SDK, its first boot."""

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import hcl2
import oci
import pytest
import yaml

ROOT = Path(__file__).parents[2]
STACK = ROOT / "setup/oci"
ENVIRONMENT = {**os.environ, "TF_IN_AUTOMATION": "1", "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
SHAPES = json.loads((ROOT / "faceswap_lib/cloud/prices.json").read_text("utf-8"))["shapes"]
SCHEMA = yaml.safe_load((STACK / "schema.yaml").read_text("utf-8"))
NAMES = [
    f"Canonical-Ubuntu-{version}{variant}-{date}"
    for date in ("2026.10.31-0", "2026.09.30-0")
    for version in ("22.04", "24.04")
    for variant in ("-Minimal-aarch64", "-aarch64", "-Minimal", "")
]
NAMES += [
    f"Oracle-Linux-{version}{variant}-{date}"
    for date in ("2026.10.31-0", "2026.09.30-0")
    for version in ("8.10", "9.6")
    for variant in ("-aarch64", "-Gen2-GPU-aarch64", "-Gen2-GPU", "")
]
# What data.tf and compute.tf would know.
STAND_IN = """
variable "offered" { type = map(list(string)) }
variable "images" { type = list(string) }
locals {
  offered   = var.offered
  images    = [for name in var.images : { id = "ocid1.image.oc1..${name}", display_name = name }]
  addresses = [for i in range(local.machines) : "203.0.113.${i + 1}"]

  worker_images    = local.images
  worker_addresses = [for i in range(var.workers) : "10.42.2.${i + 2}"]
}
output "test" {
  value = { for name, value in {
    image = try(local.image.display_name, null), placement = local.placement, keys = local.keys, names = local.names,
    boot_volume_gb = local.boot_volume_gb, tags = local.tags, user_data = local.user_data, flexible = local.flexible,
    worker_user_data = local.worker_user_data, worker_placement = local.worker_placement, openings = local.openings,
    worker_image = try(local.worker_image.display_name, null), worker_names = local.worker_names, count = local.cluster,
  } : name => jsonencode(value) }
}
"""


def tool(name: str) -> str:
    """Where a program is that a test needs; skips the test where there is none."""
    found = shutil.which(name) or shutil.which(name, path=Path(sys.executable).parent)
    return found or pytest.skip(f"{name} is not installed")


def run(*command: object, **options) -> subprocess.CompletedProcess:
    """A command's result, output captured."""
    return subprocess.run([*map(str, command)], capture_output=True, text=True, **{"env": ENVIRONMENT, **options})


def put(path: Path, script: str):
    """A program of one line, in place of the real one."""
    path.write_text(f"#!/usr/bin/env bash\n{script}\n", "utf-8")
    path.chmod(0o755)


def plain(part):
    """What python-hcl2 read, without its quotes and its own marks."""
    if isinstance(part, dict):
        return {key.strip('"'): plain(value) for key, value in part.items() if not key.startswith("__")}
    if isinstance(part, list):
        return [plain(value) for value in part]
    return part.strip('"') if isinstance(part, str) else part


@cache
def blocks(kind: str) -> dict:
    """All blocks of a kind (variable, output, resource, data): {name or (type, name): content}."""
    found = {}
    for path in sorted(STACK.glob("*.tf")):
        for block in plain(hcl2.loads(path.read_text("utf-8"))).get(kind, []):
            for name, content in block.items():
                two = kind in ("resource", "data")
                found |= {(name, second): inner for second, inner in content.items()} if two else {name: content}
    return found


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFV5jStm4mmgOO2OesOpAUDMoynyePFt82zK+1HsIoxC learner"
PRIVATE = "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA"
GOOD = {
    "tenancy_ocid": "ocid1.tenancy.oc1..aaaaexample",
    "compartment_ocid": "ocid1.compartment.oc1..aaaaexample",
    "region": "eu-frankfurt-1",
    "until": "2026-12-24",
    "ssh_from": "203.0.113.7/32",
    "ssh_public_key": KEY,
    "repository": "https://git.example.org/class/faceswap.git",
}
WORKERS = ["VM.Standard.E5.Flex", "VM.Standard.E4.Flex"]
OFFERED = {f"Uocm:FRA-AD-{i}": [*SHAPES, *WORKERS] if i > 1 else ["VM.Standard.E2.1.Micro"] for i in (3, 1, 2)}
REGION = {"offered": OFFERED, "images": NAMES}


@pytest.fixture(scope="module")
def twin(tmp_path_factory) -> Path:
    """The stack without its provider's resources, which Terraform plans with no network."""
    folder = tmp_path_factory.mktemp("stack")
    for name in ("variables.tf", "locals.tf", "checks.tf", "outputs.tf", "cloud-init.yaml"):
        shutil.copy(STACK / name, folder)
    (folder / "stand_in.tf").write_text(STAND_IN, "utf-8")
    assert run(tool("terraform"), "init", "-backend=false", cwd=folder).returncode == 0
    return folder


@pytest.fixture(scope="module")
def plan(twin):
    """plan(variable=value, …): the plan's outputs, or the reason why Terraform refuses, as one line."""

    def planned(text: str | None = None, **changes):
        values = {**GOOD, **REGION, **changes} if text is None else REGION
        (twin / "own.tfvars.json").write_text(json.dumps({k: v for k, v in values.items() if v != "absent"}), "utf-8")
        (twin / "text.tfvars").write_text(text or "", "utf-8")
        files = "-var-file=text.tfvars", "-var-file=own.tfvars.json"
        done = run(tool("terraform"), "plan", "-input=false", "-no-color", "-out=plan", *files, cwd=twin)
        if done.returncode:
            return " ".join(re.sub(r"[│╷╵]", " ", done.stderr).split())
        shown = json.loads(run(tool("terraform"), "show", "-json", "plan", cwd=twin).stdout)
        values = {name: output["value"] for name, output in shown["planned_values"]["outputs"].items()}
        return values | {name: json.loads(value) for name, value in values.pop("test").items()}

    return planned


def test_every_variable_and_output_says_what_it_is():
    assert set(GOOD) == {name for name, content in blocks("variable").items() if "default" not in content}
    for name, content in blocks("variable").items():
        assert len(content["description"]) > 20 and content["type"] and content["validation"], name
        for rule in content["validation"]:
            assert rule["error_message"].startswith(name) and rule["error_message"].endswith((".", ").")), name
            assert set(re.findall(r"var\.(\w+)", rule["condition"])) == {name}, "Terraform 1.5 sees no second variable"
    assert blocks("output") and all(len(content["description"]) > 20 for content in blocks("output").values())


def test_references_lead_somewhere():
    texts = "\n".join(re.sub(r"(^|\s)#.*", "", path.read_text("utf-8")) for path in STACK.glob("*.tf"))
    known = {("var", name) for name in blocks("variable")} | set(blocks("resource"))
    known |= {("local", name) for name in re.findall(r"^  (\w+) += ", texts, re.MULTILINE)}
    used = set(re.findall(r"(?<![\w.])(var|local|oci_\w+|terraform_data)\.(\w+)", texts))
    assert used <= known
    assert {name for kind, name in used if kind == "var"} == set(blocks("variable")), "a variable that nothing reads"
    assert set(re.findall(r"data\.(oci_\w+)\.(\w+)", texts)) == set(blocks("data"))


MODELS = {
    "vcn": "CreateVcn",
    "internet_gateway": "CreateInternetGateway",
    "nat_gateway": "CreateNatGateway",
    "route_table": "CreateRouteTable",
    "default_security_list": "UpdateSecurityList",
    "subnet": "CreateSubnet",
    "instance": "LaunchInstance",
    "network_security_group": "CreateNetworkSecurityGroup",
    "network_security_group_security_rule": "AddSecurityRule",
}
TERRAFORM_ONLY = {"count", "for_each", "depends_on", "dynamic", "lifecycle", "manage_default_resource_id"}
RENAMED = {"enabled": "is_enabled", "source_id": "image_id"}
PROVIDERS_OWN = {
    "UpdateSecurityListDetails": {"compartment_id": "str"},
    "AddSecurityRuleDetails": {"network_security_group_id": "str"},
}
ABSTRACT = {"InstanceSourceDetails": "InstanceSourceViaImageDetails"}


def check_names(content: dict, model: str):
    """Every attribute is one of the SDK's model, every attribute it requires is there; the same for blocks inside."""
    details = getattr(oci.core.models, ABSTRACT.get(model, model))
    written = content | {name: inner["content"] for part in content.get("dynamic", []) for name, inner in part.items()}
    names = {RENAMED.get(name, name): value for name, value in written.items() if name not in TERRAFORM_ONLY}
    kinds = details().swagger_types
    kinds = kinds | PROVIDERS_OWN.get(model, {})
    assert set(names) <= set(kinds), model
    needed = {name for name in kinds if "[Required]" in (getattr(getattr(details, name, None), "__doc__", "") or "")}
    assert needed <= set(names), model
    for name, value in names.items():
        if isinstance(value, list) and isinstance(value[0], dict):
            check_names(value[0], re.sub(r"list\[(\w+)\]", r"\1", kinds[name]))


@pytest.mark.parametrize(("kind", "name"), [key for key in blocks("resource") if key[0] != "terraform_data"])
def test_attributes_are_those_of_oracles_sdk(kind, name):
    check_names(blocks("resource")[kind, name], MODELS[kind.removeprefix("oci_core_")] + "Details")


def test_ssh_from_the_class_is_the_only_way_in():
    rules = [rule for (kind, _), rule in blocks("resource").items() if kind.endswith("security_rule")]
    (inward,) = [rule for rule in rules if rule["direction"] == "INGRESS" and "for_each" not in rule]
    assert (inward["protocol"], inward["source"], inward["source_type"]) == ("6", "${var.ssh_from}", "CIDR_BLOCK")
    assert inward["tcp_options"] == [{"destination_port_range": [{"min": 22, "max": 22}]}]
    resources = blocks("resource")
    default = resources["oci_core_default_security_list", "empty"]
    assert not {"ingress_security_rules", "egress_security_rules"} & set(default)
    assert default["manage_default_resource_id"] == "${oci_core_vcn.workshop.default_security_list_id}"
    lists = resources["oci_core_subnet", "workshop"]["security_list_ids"]
    assert lists == ["${oci_core_default_security_list.empty.id}"]
    vnic = resources["oci_core_instance", "learner"]["create_vnic_details"][0]
    assert vnic["nsg_ids"] == ["${oci_core_network_security_group.workshop.id}"]
    assert not [kind for kind, _ in resources if kind == "oci_core_security_list"]


@pytest.mark.parametrize("name", ["learner", "worker"])
def test_machines_are_closed_where_oracle_leaves_them_open(name):
    instance = blocks("resource")["oci_core_instance", name]
    assert instance["instance_options"] == [{"are_legacy_imds_endpoints_disabled": True}]
    assert instance["is_pv_encryption_in_transit_enabled"] is True
    assert instance["launch_options"] == [{"is_pv_encryption_in_transit_enabled": True}]
    assert instance["agent_config"] == [{"is_monitoring_disabled": False, "is_management_disabled": True}]
    assert set(instance["metadata"]) == {"ssh_authorized_keys", "user_data"}


@pytest.mark.parametrize("name", ["learner", "worker"])
def test_a_new_image_in_the_catalogue_replaces_no_machine(name):
    lifecycle = blocks("resource")["oci_core_instance", name]["lifecycle"][0]
    assert lifecycle["ignore_changes"] == ["${source_details[0].source_id}"]


TAKEN = {
    "shape": [*SHAPES],
    "os": ["ubuntu-22.04", "ubuntu-24.04", "oracle-linux-8", "oracle-linux-9"],
    "learners": [1, 50],
    "boot_volume_gb": [None, 50, 32768],
    "worker_shape": WORKERS,
    "worker_ocpus": [1, 64],
    "worker_memory_gb": [4, 1024],
    "ssh_from": ["203.0.0.0/16", "198.51.100.0/24", "100.128.0.1/32", "172.32.0.0/16"],
    "ssh_public_key": [f"{KEY}\n", *(f"{kind} {'A' * 372}" for kind in ("ssh-rsa", "ecdsa-sha2-nistp256"))],
    "until": ["2028-02-29"],
    "availability_domain": ["", "Uocm:FRA-AD-2"],
    "repository": ["https://git.example.org:8443/a/b-c/kit_1.git"],
    "revision": ["v1.0", "feature/hub", "0123456789abcdef0123456789abcdef01234567"],
}
REFUSED = {  # variable: [(its error message, values)]
    "tenancy_ocid": [("is not a tenancy's OCID", ["ocid1.compartment.oc1..aaaa", ""])],
    "compartment_ocid": [("is not a compartment's OCID", ["class"])],
    "region": [("is not a region identifier", ["Frankfurt", None])],
    "availability_domain": [("is neither empty nor a name", ["AD-1"])],
    "spread": [("is true or false", [None])],
    "hub": [("is true or false", [None])],
    "with_faceswap": [("is true or false", [None])],
    "workshop": [("has at most 15 small letters", ["", "Class", "1a", "class-", "a" * 16])],
    "until": [("is not a day of the calendar", ["2026-02-30", "24.12.2026", "2026-12-24T10:00", "", None])],
    "learners": [("is a whole number from 1 to 50", [0, 51, 1.5, None])],
    "shape": [("is one of", ["VM.GPU.A10.4", "BM.GPU.H100.8", "", None])],
    "a1_ocpus": [("is a whole number from 1 to 80", [0, 81])],
    "a1_memory_gb": [("is a whole number from 1 to 512", [0, 513])],
    "os": [("is one of", ["ubuntu-18.04", "ubuntu", "windows", None])],
    "boot_volume_gb": [("is null or a whole number from 50", [49, 32769, 60.5])],
    "workers": [("is a whole number from 0 to 20", [-1, 21, 1.5, None])],
    "worker_shape": [("is one of", ["VM.GPU.A10.1", "", None])],
    "worker_ocpus": [("is a whole number from 1 to 64", [0, 65, None])],
    "worker_memory_gb": [("is a whole number from 4 to 1024", [3, 1025, None])],
    "ssh_from": [
        ("is wider than /16", ["0.0.0.0/0", "203.0.0.0/15", "128.0.0.0/1"]),
        ("is not an IPv4 range", ["::/0", "2001:db8::1/128", "203.0.113.7", "203.0.113.256/32", "any", "", None]),
        ("does not begin its range", ["203.0.113.7/24"]),
        ("is an address inside your own", ["192.168.1.5/32", "10.0.0.1/32", "172.20.0.9/32", "100.64.0.1/32"]),
    ],
    "ssh_public_key": [
        ("holds a PRIVATE key", [PRIVATE]),
        ("is not one line that begins", ["ssh-dss AAAA", KEY[12:], f"{KEY}\n{KEY}", "~/.ssh/id_ed25519.pub", None]),
    ],
    "learner_keys": [("holds a PRIVATE key", [[KEY, PRIVATE]]), ("is a list of lines", [[KEY, "anna"], None])],
    "repository": [
        (
            "is not an https:// address",
            [
                "git@git.example.org:a/b.git",
                "http://git.example.org/a",
                "https://me:word@git.example.org/a",
                "https://git.example.org/a';reboot;'",
                "https://git.example.org/$(reboot)",
                None,
            ],
        )
    ],
    "revision": [("is not the name of a tag", ["", "-f", "a b", "a'b", None])],
    "jupyter_port": [("is a whole number from 1024 to 65535", [80, 65536])],
}
ROUNDS = {name: [(value, words) for words, values in cases for value in values] for name, cases in REFUSED.items()}


@pytest.mark.parametrize("turn", range(max(map(len, TAKEN.values()))))
def test_good_values_are_taken(plan, turn):
    planned = plan(**{name: values[turn % len(values)] for name, values in TAKEN.items()})
    assert isinstance(planned, dict), planned


@pytest.mark.parametrize("turn", range(max(map(len, ROUNDS.values()))))
def test_bad_values_are_refused_each_with_its_reason(plan, turn):
    bad = {name: cases[turn] for name, cases in ROUNDS.items() if turn < len(cases)}
    refusal = plan(**{name: value for name, (value, _) in bad.items()})
    assert [name for name, (_, words) in bad.items() if f"{name} {words}" not in refusal] == []
    assert refusal.count("Error:") >= len(bad)


def test_what_only_the_instructor_knows_has_no_default(plan):
    assert set(REFUSED) == set(blocks("variable"))
    refusal = plan(**dict.fromkeys(GOOD, "absent"))
    assert [name for name in GOOD if f'"{name}" is not set' not in refusal] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"offered": {}}, "No availability domain of eu-frankfurt-1 offers VM.GPU.A10.1"),
        ({"availability_domain": "Uocm:FRA-AD-1"}, "Uocm:FRA-AD-1 offers VM.GPU.A10.1 to this compartment"),
        ({"images": NAMES[:3]}, "No ubuntu-24.04 image fits VM.GPU.A10.1 in eu-frankfurt-1"),
        ({"shape": "VM.Standard.A1.Flex", "a1_ocpus": 1, "a1_memory_gb": 65}, "65 GB do not fit 1 processors"),
        ({"shape": "VM.Standard.A1.Flex", "a1_ocpus": 8, "a1_memory_gb": 6}, "6 GB do not fit 8 processors"),
        ({"learner_keys": [KEY] * 3}, "3 learner_keys for 2 learners"),
        ({"hub": True, "with_faceswap": True}, "with_faceswap is for one machine a learner"),
        ({"workers": 2}, "workers belong to one workshop machine"),
        ({"workers": 2, "learners": 1, "hub": True}, "workers belong to one workshop machine"),
        ({"workers": 2, "learners": 1, "worker_ocpus": 8}, "16 GB do not fit 8 processors"),
        ({"workers": 2, "learners": 1, "offered": {"Uocm:FRA-AD-1": [*SHAPES]}}, "offers VM.Standard.E5.Flex to this"),
        (
            {"workers": 2, "learners": 1, "shape": "VM.Standard.A1.Flex", "images": NAMES[1::4]},
            "image fits VM.Standard.E5",
        ),
        ({"hub": True, "learners": 50, "learner_keys": [f"ssh-rsa {'A' * 720}"] * 50}, "a machine takes 32000"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_made(plan, changes, words):
    refusal = plan(**{"learners": 2, **changes})
    assert refusal.count(words) == refusal.count("Resource precondition failed") == 1
    for name in ("learner", "worker"):
        assert blocks("resource")["oci_core_instance", name]["depends_on"] == ["${terraform_data.checks}"]


@pytest.mark.parametrize(
    ("os_", "shape", "image"),
    [
        ("ubuntu-24.04", "VM.GPU.A10.1", "Canonical-Ubuntu-24.04-2026.10.31-0"),
        ("ubuntu-22.04", "VM.Standard.A1.Flex", "Canonical-Ubuntu-22.04-aarch64-2026.10.31-0"),
        ("oracle-linux-8", "VM.GPU3.1", "Oracle-Linux-8.10-Gen2-GPU-2026.10.31-0"),
        ("oracle-linux-9", "VM.Standard.E2.1.Micro", "Oracle-Linux-9.6-2026.10.31-0"),
        ("oracle-linux-9", "VM.Standard.A1.Flex", "Oracle-Linux-9.6-aarch64-2026.10.31-0"),
    ],
)
def test_the_newest_image_that_fits(plan, os_, shape, image):
    planned = plan(os=os_, shape=shape)
    assert planned["image"] == image and planned["boot_volume_gb"] == (150 if SHAPES[shape]["cards"] else 50)
    assert planned["flexible"] == shape.endswith("Flex")
    assert ("billed until it is terminated" in planned["billing"]) == (shape == "VM.GPU3.1")


def test_a_class_of_three_has_a_line_for_each(plan, tmp_path):
    planned = plan(learners=3, spread=True, jupyter_port=9999, learner_keys=[f"{KEY} 1", f"{KEY} 2"])
    assert planned["names"] == [*planned["tunnels"]] == ["faceswap-01", "faceswap-02", "faceswap-03"]
    assert planned["tunnels"]["faceswap-02"] == "ssh -N -L 9999:127.0.0.1:9999 ubuntu@203.0.113.2"
    assert planned["tokens"]["faceswap-03"] == "ssh ubuntu@203.0.113.3 sudo /usr/local/bin/faceswap-token"
    assert planned["keys"] == [f"{KEY}\n{KEY} 1", f"{KEY}\n{KEY} 2", KEY]
    assert planned["placement"] == ["Uocm:FRA-AD-2", "Uocm:FRA-AD-3", "Uocm:FRA-AD-2"]
    assert planned["tags"] == {"workshop": "faceswap", "until": GOOD["until"]}
    (tmp_path / "ready").write_text("ready: abc\n", "utf-8")
    here = f"${{4//\\/var\\/lib\\/faceswap-workshop/{tmp_path}}}"
    put(tmp_path / "ssh", f'case $3 in *.2) sh -c "{here}" ;; *) sh -c "$4" ;; esac')
    states = run("bash", "-c", planned["states"], env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}).stdout
    said = ["still at work", "ready: abc", "still at work"]
    assert states.splitlines() == [f"ubuntu@203.0.113.{i}: {words}" for i, words in enumerate(said, 1)]
    assert plan(os="oracle-linux-9")["progress"]["faceswap-01"].startswith("ssh opc@203.0.113.1 sudo tail ")
    assert plan(learners=3)["placement"] == ["Uocm:FRA-AD-2"] * 3


def user_data(planned: dict, whose: str = "user_data") -> tuple[dict, str]:
    """The first boot's settings, and the script among them."""
    assert planned[whose].startswith("#cloud-config\n")
    settings = yaml.safe_load(planned[whose])
    (script,) = settings["write_files"]
    assert settings["runcmd"] == [[script["path"]]] and script["permissions"] == "0755"
    return settings, script["content"]


CLUSTER = {"workers": 3, "with_faceswap": True, "learner_keys": [KEY]}


@pytest.mark.parametrize(
    ("changes", "whose", "words"),
    [
        ({}, "user_data", "--port 8888 ||"),
        ({"hub": True, "learners": 20, "learner_keys": [KEY] * 20}, "user_data", "--port 8888 --hub 20 ||"),
        ({"with_faceswap": True}, "user_data", "--port 8888 --with-faceswap ||"),
        (CLUSTER, "user_data", "--with-faceswap --scheduler 10.42.1.10 --workers 10.42.2.0/24 ||"),
        (CLUSTER, "worker_user_data", "--port 8888 --scheduler 10.42.1.10 ||"),
    ],
    ids=["one", "hub", "faceswap", "scheduler", "worker"],
)
def test_user_data_is_what_cloud_init_and_bash_accept(plan, tmp_path, changes, whose, words):
    planned = plan(**changes)
    settings, script = user_data(planned, whose)
    assert {"git", "curl"} <= set(settings["packages"]) and len(planned["names"]) == 1
    assert words in script and "--user faceswap" in script
    linted = run(tool("shellcheck"), "-", input=script)
    assert linted.returncode == 0, linted.stdout
    (tmp_path / "user-data").write_text(planned[whose], "utf-8")
    accepted = run(tool("cloud-init"), "schema", "--config-file", tmp_path / "user-data")
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr


def test_without_workers_there_is_nothing_of_a_cluster(plan):
    planned = plan()
    assert (planned["count"], planned["openings"], planned["worker_names"]) == (0, {}, [])
    assert planned.get("cluster") is planned.get("workers") is None
    assert not re.search("scheduler|firewall-cmd", planned["user_data"])
    counts = {}
    for block in ("resource", "data"):
        for content in plain(hcl2.loads((STACK / "cluster.tf").read_text("utf-8"))).get(block, []):
            counts |= {
                (k, n): each.get("count") or each["for_each"] for k, v in content.items() for n, each in v.items()
            }
    assert set(counts.values()) == {"${local.cluster}", "${var.workers}", "${local.openings}"} and len(counts) == 7
    assert blocks("data")["oci_core_images", "worker"]["count"] == "${local.cluster}"
    vnic = blocks("resource")["oci_core_instance", "learner"]["create_vnic_details"][0]
    assert vnic["private_ip"] == "${local.cluster == 0 ? null : local.scheduler}"


def test_workers_have_no_public_address_and_get_out_alone(plan):
    resources = blocks("resource")
    subnet = resources["oci_core_subnet", "workers"]
    assert subnet["prohibit_public_ip_on_vnic"] is True and subnet["cidr_block"] == "${local.worker_range}"
    assert subnet["route_table_id"] == "${oci_core_route_table.workers[0].id}"
    assert subnet["security_list_ids"] == resources["oci_core_subnet", "workshop"]["security_list_ids"]
    (route,) = resources["oci_core_route_table", "workers"]["route_rules"]
    assert route["network_entity_id"] == "${oci_core_nat_gateway.workers[0].id}"
    worker = resources["oci_core_instance", "worker"]
    (vnic,) = worker["create_vnic_details"]
    assert vnic["assign_public_ip"] is False and vnic["subnet_id"] == "${oci_core_subnet.workers[0].id}"
    assert vnic["nsg_ids"] == ["${oci_core_network_security_group.workers[0].id}"]
    assert worker["metadata"]["ssh_authorized_keys"] == "${trimspace(var.ssh_public_key)}", "no learner's key"
    planned = plan(workers=3, spread=True, os="oracle-linux-9")
    assert planned["worker_names"] == [f"faceswap-worker-0{i}" for i in (1, 2, 3)]
    assert planned["worker_placement"] == ["Uocm:FRA-AD-2", "Uocm:FRA-AD-3", "Uocm:FRA-AD-2"]
    assert planned["worker_image"] == "Oracle-Linux-9.6-2026.10.31-0" != planned["image"]


def test_a_clusters_ports_are_open_to_its_groups_alone(plan):
    rule = blocks("resource")["oci_core_network_security_group_security_rule", "cluster"]
    assert (rule["direction"], rule["protocol"], rule["for_each"]) == ("INGRESS", "6", "${local.openings}")
    assert rule["source_type"] == "NETWORK_SECURITY_GROUP"
    groups = [f"oci_core_network_security_group.{name}.id" for name in ("workers[0]", "workshop")]
    to, source = (rule[name].split(" ? ") for name in ("network_security_group_id", "source"))
    assert to == ['${each.value.to == "workers"', " : ".join(groups) + "}"]
    assert source == [to[0], " : ".join(reversed(groups)) + "}"], "from the other group"
    planned = plan(workers=2)
    opened = {name: tuple(opening.values()) for name, opening in planned["openings"].items()}
    assert opened == {
        "scheduler": ("8786", "workshop"),
        "folders": ("2049", "workshop"),
        "workers": ("9000-9199", "workers"),
        "ssh": ("22", "workers"),
    }
    (ports,) = rule["tcp_options"][0]["destination_port_range"]
    assert ports["min"] == '${tonumber(split("-", each.value.ports)[0])}'
    unit = (ROOT / "setup/vm/faceswap-worker.service").read_text("utf-8")
    assert "--worker-port 9000:9099 --nanny-port 9100:9199 " in unit


@pytest.mark.parametrize(
    ("whose", "source", "ports"),
    [("user_data", "10.42.2.0/24", ["2049", "8786"]), ("worker_user_data", "10.42.1.10/32", ["22", "9000-9199"])],
)
@pytest.mark.parametrize("system", ["ubuntu", "oracle"])
def test_a_clusters_machines_open_their_own_firewall_as_far(plan, tmp_path, system, whose, source, ports):
    one = Machine(tmp_path, user_data(plan(workers=2), whose)[1])
    names = ["firewall-cmd"] if system == "oracle" else ["iptables", "netfilter-persistent"]
    for name in names:
        put(one.root / "bin" / name, f'echo "$0 $*" >>{tmp_path}/asked; [[ $1 != -C ]]')
    status, state, said = one.boot()
    assert status == 0 and [*state] == ["ready"] and "--scheduler 10.42.1.10" in said
    asked = [line.replace(f"{one.root}/bin/", "") for line in (tmp_path / "asked").read_text().splitlines()]
    if system == "oracle":
        rule = f"rule family=ipv4 source address={source} port port={{}} protocol=tcp accept"
        asked_for = [f"firewall-cmd --permanent --add-rich-rule={rule.format(port)}" for port in ports]
        assert asked == [line for first in asked_for for line in (first, "firewall-cmd --reload")]
    else:
        wanted = [f"INPUT -s {source} -p tcp --dport {port.replace('-', ':')} -j ACCEPT" for port in ports]
        assert [line for line in asked if " -I " in line] == [f"iptables -I {rule}" for rule in wanted]
        assert asked[-1] == "netfilter-persistent save"
    put(one.root / "bin" / names[0], "exit 4")
    status, state, _ = one.boot()
    assert status == 1 and f"the firewall could not be opened to {source}, port " in state["failed"]


def test_a_cluster_has_its_lines_and_no_key_in_them(plan, tmp_path):
    planned = plan(workers=2)
    assert planned["cluster"] == "tls://10.42.1.10:8786"
    put(tmp_path / "ssh", 'echo "ssh $*" | head -c 99')
    said = run("bash", "-c", planned["workers"], env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}).stdout
    way = "ssh -o StrictHostKeyChecking=accept-new -J ubuntu@203.0.113.1 ubuntu@10.42.2."
    assert [line[:15] for line in said.splitlines()] == [f"10.42.2.{i}: ssh " for i in (2, 3)]
    assert f"10.42.2.3: {way}3" in said
    assert not re.search(r"PRIVATE|BEGIN|\.key", json.dumps(planned)), "it is made on the machine"


def test_on_the_shared_machine_a_learners_key_only_opens_the_tunnel(plan, tmp_path):
    planned = plan(hub=True, learners=20, learner_keys=[KEY] * 20)
    assert planned["keys"] == [KEY] and len(planned["tunnels"]) == 1
    assert planned["tokens"]["faceswap-01"].endswith("sudo cat /etc/faceswap-workshop/learners.txt")
    keys = user_data(planned)[0]["ssh_authorized_keys"]
    limits = 'restrict,port-forwarding,permitopen="127.0.0.1:8888",command="/bin/false"'
    assert keys == [f"{limits} {KEY}"] * 20
    (tmp_path / "authorized_keys").write_text("\n".join(keys), "utf-8")
    assert run(tool("ssh-keygen"), "-lf", tmp_path / "authorized_keys").stdout.count("(ED25519)") == 20
    assert "ssh_authorized_keys" not in user_data(plan(learner_keys=[KEY]))[0]


class Machine:
    """A machine at its first boot: the script of the user data in a folder of its own, with a real kit to clone."""

    def __init__(self, root: Path, script: str):
        self.root, self.kit, self.home = root, root / "kit", root / "opt/faceswap-workshop"
        self.state, self.log = root / "var/lib/faceswap-workshop", root / "var/log/faceswap-workshop.log"
        self.log.parent.mkdir(parents=True)
        (root / "opt").mkdir()
        (root / "bin").mkdir()
        put(root / "bin/shutdown", 'echo "shutdown $*"')  # never the real one
        (self.kit / "setup/vm").mkdir(parents=True)
        script = re.sub("(?<==)/(opt|var|usr)", rf"{root}/\1", script.replace(GOOD["repository"], str(self.kit)))
        put(root / "prepare", script.replace("pause=15", "pause=0").replace("tries=10", "tries=3"))
        self.git("init", "-q", "-b", "main")
        self.commit('echo "told: $*"; echo "from prepare.sh" >>"$FACESWAP_LOG"')

    def git(self, *command: str) -> str:
        """What git says in the kit's folder."""
        who = "-c", "user.name=kit", "-c", "user.email=kit@example.org"
        return run(tool("git"), *who, *command, cwd=self.kit, check=True).stdout.strip()

    def commit(self, prepare: str | None) -> str:
        """A new commit of the kit, with this setup/vm/prepare.sh or none; its name."""
        (self.kit / "setup/vm/prepare.sh").unlink(missing_ok=True)
        if prepare is not None:
            put(self.kit / "setup/vm/prepare.sh", prepare)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "kit")
        return self.git("rev-parse", "HEAD")

    def boot(self) -> tuple[int, dict[str, str], str]:
        """Runs the script: exit status, the state files' lines, what it printed."""
        env = {**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}", "FACESWAP_LOG": str(self.log)}
        done = run("bash", self.root / "prepare", env=env)
        return done.returncode, {path.name: path.read_text().strip() for path in self.state.iterdir()}, done.stdout


@pytest.fixture(scope="module")
def script(plan) -> str:
    """The first boot's script."""
    return user_data(plan())[1]


@pytest.fixture
def machine(script, tmp_path):
    """machine(revision): a machine whose stack names this revision."""
    return lambda revision="main": Machine(tmp_path, script.replace("revision='main'", f"revision='{revision}'"))


def test_first_boot_ends_ready_and_can_be_repeated(machine):
    one = machine()
    first = one.git("rev-parse", "HEAD")
    status, state, said = one.boot()
    assert (status, state) == (0, {"ready": f"ready: {first}"})
    assert f"told: --user faceswap --home {one.home} --port 8888" in said.splitlines()
    (one.home / "own.ipynb").write_text("a learner's work", "utf-8")
    if os.geteuid() == 0:  # prepare.sh gives the clone to the service user
        for path in [one.home, *one.home.rglob("*")]:
            os.chown(path, 65534, 65534)
    second = one.commit("exit 7")
    status, state, _ = one.boot()
    assert status == 1 and "setup/vm/prepare.sh ended with status 7" in state["failed"] and "ready" not in state
    one.git("revert", "--no-edit", second)
    assert one.boot()[:2] == (0, {"ready": f"ready: {one.git('rev-parse', 'HEAD')}"})
    assert (one.home / "own.ipynb").exists() and "from prepare.sh" in one.log.read_text()


def test_first_boot_takes_a_tag_or_a_commit(machine, tmp_path):
    one = machine("v1")
    tagged = one.git("rev-parse", "HEAD")
    one.git("tag", "v1")
    one.commit("exit 1")
    assert one.boot()[:2] == (0, {"ready": f"ready: {tagged}"})
    script = (tmp_path / "prepare").read_text()
    put(tmp_path / "prepare", script.replace("revision='v1'", f"revision='{tagged[:12]}'"))
    assert one.boot()[:2] == (0, {"ready": f"ready: {tagged}"})


def test_first_boot_restarts_once_for_the_driver(machine):
    one = machine()
    one.commit('echo "2026-12-24T08:00:00Z driver: reboot" >>"$FACESWAP_LOG"; exit 3')
    again = one.root / "var/lib/cloud/scripts/per-boot/faceswap-prepare"
    status, state, said = one.boot()
    assert (status, state) == (0, {}) and "shutdown -r +1" in said and again.resolve() == one.root / "prepare"
    status, state, said = one.boot()
    assert status == 1 and "shutdown" not in said and not again.is_symlink()
    assert state == {"failed": "failed: setup/vm/prepare.sh ended with status 3: driver: reboot"}


@pytest.mark.parametrize(
    ("stub", "revision", "prepare", "reason"),
    [
        ({"git": "echo no network >&2; exit 128"}, "main", "true", "could not be fetched in 3 attempts"),
        ({}, "v9", "true", "has no branch, tag or commit v9"),
        ({}, "main", None, "revision main of {kit} has no setup/vm/prepare.sh"),
        ({}, "main", 'echo "driver: no space left" >>"$FACESWAP_LOG"; exit 4', "status 4: driver: no space left"),
        ({"touch": "exit 5"}, "main", "true", "ended with status 5"),
    ],
)
def test_first_boot_that_fails_says_why(machine, stub, revision, prepare, reason):
    one = machine(revision)
    one.commit(prepare)
    for name, script in stub.items():
        put(one.root / "bin" / name, script)
    status, state, said = one.boot()
    assert status == 1 and [*state] == ["failed"]
    assert reason.format(kit=one.kit) in state["failed"] and state["failed"].removeprefix("failed: ") in said
    assert said.count("to fetch") == (2 if "git" in stub else 0)


def test_oracle_linux_grows_its_file_system_and_goes_on_if_it_cannot(machine):
    one = machine()
    (one.root / "usr/libexec").mkdir(parents=True)
    put(one.root / "usr/libexec/oci-growfs", 'echo "growing $1"; exit 1')
    status, _, said = one.boot()
    assert status == 0 and "oci-growfs has not grown" in said and "growing -y" in one.log.read_text()


def test_the_form_asks_for_the_stacks_variables():
    variables, form = blocks("variable"), SCHEMA["variables"]
    assert SCHEMA["schemaVersion"] == "1.1.0" and SCHEMA["title"] and SCHEMA["description"]
    assert set(form) == set(variables) and set(SCHEMA["outputs"]) == set(blocks("output"))
    assert sorted(name for group in SCHEMA["variableGroups"] for name in group["variables"]) == sorted(variables)
    shown = [name for group in SCHEMA["outputGroups"] for name in group["outputs"]]
    assert sorted(shown) == sorted(f"${{{name}}}" for name in SCHEMA["outputs"])
    assert {output["type"] for output in SCHEMA["outputs"].values()} <= {"map", "string"}
    types = {"number": {"integer"}, "bool": {"boolean"}, "${list(string)}": {"array"}}
    strings = {
        "string",
        "enum",
        "oci:core:ssh:publickey",
        "oci:identity:compartment:id",
        "oci:identity:region:name",
        "oci:identity:availabilitydomain:name",
    }
    for name, field in form.items():
        variable = variables[name]
        assert field["type"] in types.get(variable["type"], strings) and field["title"], name
        assert field.get("required", False) or "default" in variable, name
        if "default" in field:
            assert field["default"] == variable["default"], name
        if field["type"].startswith("oci:identity:availability"):
            assert field["dependsOn"] == {"compartmentId": "${compartment_ocid}"}


def test_the_form_takes_what_terraform_takes():
    assert SCHEMA["variables"]["shape"]["enum"] == TAKEN["shape"] == [*SHAPES]
    assert SCHEMA["variables"]["os"]["enum"] == TAKEN["os"]
    for name, field in SCHEMA["variables"].items():
        refused = [value for value, _ in ROUNDS.get(name, []) if value is not None]
        if "pattern" in field:
            assert all(re.search(field["pattern"], value) for value in [*TAKEN.get(name, []), GOOD.get(name)] if value)
            assert any(not re.search(field["pattern"], value) for value in refused)
        if field["type"] == "integer":
            assert all(field["minimum"] <= value <= field["maximum"] for value in TAKEN.get(name, []) if value)
            whole = [value for value in refused if value == int(value)]
            assert not [value for value in whole if field["minimum"] <= value <= field["maximum"]], name


def test_the_readmes_example_is_taken_and_its_links_exist(plan):
    text = (STACK / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```hcl\n(.*?)```", text, re.DOTALL)
    assert isinstance(planned := plan(example), dict), planned
    assert len(planned["tunnels"]) == 20
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if not link.startswith("http")]
    assert all((STACK / link).exists() for link in links)
    assert all(f"`{name}`" in text for name in blocks("variable"))


def test_terraform_would_not_reformat_anything():
    assert run(tool("terraform"), "fmt", "-check", "-recursive", STACK).stdout == ""


def test_checkov_finds_nothing():
    checkov = os.environ.get("CHECKOV") or tool("checkov")
    options = "--framework", "terraform", "secrets", "--compact", "--quiet", "--skip-download", "-o", "json"
    found = json.loads(run(checkov, "-d", STACK, *options).stdout)
    reports = {report["check_type"]: report for report in (found if isinstance(found, list) else [found])}
    assert [check["check_id"] for report in reports.values() for check in report["results"]["failed_checks"]] == []
    assert reports["terraform"]["summary"]["passed"] >= 6 and reports["terraform"]["summary"]["parsing_errors"] == 0
