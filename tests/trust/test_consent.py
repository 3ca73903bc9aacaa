"""consent.py: whom a record is for and for how long, how one is made, and that it names nobody to others."""

import json
from datetime import date, timedelta

import pytest

from faceswap_lib import UserError, samples
from faceswap_lib.media import video
from faceswap_lib.trust import consent
from faceswap_lib.trust.consent import Consent, Person

A, B, C = ("0a" * 32, "0b" * 32, "0c" * 32)
NAMES = {A: "a.mp4", B: "b.mp4"}
ANNA, BO = Person(name="Anna Ötzi", videos=[A]), Person(name="Bo Berg", videos=[B])
TODAY, DAY = date.today(), timedelta(days=1)
BUILT_IN = {video.sha256(samples.path(f"person_{name}")): f"person_{name}.mp4" for name in "ab"}


@pytest.fixture
def record(tmp_path):
    consent.new(tmp_path / "c.json", ANNA, BO, agreed="Bo's face in Anna's video", means="in writing")
    return tmp_path / "c.json"


def changed(path, **what) -> Consent:
    path.write_text(json.dumps(json.loads(path.read_text()) | what))
    return Consent(path)


def test_the_built_in_people_need_none_and_everybody_else_does():
    a, b = BUILT_IN
    assert Consent().agreed(BUILT_IN, a, b) == consent.NONE_NEEDED
    for names, shown, put_in in ((NAMES, A, B), ({a: "person_a.mp4", B: "b.mp4"}, a, B), (BUILT_IN | {C: "c"}, a, b)):
        with pytest.raises(UserError, match="there has to be a record of consent.*consent new consent.json"):
            Consent().agreed(names, shown, put_in)


def test_the_sentence_that_refuses_is_the_command_that_makes_one():
    with pytest.raises(UserError) as caught:
        Consent().agreed({A: "my a.mp4", B: "b.mp4", C: "older.mp4"}, A, B)
    assert "--video-a 'my a.mp4' --video-a older.mp4 --name-a" in str(caught.value)
    assert "--video-b b.mp4 --name-b" in str(caught.value) and "--consent consent.json" in str(caught.value)
    with pytest.raises(UserError) as caught:
        Consent().agreed({B: "b.mp4"} | BUILT_IN, list(BUILT_IN)[0], B)
    assert "--video-b b.mp4" in str(caught.value) and "--video-a" not in str(caught.value)


def test_a_record_is_for_its_people_in_its_direction(record):
    found = Consent(record)
    assert found.agreed(NAMES, A, B) == consent.read(record).hash
    assert found.agreed(NAMES | BUILT_IN, A, B), "a model that has learned from a built-in person too"
    assert found.agreed({A: "a.mp4"}, A, A, themselves=True), "drawn anew, to see what the network can do"
    for names, shown, put_in, told in (
        (NAMES, B, A, "not for this direction"),
        ({A: "a.mp4"}, A, A, "not for this direction"),  # two people of one video
        ({A: "a.mp4", C: "c.mp4"}, A, C, "not for c.mp4"),
        ({C: "c.mp4", B: "b.mp4"}, C, B, "not for c.mp4"),
        (NAMES | {C: "c.mp4"}, A, B, "not for c.mp4"),  # a model that was trained on somebody else
        (NAMES | BUILT_IN, list(BUILT_IN)[0], B, "person_a.mp4"),
    ):
        with pytest.raises(UserError, match=f"consent in .*c.json is .*{told}"):
            found.agreed(names, shown, put_in)


def test_one_with_a_built_in_person_is_for_no_other(tmp_path):
    consent.new(tmp_path / "c.json", None, BO, agreed="Bo's face in the built-in video", means="in writing")
    a = list(BUILT_IN)[0]
    assert Consent(tmp_path / "c.json").agreed({B: "b.mp4", a: "person_a.mp4"}, a, B)
    with pytest.raises(UserError, match="not for a.mp4"):
        Consent(tmp_path / "c.json").agreed(NAMES, A, B)


def test_pieces_of_a_video_are_that_video(record, tmp_path):
    consent.new(tmp_path / "self.json", ANNA, ANNA, agreed="a swap of mine with myself", means="it is me")
    halves = {C: "half_1.mp4", "0d" * 32: "half_2.mp4"}
    ours = Consent(tmp_path / "self.json", dict.fromkeys(halves, A))
    assert ours.agreed(halves, *halves) == consent.read(tmp_path / "self.json").hash
    with pytest.raises(UserError, match="half_1.mp4"):
        Consent(tmp_path / "self.json").agreed(halves, *halves)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ({"until": str(TODAY - DAY), "on": str(TODAY - 9 * DAY)}, f"ended on {TODAY - DAY}"),
        ({"on": str(TODAY + DAY)}, f"begins on {TODAY + DAY}"),
        ({"revoked": str(TODAY)}, f"was revoked on {TODAY}"),
    ],
)
def test_one_that_does_not_hold_today_is_refused_by_name(record, what, told):
    with pytest.raises(UserError, match=f"c.json {told}"):
        changed(record, **what).agreed(NAMES, A, B)
    assert changed(record, on=str(TODAY), until=str(TODAY), revoked=None).agreed(NAMES, A, B), "its last day counts"


@pytest.mark.parametrize(
    "what",
    [
        {"a": None, "b": None},
        {"until": "2001-01-01"},
        {"until": "soon"},
        {"nonce": ""},
        {"more": 1},
        {"schema_version": 2},
    ]
    + [{"a": {"name": name, "videos": [A]}} for name in ("", " ", "x" * 201, 7, "\ud800")]
    + [{"b": {"name": "Bo", "videos": videos}} for videos in ([], ["b.mp4"], [B] * 51)],
)
def test_what_is_no_record_is_one_sentence(record, what):
    with pytest.raises(UserError, match="is no record of consent .*`consent new` writes one"):
        changed(record, **what).agreed(NAMES, A, B)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 5000 + "]" * 5000, "{}" + " " * consent.MOST])
def test_neither_is_another_file(tmp_path, text):
    (tmp_path / "c.json").write_text(text)
    for path in (tmp_path / "c.json", tmp_path, tmp_path / "nowhere.json"):
        with pytest.raises(UserError, match="is no record of consent"):
            Consent(path).agreed(NAMES, A, B)


def test_its_hash_is_of_all_of_it_and_cannot_be_guessed(record, tmp_path):
    first = consent.read(record)
    again = consent.new(tmp_path / "again.json", ANNA, BO, agreed=first.agreed, means=first.means)
    assert first.hash != again.hash, "the same words, another random number"
    for what in ({"means": "by mouth"}, {"until": str(TODAY + DAY)}, {"b": None}):
        path = tmp_path / "other.json"
        path.write_text(record.read_text())
        changed(path, **what)
        assert consent.read(path).hash != first.hash
    assert consent.read(changed(record, revoked=str(TODAY)).path).hash == first.hash, "or nothing would be found by it"


def test_it_is_its_owners_alone_and_never_replaced(record):
    assert record.stat().st_mode & 0o777 == 0o600
    before = record.read_bytes()
    with pytest.raises(UserError, match="is there already, and stays"):
        consent.new(record, ANNA, BO, agreed="x", means="y")
    assert record.read_bytes() == before
    for name in ("", "x" * 300):
        with pytest.raises(UserError, match="say who"):
            consent.person(name, samples.path("person_a"))
    with pytest.raises(UserError, match="no record of consent .agreed"):
        consent.new(record.with_name("n.json"), ANNA, BO, agreed="", means="y")
    with pytest.raises(UserError, match="nowhere"):
        consent.new(record.parent / "nowhere" / "c.json", ANNA, BO, agreed="x", means="y")


def test_what_is_made_is_listed_beside_it_once(record, tmp_path):
    for name in ("one.mp4", "two.mp4", "one.mp4"):
        Consent(record).note(tmp_path / name)
    there = consent.list_of(record)
    with there.open("a") as file:
        file.write('no JSON\n["a list"]\n"\\u0000"\n')
    assert consent.made(record) == [tmp_path / "one.mp4", tmp_path / "two.mp4"]
    there.write_bytes(b"x" * (consent.MOST_MADE + 1))
    assert consent.made(record) == []


@pytest.mark.parametrize("how", ["a link", "a folder"])
def test_a_list_that_cannot_be_written_is_said_before_the_work(record, tmp_path, how):
    other, there = tmp_path / "other.txt", consent.list_of(record)
    other.write_text("theirs")
    there.symlink_to(other) if how == "a link" else there.mkdir()
    with pytest.raises(UserError, match="What is made is listed in .*c.videos.txt, which cannot be written"):
        Consent(record).agreed(NAMES, A, B)
    assert other.read_text() == "theirs"


def test_a_run_goes_by_its_newest_record_unless_one_is_given(tmp_path):
    assert consent.kept(tmp_path) is None
    consent.new(tmp_path / "consent.json", ANNA, BO, agreed="x", means="y")
    assert consent.kept(tmp_path) == tmp_path / "consent.json"
    assert str(consent.kept(tmp_path, "other.json")) == "other.json"


def test_a_workshop_asks_before_it_begins(short, tmp_path):
    assert consent.asked(None, "", "") == consent.NONE_NEEDED
    with pytest.raises(UserError, match=f"--video-b {short['b']}"):
        consent.asked(None, "", str(short["b"]))
    who = consent.person("Nobody, rendered", short["b"])
    consent.new(tmp_path / "c.json", None, who, agreed="x", means="y")
    assert consent.asked(tmp_path / "c.json", "", str(short["b"])) == consent.read(tmp_path / "c.json").hash
