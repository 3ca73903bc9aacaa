"""account.py: verdicts on answers made up here, whose right place and remedy are known."""

import pytest
from cloud_stand_in import ADS

from faceswap_lib.cloud import account
from faceswap_lib.cloud.oracle import Fault

A10, FLEX = "VM.GPU.A10.1", "VM.Standard.A1.Flex"
UBUNTU = {"display_name": "Canonical", "operating_system": "Canonical Ubuntu", "operating_system_version": "24.04"}


def said(limits: tuple[int, int] = (20, 0), free: tuple[bool, bool] = (True, True), **changes: object) -> dict:
    """What an account with two domains says of an A10: so many left in each, hosts free there or not."""
    states = ["AVAILABLE" if each else "OUT_OF_HOST_CAPACITY" for each in free]
    return {
        "config": {"file": "config", "region": "eu-frankfurt-1"},
        "tenancy": {"name": "test-school"},
        "user": {"name": "teacher"},
        "regions": [{"region_name": "eu-frankfurt-1", "status": "READY", "is_home_region": True}],
        "domains": [{"name": name} for name in ADS],
        "shapes": {ad: [{"shape": A10, "is_billed_for_stopped_instance": False}] for ad in ADS},
        "limits": {ad: {"gpu-a10-count": {"available": n}} for ad, n in zip(ADS, limits, strict=True)},
        "capacity": {
            ad: [{"instance_shape": A10, "availability_status": state}] for ad, state in zip(ADS, states, strict=True)
        },
        "images": [UBUNTU],
    } | changes


FAULT = Fault("cannot be reached", "Check the network.")


def verdicts(*given: object) -> dict[str, str]:
    return {row.what: row.verdict for row in account.judge(*given, "config")}


def test_an_account_that_has_everything_is_ok_in_every_row():
    told = verdicts(A10, 20, said())
    assert set(told.values()) == {"OK"}
    assert list(told) == ["account", "region", "shape", "limit gpu-a10-count", "hosts", "image"]


@pytest.mark.parametrize(
    ("limits", "free", "learners", "domain", "spread"),
    [
        ((20, 0), (True, True), 20, ADS[0], False),
        ((20, 0), (True, True), 21, "", False),
        ((0, 9), (True, True), 9, ADS[1], False),
        ((9, 9), (False, True), 9, ADS[1], False),
        ((9, 9), (False, False), 9, "", False),
        ((2, 1), (True, True), 3, "", True),
        ((9, 0), (False, True), 9, "", False),
    ],
)
def test_a_class_goes_where_its_limits_and_free_hosts_are_or_is_spread(limits, free, learners, domain, spread):
    told = said(limits, free)
    assert account.domain(A10, learners, told) == domain and account.spread(A10, learners, told) is spread


def test_all_limits_of_a_shape_must_hold_in_one_domain():
    cores, memory = "standard-a1-core-count", "standard-a1-memory-count"
    left = {ad: {cores: {"available": 2}, memory: {"available": 6}} for ad in ADS}
    hosts = {ad: [{"instance_shape": FLEX, "availability_status": "AVAILABLE"}] for ad in ADS}
    told = said(limits=(0, 0)) | {"limits": left, "capacity": hosts}
    assert account.domain(FLEX, 1, told) == "" and account.spread(FLEX, 1, told), "12 GB for 2 cores"
    left[ADS[1]][memory] = {"available": 12}
    assert account.domain(FLEX, 1, told) == ADS[1] and not account.spread(FLEX, 1, told)


def test_what_is_not_known_counts_as_nothing_and_is_said_with_its_remedy():
    rows = {"limits": "limit gpu-a10-count", "capacity": "hosts", "shapes": "shape", "images": "image"}
    for name, what in rows.items():
        told = said() | {name: FAULT}
        (row,) = [row for row in account.judge(A10, 1, told, "config") if row.what == what]
        assert (row.verdict, row.found, row.remedy) == ("WARN", "not known: cannot be reached", FAULT.remedy)
        assert account.domain(A10, 1, told) == ("" if name in ("limits", "capacity") else ADS[0])


def test_a_remedy_is_given_once_and_then_referred_to():
    silent = said() | dict.fromkeys(("tenancy", "user", "regions", "shapes", "limits", "capacity", "images"), FAULT)
    rows = account.judge(A10, 1, silent, "config")
    assert [row.remedy for row in rows] == [FAULT.remedy, *["as above"] * 5] and rows[0].verdict == "FAIL"


def test_whether_a_stopped_machine_is_billed_is_the_accounts_answer_and_else_the_files():
    assert not account.stopped(A10, said())
    told = {ad: [{"shape": A10, "is_billed_for_stopped_instance": True}] for ad in ADS}
    assert account.stopped(A10, said(shapes=told))
    assert account.stopped("VM.GPU3.1", said(shapes=FAULT)) and not account.stopped(A10, said(shapes=FAULT))


def test_an_image_must_be_of_the_shapes_own_processor():
    arm = UBUNTU | {"display_name": "Canonical-aarch64"}
    assert verdicts(A10, 1, said(images=[arm]))["image"] == "FAIL"
    assert verdicts(FLEX, 1, said(images=[arm]))["image"] == "OK"
    assert verdicts(FLEX, 1, said(images=[arm | {"operating_system_version": "22.04"}]))["image"] == "FAIL"
