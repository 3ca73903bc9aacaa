"""report.py: report.json is written whole, read back, put into a table and a sentence, and beside another one."""

import json
import shutil

import numpy as np
import pytest

from faceswap_lib import UserError, evaluate
from faceswap_lib.measure import report as report_file
from faceswap_lib.measure.figures import FIGURES


def test_table_and_sentence_show_the_figures(report) -> None:
    lines = report_file.table(report[0]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split()[:6] == ["swap", "±", "copy", "shifted", "source", "ideal"]
    by = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert list(by) == list(report[0]["figures"])
    assert float(by["ssim"][0]) == pytest.approx(report[0]["figures"]["ssim"]["value"], abs=6e-4)
    assert [by[name][5] for name in ("ssim", "psnr", "to_ideal")] == ["1.000", "100.00", "0.000"]
    assert report_file.summarise(report[0]).startswith("100.0% of A's frames swapped, 100% nearer to B")


def test_two_reports_are_compared_and_noise_is_called_noise(report, clips) -> None:
    same = report_file.compare(report[0], report[0])
    assert {row["verdict"] for row in same} == {"within noise"} and {row["difference"] for row in same} == {0}
    other = evaluate.evaluate(
        clips["shifted"],
        clips["person_a"],
        clips["b"],
        report[1] / "other",
        truth=clips["truth_a_as_b"],
        truth_mask=clips["truth_mask"],
    )
    rows = {row["figure"]: row for row in report_file.compare(other, report[0])}
    assert rows["sharpness"]["verdict"] == "better" and rows["placement"]["verdict"] == "worse"
    assert rows["share_nearer_b"]["verdict"] == "within noise"
    half = [(r["figures"]["ssim"]["high"] - r["figures"]["ssim"]["low"]) / 2 for r in (other, report[0])]
    assert rows["ssim"]["noise"] == pytest.approx(np.hypot(*half), abs=1e-4)
    told = report_file.compared(other, report[0])
    assert "better" in told and "within noise" in told and "Not the same" not in told
    strange = {**report[0], "run": {**report[0]["run"], "data": {**report[0]["run"]["data"], "source": "another"}}}
    assert report_file.compared(other, strange).startswith("Not the same source in both")
    shutil.rmtree(report[1] / "other")


def test_a_report_is_read_back_and_a_damaged_one_refused(report, tmp_path) -> None:
    assert report_file.read(report[1]) == report_file.read(report[1] / "report.json") == report[0]
    with pytest.raises(UserError, match="no report"):
        report_file.read(tmp_path)
    for text in ("{", "[]", '{"figures": {"ssim": {"low": 2, "high": 1, "better": "higher"}}, "run": {"data": {}}}'):
        (tmp_path / "report.json").write_text(text)
        with pytest.raises(UserError, match="damaged or no report"):
            report_file.read(tmp_path)


@pytest.mark.parametrize("seed", range(20))
def test_one_flipped_bit_in_a_report_never_goes_unnoticed(report, tmp_path, seed) -> None:
    data, chance = bytearray((report[1] / "report.json").read_bytes()), np.random.default_rng(seed)
    data[chance.integers(len(data))] ^= 1 << chance.integers(8)
    (tmp_path / "report.json").write_bytes(data)
    if data.split() == (report[1] / "report.json").read_bytes().split():
        return  # a blank between two words has become another one
    with pytest.raises(UserError, match="is damaged"):
        report_file.read(tmp_path)


def test_reports_of_before_there_were_checksums_are_read(report, tmp_path) -> None:
    old = json.loads((report[1] / "report.json").read_text())
    del old["checksum"]
    (tmp_path / "report.json").write_text(json.dumps(old))
    assert report_file.read(tmp_path) == report[0]


def small(**values: float) -> dict:
    """A report of some figures, each 0.1 wide to either side."""
    figures = {
        name: {"value": x, "low": x - 0.1, "high": x + 0.1, "n": 9, "better": FIGURES[name].better, "reference": {}}
        for name, x in values.items()
    }
    return {"figures": figures, "run": {"data": {}}, "verdicts": ["Schön."], "frames": {"index": [0, 4], "swap": {}}}


def test_a_report_is_written_whole_with_a_line_for_each_row_of_frames(tmp_path) -> None:
    given = small(ssim=0.5) | {"frames": {"index": [0, 4], "swap": {"ssim": [0.4, None]}, "source": {}}}
    assert report_file.save(tmp_path, given, "<p>page</p>") is given
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "<p>page</p>"
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    plain = json.loads(text)
    assert plain == given | {"checksum": plain["checksum"]} and "Schön." in text
    assert report_file.read(tmp_path) == given
    assert '\n  "swap": {"ssim": [0.4, null]},\n' in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_what_json_cannot_hold_is_refused_and_the_old_report_stays(tmp_path) -> None:
    report_file.save(tmp_path, small(ssim=0.5), "old")
    with pytest.raises(ValueError):
        report_file.save(tmp_path, small(ssim=np.nan), "new")
    assert report_file.read(tmp_path) == small(ssim=0.5) and (tmp_path / "report.html").read_text() == "old"


def test_a_place_for_the_report_is_made_beforehand_or_refused(tmp_path) -> None:
    report_file.reserve(tmp_path / "deep" / "folder")
    assert list((tmp_path / "deep" / "folder").iterdir()) == []
    (tmp_path / "file").write_text("")
    for work in (report_file.reserve, lambda folder: report_file.save(folder, small(ssim=0.5), "")):
        with pytest.raises(UserError, match="report.* cannot be written"):
            work(tmp_path / "file")


def test_a_difference_is_noise_within_both_half_widths_added_in_squares() -> None:
    noise = np.hypot(0.1, 0.1)
    for figure, more in (("ssim", "better"), ("flicker", "worse")):
        less = {"better": "worse", "worse": "better"}[more]
        for step, verdict in ((0.99, "within noise"), (1.01, more), (-0.99, "within noise"), (-1.01, less)):
            (row,) = report_file.compare(small(**{figure: 1 + step * noise}), small(**{figure: 1, "psnr": 30}))
            assert row["verdict"] == verdict, (figure, step)
            assert (row["difference"], row["noise"]) == pytest.approx((step * noise, noise), abs=1e-4)
    assert report_file.compare(small(ssim=1), small(psnr=1)) == []


def test_columns_are_as_wide_as_their_longest_word() -> None:
    assert report_file.aligned([["", "one", "b"], ["name", "2", "three"]]) == "      one      b\nname    2  three"


def test_labels_are_told_once_in_the_order_they_come() -> None:
    told = small(ssim=1, identity=0)
    told["figures"]["ssim"]["reference"] = {"B's mean": 1, "ideal": 1}
    told["figures"]["identity"]["reference"] = {"ideal": 1, "source": 1}
    assert report_file.labels(told) == ["B's mean", "ideal", "source"]
    assert report_file.shown("share_nearer_b", 0.875) == "88%" and report_file.shown("ssim", None) == ""


@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_a_report_of_somebody_else_is_not_replaced(report, tmp_path, name):
    (tmp_path / name).write_text('{"quarter": 3}')
    with pytest.raises(UserError, match=f"{name} is no report of this kit and would be lost"):
        report_file.reserve(tmp_path)
    assert (tmp_path / name).read_text() == '{"quarter": 3}'
    shutil.copy(report[1] / name, tmp_path / name)
    report_file.reserve(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r["figures"]["ssim"].update(value="good"), "figures.ssim.value"),
        (lambda r: r["figures"]["ssim"].update(value=1e308), "figures.ssim.value"),
        (lambda r: r["figures"]["ssim"].update(low=float("nan")), "figures.ssim.low"),
        (lambda r: r["figures"]["ssim"].update(low=2), "interval is the wrong way round"),
        (lambda r: r["figures"]["ssim"].update(better="lowest"), "figures.ssim.better"),
        (lambda r: r["figures"]["ssim"].update(reference={"x": []}), "figures.ssim.reference.x"),
        (lambda r: r["figures"]["ssim"].update(reference={str(i): 1 for i in range(999)}), "figures.ssim.reference"),
        (lambda r: r["figures"].update(ssim=[]), "figures.ssim"),
        (lambda r: r["run"]["data"].update(source=["x"]), "run.data.source"),
        (lambda r: r.pop("run"), "run: Field required"),
    ],
)
def test_a_strangers_report_is_believed_only_where_it_could_be_one(tmp_path, change, said) -> None:
    told = small(ssim=0.5)
    (tmp_path / "report.json").write_text(json.dumps(told))
    assert report_file.read(tmp_path) == told
    change(told)
    (tmp_path / "report.json").write_text(json.dumps(told))
    with pytest.raises(UserError) as caught:
        report_file.read(tmp_path)
    assert said in str(caught.value) and str(caught.value).endswith("; evaluate again.")


def test_figures_that_this_kit_does_not_know_are_passed_over(tmp_path) -> None:
    told = small(ssim=0.5)
    told["figures"]["of tomorrow"] = told["figures"]["ssim"]
    (tmp_path / "report.json").write_text(json.dumps(told))
    found = report_file.read(tmp_path)
    assert list(found["figures"]) == ["ssim"] and report_file.table(found) and report_file.compared(found, found)


def test_a_report_beyond_all_bounds_or_nested_without_end_is_not_read(tmp_path, monkeypatch) -> None:
    (tmp_path / "report.json").write_text('{"figures": ' * 50_000)
    with pytest.raises(UserError, match="nested too deeply"):
        report_file.read(tmp_path)
    monkeypatch.setattr(report_file, "MOST", 1000)
    with pytest.raises(UserError, match="more than 0"):
        report_file.read(tmp_path)


def test_nothing_is_written_through_a_link_that_a_stranger_has_laid(tmp_path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in ("report.json", "report.html"):
        (folder / f".part.{name}").symlink_to(mine)
    report_file.reserve(folder)
    report_file.save(folder, small(ssim=0.5), "page")
    assert mine.read_text() == "mine" and (folder / "report.html").read_text() == "page"
