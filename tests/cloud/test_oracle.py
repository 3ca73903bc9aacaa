"""oracle.py: Oracle's real SDK asks a stand-in of its cloud; what does not come is a fault with its remedy."""

import configparser
import json
import threading
import time

import oci
import pytest
from cloud_stand_in import ADS, Cloud, closed_port, running, write_config

from faceswap_lib.cloud import oracle


def test_with_the_real_patience_it_takes_at_most_15_seconds():
    assert 2 * oracle.PATIENCE + oracle.ON_A_VM < 15


def test_the_examples_have_the_names_of_the_sdk():
    import oci

    told = oracle.example()
    models = {
        "regions": oci.identity.models.RegionSubscription,
        "domains": oci.identity.models.AvailabilityDomain,
        "images": oci.core.models.Image,
    }
    lists = {"shapes": oci.core.models.Shape, "capacity": oci.core.models.CapacityReportShapeAvailability}
    for name, model in models.items():
        assert all(set(entry) <= set(model().swagger_types) for entry in told[name]), name
    for name, model in lists.items():
        assert all(set(e) <= set(model().swagger_types) for each in told[name].values() for e in each), name
    limits = [e for each in told["limits"].values() for e in each.values()]
    assert all(set(e) <= set(oci.limits.models.ResourceAvailability().swagger_types) for e in limits)
    assert set(told["tenancy"]) <= set(oci.identity.models.Tenancy().swagger_types)


@pytest.mark.parametrize("cloud", [Cloud(), Cloud(metadata={"hello": 1}), Cloud(broken={"/opc": (403, "Forbidden")})])
def test_a_vm_elsewhere_is_not_taken_for_one_of_oracles(cloud):
    with running(cloud):
        assert oracle.where(f"{cloud.address}/opc/v2/instance/") == {}
    start = time.monotonic()
    assert oracle.where(f"{closed_port()}/opc/v2/instance/") == {} and time.monotonic() - start < 1


def test_all_questions_are_put_at_once_and_one_that_fails_hides_no_other() -> None:
    both = threading.Barrier(2, timeout=2)  # each waits for the other one

    def fails() -> None:
        raise OSError("no route")

    calls = {"a": both.wait, "b": both.wait, ("shapes", "AD-1"): fails}
    found = oracle.together(calls)
    assert {found["a"], found["b"]} == {0, 1}
    assert found["shapes", "AD-1"].found == "cannot be reached" and "network" in found["shapes", "AD-1"].remedy


def test_who_does_not_answer_in_time_is_not_waited_for() -> None:
    never, start = threading.Event(), time.monotonic()
    found = oracle.together({"late": lambda: never.wait(5), "soon": lambda: 7}, 0.2)
    never.set()
    assert found["soon"] == 7 and found["late"].found == "no answer in 0 s" and time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("what", "status", "says"),
    [
        ("tenancy", 401, "clock"),
        ("limits", 404, "read resource-availability in tenancy, if the region has this limit"),
        ("capacity", 404, "manage compute-capacity-reports in tenancy."),
        ("user", 403, "inspect users"),
        ("images", 429, "wait a minute"),
        ("shapes", 500, "ocistatus"),
    ],
)
def test_what_oracle_refuses_comes_with_its_remedy(what, status, says):
    error = oci.exceptions.ServiceError(status, "Code", {}, "no", operation_name="list")
    found = oracle.fault(what, error)
    assert found.found == f"Code ({status})" and says in found.remedy


@pytest.mark.parametrize(
    ("what", "error", "says"),
    [
        ("prices", ValueError("no B95909 in the list"), "no B95909 in the list"),
        ("prices", json.JSONDecodeError("bad", "", 0), "cannot be reached"),
        ("prices", OSError("no route"), "cannot be reached"),
        ("config", configparser.MissingSectionHeaderError("config", 1, "x"), "not a config file"),
        ("config", oci.exceptions.ProfileNotFound("DEFAULT"), "no [DEFAULT] in it"),
        (
            "config",
            oci.exceptions.InvalidConfig({"user": "missing", "region": "malformed"}),
            "region malformed, user missing",
        ),
        ("config", RuntimeError("?"), "it cannot be used (RuntimeError)"),
    ],
)
def test_what_goes_wrong_on_this_side_is_said_in_words(what, error, says):
    found = oracle.fault(what, error)
    assert found.found == says and found.remedy.endswith(".")


def test_the_config_that_counts_is_the_given_one_then_the_environments_then_the_usual(monkeypatch, tmp_path):
    monkeypatch.setenv("OCI_CONFIG_FILE", "/else/config")
    assert oracle.config_name(tmp_path / "mine") == str(tmp_path / "mine") and oracle.config_name() == "/else/config"
    monkeypatch.delenv("OCI_CONFIG_FILE")
    assert oracle.config_name() == oracle.CONFIG


def test_an_account_is_asked_domain_by_domain(tmp_path):
    with running(Cloud()) as cloud:
        said = oracle.look("VM.GPU.A10.1", write_config(tmp_path), oracle.Places(cloud.address), today=False)
    assert said["config"] == {"file": str(tmp_path / "config"), "region": "eu-frankfurt-1"} and "prices" not in said
    assert [domain["name"] for domain in said["domains"]] == list(ADS)
    assert {ad: said["limits"][ad]["gpu-a10-count"]["available"] for ad in ADS} == {ADS[0]: 20, ADS[1]: 0}
    assert {ad: said["shapes"][ad][0]["shape"] for ad in ADS} == dict.fromkeys(ADS, "VM.GPU.A10.1")
    assert said["capacity"][ADS[1]][0]["availability_status"] == "OUT_OF_HOST_CAPACITY"


def test_where_the_domains_are_silent_they_are_asked_nothing(tmp_path):
    with running(Cloud(broken={"/availabilityDomains": (503, "ServiceUnavailable")})) as cloud:
        said = oracle.look("VM.GPU.A10.1", write_config(tmp_path), oracle.Places(cloud.address), today=False)
    asked = [path for _, path, _, _ in cloud.asked]
    assert all(said[name].found == oracle.NOT_ASKED for name in ("shapes", "limits", "capacity"))
    assert said["tenancy"]["name"] == "test-school" and not [path for path in asked if path.endswith("/shapes")]
