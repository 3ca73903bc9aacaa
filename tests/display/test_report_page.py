"""report.html read back as a browser would: its cards, curves and pictures, from made-up values and flat clips."""

import base64
import copy
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from faceswap_lib.display import report_page
from faceswap_lib.measure.figures import FIGURES
from faceswap_lib.measure.report import shown
from faceswap_lib.media import video
from faceswap_lib.trust import label

FRAMES, FPS, EVERY = 72, 24, 4
WITHOUT_FRAMES = ("sound", "timing", "unseen_a", "unseen_b")  # these have no value by frame
GREEN = {"source": 40, "swap": 110, "ideal": 180}  # each clip's colour; its red tells the frame
VOID = ("meta", "img", "path", "br")


class Read(HTMLParser):
    """A page as a tree in short: every tag with its attributes, and for each article and h2 the text inside."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text, self.open, self.parts = "", [], []
        self.feed(page)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list) -> None:
        """Note a tag; those with text become a part."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, len(self.text)))

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that is open, which must be this one."""
        assert self.open[-1][0] == tag
        self.parts.append((tag, self.text[self.open.pop()[1] :]))

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        """A tag without content."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Text, but no style sheet."""
        if not self.open or self.open[-1][0] != "style":
            self.text += data

    def of(self, tag: str) -> list[str]:
        """The text of every such tag."""
        return [text for each, text in self.parts if each == tag]

    def attrs(self, tag: str) -> list[dict]:
        """The attributes of every such tag."""
        return [attrs for each, attrs in self.tags if each == tag]


def card(page: str, name: str) -> str:
    """The source text of a figure's card."""
    return next(each for each in page.split('<article class="card">') if each.startswith(f"<h3>{name}</h3>"))


def worst(page: str) -> dict[int, str]:
    """The worst frames in the order shown, and what is said of each."""
    cards = [text for text in Read(page).of("article") if text.startswith("Frame ")]
    return {int(re.match(r"Frame (\d+)", text)[1]): text for text in cards}


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> dict:
    """Three flat clips whose colour tells clip and frame."""
    folder = tmp_path_factory.mktemp("clips")
    for name, green in GREEN.items():
        flat = (np.full((32, 32, 3), (3 * i, green, 60), "u1") for i in range(FRAMES))
        video.write(folder / f"{name}.mp4", flat, FPS, crf=4)
    return {name: folder / f"{name}.mp4" for name in GREEN}


@pytest.fixture
def given(clips) -> list:
    """What page() takes, with every figure and three clips beside the swap; a test may change it."""
    rng = np.random.default_rng(1)
    full, names = np.arange(FRAMES) % EVERY == 0, [name for name in FIGURES if name not in WITHOUT_FRAMES]
    values = {
        each: {name: np.where(full, rng.normal(0.5, 0.01, FRAMES), np.nan) for name in names}
        for each in ("classic paste", "swap", "source", "ideal")
    }
    figures = {
        name: {
            "value": 0.31 + k / 100,
            "low": 0.21 + k / 100,
            "high": 0.41 + k / 100,
            "n": 30 + k,
            "better": about.better,
            "reference": {"classic paste": 0.2, "source": 0.1, "ideal": 0.9},
        }
        for k, (name, about) in enumerate(FIGURES.items())
    }
    run = {
        "versions": {"numpy": "1.26.4"},
        "profile": "smoke",
        "seed": 7,
        "every": EVERY,
        "data": {"swap": "0123456789abcdef" * 4},
        "machine": {"system": "Linux-x", "cores": 2},
    }
    report = {"figures": figures, "run": run, "verdicts": [f"{name} said: not bad." for name in figures], "frames": {}}
    places = {i: rng.uniform(10, 22, (478, 3)).astype("f4") for i in range(0, FRAMES, EVERY)}
    return [report, values, dict(clips), places]


@pytest.fixture
def plain(given) -> list:
    """The same without frames scored in full: no clip is read, which is faster."""
    return [*given[:3], {}]


def test_every_figure_has_a_card_with_value_interval_meaning_and_verdict(plain):
    *cards, frames = Read(report_page.page(*plain)).of("article")
    assert len(cards) == len(FIGURES) and frames == "No frame could be judged."
    for (name, figure), text in zip(plain[0]["figures"].items(), cards, strict=True):
        value, low, high = (shown(name, figure[key]) for key in ("value", "low", "high"))
        assert text.startswith(f"{name}{value} 95 % interval {low} to {high}, n\xa0=\xa0{figure['n']}")
        assert f"{FIGURES[name].meaning} ({FIGURES[name].better} is better)" in text
        assert text.endswith(f"{name} said: not bad.")


def test_the_page_says_that_the_video_is_synthetic_and_how_it_was_made(given):
    given[0]["run"]["machine"]["system"] = "Linux <x>"
    page = report_page.page(*given)
    read = Read(page)
    assert page.startswith("<!doctype html>") and read.attrs("html") == [{"lang": "en"}]
    assert {"charset": "utf-8"} in read.attrs("meta") and "width=device-width" in read.attrs("meta")[1]["content"]
    assert "is synthetic" in read.of("p")[0] and label.TEXT in read.of("p")[0]
    assert "nearer to B than to A: identity" in read.of("p")[1]
    groups = list(dict.fromkeys(about.group for about in FIGURES.values()))
    assert read.of("h2") == ["What to do next", "The figures", *groups, "The worst five frames"]
    record = dict(zip(read.of("dt"), read.of("dd"), strict=True))
    assert record["swap, SHA-256"] == "0123456789ab…" and record["profile"] == "smoke" and record["seed"] == "7"
    assert record["numpy"] == "1.26.4" and record["system"] == "Linux <x>" and record["scored in full"] == "1 in 4"


def test_nothing_comes_from_outside_and_every_picture_shows_its_frame_of_its_clip(given):
    page = report_page.page(*given)
    read = Read(page)
    assert not {"script", "link", "iframe", "object", "video"} & {tag for tag, _ in read.tags}
    assert not re.search(r"http|url\(|@import|href|srcset", page)
    assert {tag for tag, attrs in read.tags if "src" in attrs} == {"img"}
    pictures = read.attrs("img")
    assert len(pictures) == 15
    for each in pictures:
        kind, data = each["src"].split(",")
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(data, validate=True), "u1"), cv2.IMREAD_COLOR)
        assert kind == "data:image/jpeg;base64" and picture.shape == (256, 256, 3)
        clip, i = re.match(r"(\w+), frame (\d+), ", each["alt"]).groups()
        assert np.abs(picture[:200].mean((0, 1)) - (60, GREEN[clip], 3 * int(i))).max() < 6
        assert (np.ptp(picture[200:], (0, 1)).max() > 100) == (clip == "swap")  # the label, there alone
    assert {re.match(r"\w+", each["alt"])[0] for each in pictures} == set(GREEN)


def test_the_worst_frames_are_those_planted_as_worst_and_eight_apart(given):
    swap = given[1]["swap"]
    for depth, i in enumerate((48, 12, 64, 28)):
        swap["ssim"][i] -= 0.40 - 0.06 * depth
        swap["expression"][i] += 0.40 - 0.06 * depth
    swap["ssim"][52] -= 0.39  # the second worst, but next to the worst
    swap["expression"][52] += 0.39
    swap["ssim"][20] += 2  # very good
    swap["to_ideal"][4] -= 2
    swap["to_ideal"][36] += 4
    found = worst(report_page.page(*given))
    assert list(found) == [36, 48, 12, 64, 28]
    assert f"worst in to_ideal: {shown('to_ideal', swap['to_ideal'][36])}" in found[36] and "1.5 s" in found[36]
    assert "worst in expression" in found[48]


def test_a_frame_that_could_not_be_measured_is_bad(given):
    for name in ("ssim", "to_ideal"):
        given[1]["swap"][name][:] = 0.5
    given[1]["swap"]["expression"][[44, 60]] = np.nan
    found = worst(report_page.page(*given))
    assert set(list(found)[:2]) == {44, 60} and all("expression could not be measured" in found[i] for i in (44, 60))
    assert min(abs(a - b) for a in found for b in found if a != b) >= 8 and len(found) == 5


def test_few_frames_make_few_worst_frames(given):
    given[3] = {i: points for i, points in given[3].items() if i < 12}
    page = report_page.page(*given)
    assert 1 <= len(worst(page)) <= 2 and "The worst frames" in Read(page).of("h2")


def test_without_an_ideal_other_figures_choose_the_worst_frames(given):
    report, values, clips, _ = given
    like = [name for name, about in FIGURES.items() if about.group == "Like the ideal swap"]
    for name in like:
        report["figures"].pop(name), report["verdicts"].pop(0)
        values["swap"].pop(name)
    values.pop("ideal"), clips.pop("ideal")
    values["swap"]["identity"][32] -= 0.5
    values["swap"]["motion"][60] += 0.4
    values["swap"]["border"][8] += 0.3
    page = report_page.page(*given)
    found = worst(page)
    told = {32: "worst in identity", 60: "worst in motion", 8: "worst in border"}
    assert set(list(found)[:3]) == set(told) and all(told[i] in found[i] for i in told)
    assert len(Read(page).attrs("img")) == 10 and "Like the ideal swap" not in page


def test_figures_that_were_never_measured_and_missing_references_leave_gaps_only(given):
    report, values, _, _ = given
    for columns in values.values():
        for column in columns.values():
            column[:] = np.nan
    for figure in report["figures"].values():
        figure.update(value=np.nan, low=np.nan, high=np.nan, n=0, reference={})
    page = report_page.page(*given)
    read = Read(page)
    assert page.count("Not measured in any frame.") == len(FIGURES) - len(WITHOUT_FRAMES)
    assert not read.attrs("path") and not read.attrs("img") and "No frame could be judged." in read.of("article")
    assert read.of("li")[1:] == ["swap–"] * len(FIGURES)


def test_labels_are_escaped_everywhere(plain):
    report, values, clips, _ = plain
    label = '<img src=x onerror="y"> & co'
    values[label], clips[label] = values["swap"], clips["swap"]
    for name, figure in report["figures"].items():
        figure["reference"][label] = 0.5
        report["verdicts"][list(report["figures"]).index(name)] = f"{name}: better than {label} (0.5)."
    report["run"]["data"][label] = "f" * 64
    report["verdicts"].append(f"Poses: {label}")
    read = Read(report_page.page(*plain))
    assert not read.attrs("img")
    assert f"Poses: {label}" in read.of("li") and f"{label}, SHA-256" in read.of("dt")
    assert sum(label in text for text in read.of("article")) == len(FIGURES)
    assert any(label in each["aria-label"] for each in read.attrs("svg"))


def test_references_are_ranked_from_best_to_worst_and_the_mark_is_named(plain):
    figures = plain[0]["figures"]
    figures["ssim"] |= {"value": 0.7, "reference": {"gone": np.nan, "source": 0.6, "ideal": 1.0, "classic paste": 0.8}}
    figures["identity"] |= {"value": 0.25, "reference": {"source": -0.75, "B's own": 0.5}}
    figures["motion"] |= {"value": 2.0, "reference": {"source": 0.0, "classic paste": 1.0}}
    page = report_page.page(*plain)
    names = {name: Read(f"<article>{card(page, name)}").of("li") for name in ("ssim", "identity", "motion")}
    assert names["ssim"] == ["ideal, the mark1.000", "classic paste0.800", "swap0.700", "source0.600", "gone–"]
    assert names["motion"] == ["source, the mark0.00", "classic paste1.00", "swap2.00"]
    assert names["identity"] == ["B's own0.500", "swap0.250", "source-0.750"]
    bars = re.findall(r"left:([\d.]+)%;width:([\d.]+)%", card(page, "identity"))
    assert bars == [("60.0", "40.0"), ("60.0", "20.0"), ("0.0", "60.0")]
    assert re.findall(r"<li class=swap><span>(\w+)", card(page, "ssim")) == ["swap"]


def test_what_to_do_next_is_the_advice_and_nothing_else(plain):
    report = plain[0]
    page = report_page.page(*plain)
    assert Read(page).of("li")[0] == "No figure is clearly bad."
    report["verdicts"][list(FIGURES).index("mouth")] += f" {FIGURES['mouth'].advice}"
    report["verdicts"] += ["Poses: film B from there.", "Training: train on."]
    page = report_page.page(*plain)
    steps = Read(page[page.index("<ul>") : page.index("</ul>") + 5]).of("li")
    assert steps == [f"mouth: {FIGURES['mouth'].advice}", "Poses: film B from there.", "Training: train on."]
    assert f"said: not bad. <b>{FIGURES['mouth'].advice}</b>" in card(page, "mouth")


def test_a_curve_holds_the_values_and_breaks_where_there_are_none(plain):
    values = plain[1]
    for columns in values.values():
        columns["pose"] = np.full(101, np.nan)
    values["swap"]["pose"][[0, 10, 20, 60, 70, 100]] = [0, 4, 2, 1, 3, 4]
    values["source"]["pose"][::10] = 2.0  # flat, so not drawn
    page = report_page.page(*plain)
    assert re.findall(r' d="([^"]*)"', card(page, "pose")) == ["M0 1000h0L100 0L200 500M600 750h0L700 250M1000 0h0"]
    assert "<span>4.0</span><span>0.0</span>" in card(page, "pose")
    assert "<span>0.0 s</span><span>2.1 s</span><span>4.2 s</span>" in card(page, "pose")
    values["swap"]["pose"][:] = 3.0
    assert "The same in every frame of the swap." in card(report_page.page(*plain), "pose")


def test_the_swap_is_drawn_last_and_only_with_the_source_where_they_are_correlated(plain):
    page = report_page.page(*plain)
    drawn = {name: re.search(r'aria-label="[^:]*: ([^"]*)"', card(page, name)) for name in FIGURES}
    for name, about in FIGURES.items():
        if name in WITHOUT_FRAMES:
            assert drawn[name] is None
        else:
            expected = "source, swap" if about.correlates else "classic paste, source, ideal, swap"
            assert drawn[name][1] == expected and card(page, name).count("<path") == expected.count(",") + 1
    widths = [float(width) for width in re.findall(r'stroke-width="([\d.]+)"', card(page, "border"))]
    assert widths[-1] == max(widths) and widths[0] == min(widths) and len(set(widths)) == 3


def test_a_long_clips_curve_is_thinned_and_keeps_its_peaks(plain):
    for columns in plain[1].values():
        columns["mouth"] = 0.5 + 0.1 * np.sin(np.arange(20000) / 9)
    plain[1]["swap"]["mouth"][12345] = 3.0  # one frame
    paths = re.findall(r' d="([^"]*)"', card(report_page.page(*plain), "mouth"))
    points = [re.findall(r"[ML](\d+) (\d+)", path) for path in paths]
    assert len(points) == 2 and all(300 <= len(each) <= 400 for each in points)
    assert ("617", "0") in points[1] and all(path.count("M") == 1 for path in paths)


def test_the_same_input_gives_the_same_page_and_reads_each_clip_once(given, monkeypatch):
    read, frames = [], video.frames
    monkeypatch.setattr(video, "frames", lambda path: read.append(path) or frames(path))
    page = report_page.page(*given)
    assert sorted(read) == sorted(given[2].values())
    assert report_page.page(*copy.deepcopy(given)) == page
