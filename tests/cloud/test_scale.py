"""scale.py: sums done by hand, the page that shows them, and what Kubernetes really gives a learner."""

from pathlib import Path

import pytest
import yaml

from faceswap_lib.cloud import bill, scale

SETUP = Path(__file__).parents[2] / "setup"
DISK = 0.0255 + 10 * 0.0017  # dollars for a GB and month


def test_the_page_shows_what_the_function_says():
    page = (SETUP / "COSTS.md").read_text("utf-8")
    for table in scale.tables().split("\n\n"):
        assert table in page, "print both tables again, the page's end says how"


def test_a_class_is_machines_by_hours_and_their_disks():
    own, shared, _, cluster = scale.classes(120, (2, 2))
    assert own.low == own.high == bill.cost("VM.GPU.A10.1", 120, 2)[0].all
    assert shared.units == (3, 3) and shared.low == pytest.approx(3 * 2 * (2.0 + 150 * DISK / 730))
    nodes = (10, 19)  # 120 / 14 and 120 / 7, rounded up, and the hub's
    assert cluster.units == nodes
    for end, count in zip((cluster.low, cluster.high), nodes, strict=True):
        node = 8 * 0.03 + 64 * 0.002 + 100 * DISK / 730
        assert end == pytest.approx(2 * (count * node + 120 * 50 * DISK / 730 + 0.1))


def test_a_learner_on_a_node_has_what_kubernetes_is_told():
    values = yaml.safe_load((SETUP / "k8s/values.yaml").read_text("utf-8"))["singleuser"]
    (default,) = [each["kubespawner_override"] for each in values["profileList"] if each.get("default")]
    threads = 2 * scale.NODE_OCPUS - 2
    fit = (threads // default["cpu_guarantee"], threads // default["cpu_limit"])
    assert fit == scale.PER_NODE
    for kind, count in zip(("guarantee", "limit"), fit, strict=True):
        assert count * float(default[f"mem_{kind}"].rstrip("G")) <= scale.NODE_GB - 4
    assert values["storage"]["capacity"] == f"{scale.LEARNER_DISK}Gi"


def test_hours_of_video_are_frames_by_rates():
    span = scale.video("extract", 10, (5.0, 50.0))
    assert span.hours == pytest.approx((5, 50))
    assert (span.low, span.high) == pytest.approx((5 * (0.03 + 8 * 0.002), 50 * 2 * (0.03 + 8 * 0.002)))
    slow, fast = scale.RATES["convert"]
    assert scale.video("convert").hours == pytest.approx((25000 / fast, 25000 / slow))
    assert scale.storage(1).high == pytest.approx(2 * 3.6 * DISK)


def test_what_the_page_says_of_a_cluster_is_the_workshops_machine_and_the_disks():
    page = " ".join((SETUP / "COSTS.md").read_text("utf-8").split())
    days = [hours / 20 for hours in scale.video("convert").hours]
    for shape, between, form in (("VM.GPU.A10.1", " adds", ".0f"), ("VM.Standard.A1.Flex", "", ".2f")):
        least, most = (hours * bill.recorded(shape).vm for hours in days)
        assert f"a {shape}{between} $ {least:{form}} – {most:{form}}" in page
    least, most = (20 * 50 * hours * DISK / 730 for hours in days)
    assert f"add $ {least:.2f} – {most:.2f} for 20;" in page
    assert days[0] * bill.recorded("VM.GPU.A10.1").vm > scale.video("convert").low, "more than they cost"
