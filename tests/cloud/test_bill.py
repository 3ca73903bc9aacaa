"""What a machine costs, the price of the day, and that every number in prices.json has a source and a date."""

import json
from datetime import date, datetime, timezone
from pathlib import Path

import pytest
from cloud_stand_in import Cloud, running

from faceswap_lib.cloud import bill, oracle
from faceswap_lib.machine import cards
from faceswap_lib.profiles import PROFILES

FACTS = bill.cloud()
GPUS = [name for name, shape in FACTS["shapes"].items() if shape["cards"]]


def test_the_costs_are_price_times_hours_and_storage():
    price = bill.Price(2.0, 0.0425, "2026-01-01")
    rows = bill.cost("VM.GPU.A10.1", 20, 3, price)
    assert [r.billed for r in rows] == [3, 3, 19, 67, 730]
    disk = 20 * 150 * 0.0425 / 730  # dollars an hour
    assert [r.all for r in rows] == pytest.approx(
        [120 + 3 * disk, 120 + 19 * disk, 760 + 19 * disk, 2680 + 67 * disk, 29200 + 730 * disk]
    )
    assert [r.one * 20 for r in rows] == pytest.approx([r.all for r in rows])
    assert bill.shown(rows, 20)[4]["class of 20"] == "$ 29,327.50"


def test_stopping_saves_with_an_a10_and_not_with_a_v100():
    a10, v100 = (bill.cost(shape) for shape in ("VM.GPU.A10.1", "VM.GPU3.1"))
    assert a10[1].all < 1.05 * a10[0].all and a10[2].all > 8 * a10[0].all
    assert v100[1].all == v100[2].all > 8 * v100[0].all
    told = bill.cost("VM.GPU.A10.1", billed_when_stopped=True)
    assert told[1].all == told[2].all


def test_what_is_free_costs_nothing_and_what_is_beyond_does():
    assert {c.all for c in bill.cost("VM.Standard.E2.1.Micro", 2)} == {0.0}
    assert {c.all for c in bill.cost("VM.Standard.A1.Flex", 1)} == {0.0}
    month = bill.cost("VM.Standard.A1.Flex", 5)[-1].all
    assert month == pytest.approx(4 * 730 * (2 * 0.01 + 12 * 0.0015) + (5 * 50 - 200) * (0.0255 + 10 * 0.0017))


def test_two_shapes_are_compared_by_the_same_rows():
    bars = bill.compare(("VM.GPU.A10.1", "VM.GPU3.1"), 1, 2)
    assert len(bars) == 10 and list(bars)[0].endswith("A10") and list(bars)[1].endswith("V100")
    assert bars["the workshop, then terminated · V100"] == bill.cost("VM.GPU3.1")[0].all


def test_the_price_list_is_read_by_part_and_beyond_what_is_free():
    with running(Cloud()) as cloud:
        assert bill.ask("B95909", f"{cloud.address}/prices") == 3.25  # the first, free, step is passed over
        price = bill.today("VM.GPU.A10.2", f"{cloud.address}/prices")
        assert price.vm == 6.5 and price.disk == pytest.approx(0.05 + 10 * 0.002) and price.live
        with pytest.raises(ValueError, match="B89734"):
            bill.today("VM.GPU3.1", f"{cloud.address}/prices")


def test_a_shape_of_the_file_is_complete():
    assert set(FACTS["shapes"]) == {
        "VM.GPU.A10.1",
        "VM.GPU.A10.2",
        "VM.GPU3.1",
        "VM.GPU2.1",
        "VM.Standard.E2.1.Micro",
        "VM.Standard.A1.Flex",
    }
    for name, shape in FACTS["shapes"].items():
        assert shape["profile"] in PROFILES and shape["arch"] in ("x86_64", "aarch64"), name
        assert shape["limits"] and all(count > 0 for count in shape["limits"].values()), name
        assert shape["ocpus"] > 0 and shape["memory_gb"] > 0 and shape["sources"], name
        assert (shape["card"] in cards.data_sheets()) == (shape["cards"] > 0), name
        assert bill.disk_gb(name) >= FACTS["storage"]["minimum_gb"], name


@pytest.mark.parametrize("shape", FACTS["shapes"])
def test_an_hour_of_a_shape_is_the_sum_of_its_parts(shape):
    facts = FACTS["shapes"][shape]
    assert bill.recorded(shape).vm == pytest.approx(facts["usd_hour"])
    if shape in GPUS:
        assert list(facts["parts"].values()) == [facts["cards"]] == list(facts["limits"].values())


def test_every_number_has_a_source_and_every_doubt_is_said():
    entries = [
        *FACTS["shapes"].values(),
        *FACTS["prices"].values(),
        FACTS["storage"],
        FACTS["free"],
    ]
    assert all(entry["sources"] and set(entry["sources"]) <= set(FACTS["sources"]) for entry in entries)
    assert all(entry.get("doubt") for entry in entries if entry.get("verified") is False)
    for shape in GPUS:
        marks = next(line for line in bill.shapes() if line["shape"].split(" ")[0] == shape)
        assert ("(?)" in str(marks["$ an hour"])) == bool(bill.recorded(shape).doubt)
        assert ("(?)" in marks["shape"]) == ("doubt" in FACTS["shapes"][shape])


def test_dates_are_dates_and_not_in_the_future():
    now = datetime.now(timezone.utc).date()
    dates = [FACTS["renewed"], oracle.example()["recorded"], FACTS["free"]["since"]]
    dates += [entry["dated"] for entry in FACTS["prices"].values()]
    for source in FACTS["sources"].values():
        assert source["what"] and (source["address"].startswith("https://") or Path(source["address"]).suffix)
        dates += [source["read"], *([source["dated"]] if "dated" in source else [])]
    assert all(date.fromisoformat(each) <= now for each in dates)


def test_a_line_of_the_file_is_one_thing():
    text = Path(bill.__file__).with_name("prices.json").read_text(encoding="utf-8")
    for name, entry in FACTS["shapes"].items():
        assert f'  "{name}": {json.dumps(entry, ensure_ascii=False)}' in text, name
