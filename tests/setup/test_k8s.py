"""setup/k8s: what breaks a class is found before helm is asked, and a pod begins as it should."""

import importlib.util
import os
import re
import subprocess
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

ROOT = Path(__file__).parents[2]
K8S = ROOT / "setup/k8s"
spec = importlib.util.spec_from_file_location("k8s_check", K8S / "check.py")
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)

OWN = {
    "singleuser": {"image": {"name": "registry.example.org/class/faceswap-workshop", "tag": "0a1b2c3"}},
    "hub": {"config": {"Authenticator": {"admin_users": ["ada"]}}},
    "proxy": {"https": {"hosts": ["faceswap.example.org"], "letsencrypt": {"contactEmail": "ada@example.org"}}},
}


def read(name: str) -> dict:
    """A YAML file of the folder."""
    return yaml.safe_load((K8S / name).read_text("utf-8"))


def changed(path: str, value: object) -> dict:
    """The class's values with one of them changed; None takes it away."""
    layer = {}
    inner = layer
    *words, last = path.split(".")
    for word in words:
        inner = inner.setdefault(word, {})
    inner[last] = value
    return check.merged(read("values.yaml"), OWN, layer)


def profiles(**override: object) -> list[dict]:
    """The class's profiles, the first one's sizes changed; None takes a size away."""
    found = deepcopy(read("values.yaml")["singleuser"]["profileList"])
    found[0]["kubespawner_override"] |= override
    return found


def test_the_classes_values_break_nothing_once_they_are_filled_in():
    assert check.faults(check.merged(read("values.yaml"), OWN)) == []


def test_what_is_not_filled_in_is_named(tmp_path, capsys):
    assert check.main([str(K8S / "own.example.yaml")]) == 2
    told = capsys.readouterr().out
    marks = re.findall(r"FILL_IN|REGISTRY/", re.sub(r"#.*", "", (K8S / "own.example.yaml").read_text("utf-8")))
    assert told.count("fill it in") == len(marks) == 5
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(OWN), "utf-8")
    assert check.main([str(tmp_path / "own.yaml")]) == 0
    assert check.main([]) == check.main([str(tmp_path / "none.yaml")]) == 2


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("singleuser.image.tag", "latest", "two learners get two kits"),
        ("singleuser.image.name", None, "sample image would start"),
        ("singleuser.extraContainers", [{"image": "helper:latest"}], "'helper:latest': name a version"),
        ("hub.config.JupyterHub.authenticator_class", "dummy", "under any name"),
        ("hub.config.JupyterHub.authenticator_class", None, "under any name"),
        ("hub.config.JupyterHub.authenticator_class", "generic-oauth", "name the learners"),
        ("hub.config.NativeAuthenticator.open_signup", True, "whoever finds the address"),
        ("hub.config.JupyterHub.admin_access", None, "open a learner's faces"),
        ("hub.config.Authenticator.admin_users", [], "nobody can let learners in"),
        ("proxy.secretToken", "0123abcd", "holds a secret"),
        ("hub.services.grader.apiToken", "0123abcd", "holds a secret"),
        ("imagePullSecret.password", "word", "holds a secret"),
        ("proxy.https.manual.key", "-----BEGIN", "holds a secret"),
        ("proxy.https.enabled", False, "in the clear"),
        ("proxy.https.hosts", [], "without a name"),
        ("singleuser.storage.type", "none", "end with the pod"),
        ("singleuser.storage.extraVolumeMounts.class.subPath", "all", "see one another's"),
        ("singleuser.extraEnv.FACESWAP_CLASS", "/class", "sharing would fail"),
        ("singleuser.networkPolicy.enabled", False, "reach the others'"),
        ("singleuser.networkPolicy.egressAllowRules.privateIPs", True, "cluster's own"),
        ("singleuser.memory.limit", None, "no limit for mem"),
        ("singleuser.profileList", profiles(cpu_limit=None), "profile demo has no limit for cpu"),
        ("singleuser.profileList", profiles(mem_guarantee="5G"), "guarantees 5e+09 of mem, limit 4e+09"),
        ("singleuser.profileList", profiles(mem_guarantee="1G", mem_limit="1500M"), "smallest lesson takes 2G"),
        ("singleuser.profileList", [], "no default"),
        ("cull.enabled", False, "cull has to be on"),
        ("cull.timeout", 0, "cull has to be on"),
        ("cull.maxAge", None, "never ends"),
        ("prePuller.hook.enabled", False, "wait for gigabytes"),
    ],
)
def test_what_would_break_a_class_is_said(path, value, words):
    found = check.faults(changed(path, value))
    assert any(words in sentence for sentence in found), found


def spawner(admin: bool) -> SimpleNamespace:
    """A pod that is about to start, after the chart's settings and the hub's own have been applied to it."""
    values, c = read("values.yaml"), SimpleNamespace(KubeSpawner=SimpleNamespace())
    exec(values["hub"]["extraConfig"]["class-folder"], {"c": c})
    home = {"name": "home", "mountPath": values["singleuser"]["storage"]["homeMountPath"]}
    mounts = {"home": home, **values["singleuser"]["storage"]["extraVolumeMounts"]}
    pod = SimpleNamespace(
        user=SimpleNamespace(admin=admin), image="kit:1", volume_mounts=mounts, init_containers=[{"name": "iptables"}]
    )
    c.KubeSpawner.pre_spawn_hook(pod)
    return pod


def test_a_learner_sees_a_part_of_the_class_folder_and_an_instructor_all_of_it():
    learner, instructor = spawner(False), spawner(True)
    assert learner.volume_mounts["class"]["subPath"] == "{username}"
    assert [each["name"] for each in learner.init_containers] == ["iptables", "own-part"]
    own = learner.init_containers[1]
    assert own["image"] == "kit:1" and own["volumeMounts"][0]["subPath"] == "{username}"
    assert f"chown {read('values.yaml')['singleuser']['uid']}:" in own["command"][2]
    assert instructor.volume_mounts["class"] | {"subPath": "", "readOnly": True} == instructor.volume_mounts["class"]
    assert "home" in instructor.volume_mounts and [each["name"] for each in instructor.init_containers] == ["iptables"]


def test_a_pod_begins_with_the_learners_copy_and_keeps_what_was_edited(tmp_path):
    kit, home, bins = tmp_path / "kit", tmp_path / "home", tmp_path / "bin"
    for folder in (kit / "notebooks", kit / "setup", home, bins):
        folder.mkdir(parents=True)
    (kit / "notebooks/start.ipynb").write_text('{"cells": []}', "utf-8")
    (kit / "setup/workbook.py").write_bytes((ROOT / "setup/workbook.py").read_bytes())
    (bins / "jupyterhub-singleuser").write_text('#!/bin/sh\necho "in $PWD: $*"\n', "utf-8")
    (bins / "jupyterhub-singleuser").chmod(0o755)
    environment = os.environ | {"HOME": str(home), "FACESWAP_KIT": str(kit), "PATH": f"{bins}:{os.environ['PATH']}"}

    def begin() -> subprocess.CompletedProcess:
        return subprocess.run(["bash", K8S / "start.sh", "--port=1"], env=environment, capture_output=True, text=True)

    assert begin().stdout == f"in {home}/workshop: --ServerApp.root_dir={home}/workshop --port=1\n"
    mine = home / "workshop/notebooks/start.ipynb"
    mine.write_text('{"cells": [{"cell_type": "code", "source": ["mine"]}]}', "utf-8")
    assert begin().returncode == 0 and "mine" in mine.read_text("utf-8") and (home / "workshop/workdir").is_dir()
    (kit / "setup/workbook.py").write_text("raise OSError('no space left')", "utf-8")
    assert (last := begin()).returncode == 0 and "could not be brought up to date" in last.stderr


def test_the_image_is_made_of_the_lock_and_runs_as_nobody_of_importance():
    text = (K8S / "Containerfile").read_text("utf-8")
    lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text)).splitlines()
    steps = [line.split(None, 1) for line in lines if line.strip()]
    assert [step for step in steps if step[0] in ("ARG", "FROM")][:2] == [["ARG", "BASE"], ["FROM", "${BASE}"]]
    assert sum(step[0] == "FROM" for step in steps) == 1 and "://" not in text and ":latest" not in text
    runs = " ".join(rest for word, rest in steps if word == "RUN")
    assert "bash setup/env.sh" in runs and "--require-hashes -r setup/vm/requirements-hub.lock" in runs
    named = re.findall(r"\bsetup/[\w./-]+\w", " ".join(rest for word, rest in steps if word in ("RUN", "COPY")))
    assert named and all((ROOT / path).is_file() for path in named), named
    user = [rest for word, rest in steps if word == "USER"][-1]
    values = read("values.yaml")["singleuser"]
    assert int(user) == values["uid"] != 0 and f"--uid {user} --gid {values['fsGid']} " in runs
    assert values["cmd"] in runs and f"WORKDIR {values['storage']['homeMountPath']}" in text
    assert f'"{values["cmd"]}"' in [rest for word, rest in steps if word == "CMD"][-1]


def test_the_class_folder_is_the_one_that_pods_ask_for():
    kinds = {each["kind"]: each for each in yaml.safe_load_all((K8S / "class-folder.yaml").read_text("utf-8"))}
    claim = kinds["PersistentVolumeClaim"]
    volume = read("values.yaml")["singleuser"]["storage"]["extraVolumes"]["class"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"], "pods of many nodes write to it"
    assert claim["spec"]["storageClassName"] == kinds["StorageClass"]["metadata"]["name"]
