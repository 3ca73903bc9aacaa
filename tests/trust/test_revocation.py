"""revocation.py: what was made under a record is found and says so; nothing else is touched."""

import shutil

import pytest

from faceswap_lib import UserError
from faceswap_lib.media import video
from faceswap_lib.trust import consent, credentials, inspection, marked, revocation, sidecar
from faceswap_lib.trust.statement import Statement

WHO = consent.Person(name="Anna Ötzi", videos=["0a" * 32])


def plain(numbered):
    return (frame for _, frame in numbered)


@pytest.fixture(scope="module")
def first(short, tmp_path_factory):
    """A record and a video that was made under it."""
    folder = tmp_path_factory.mktemp("first")
    found = consent.new(folder / "c.json", WHO, WHO, agreed="a swap", means="it is me")
    marked.rewrite(short["a"], folder / "one.mp4", plain, Statement("test", "0a" * 32, consent=found.hash))
    return folder


@pytest.fixture
def run(first, tmp_path):
    """The same, with a copy elsewhere, one that nobody listed beside it, and one of another record's."""
    folder = shutil.copytree(first, tmp_path / "run")
    for name in ("out/listed", "out/beside", "far/away/third"):
        place = folder / f"{name}.mp4"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "one.mp4", place)
        shutil.copy(sidecar.path_of(folder / "one.mp4"), sidecar.path_of(place))
    consent.Consent(folder / "c.json").note(folder / "out/listed.mp4", folder / "gone.mp4")
    return folder


def test_it_marks_the_record_and_what_was_made_and_alters_no_video(run):
    before = video.sha256(run / "one.mp4")
    told = {str(made.video.relative_to(run)): made.state for made in revocation.revoke(run / "c.json")}
    assert told == {"out/listed.mp4": "marked", "gone.mp4": "gone", "out/beside.mp4": "marked", "one.mp4": "marked"}
    found = consent.read(run / "c.json")
    assert found.revoked and (run / "c.json").stat().st_mode & 0o777 == 0o600
    for name in ("out/listed.mp4", "out/beside.mp4"):
        beside = sidecar.read(run / name)
        assert beside.state == "intact" and beside.facts["consent_revoked"] == str(found.revoked)
        assert inspection.agreement(run / name).says.startswith(f"revoked on {found.revoked}")
        assert video.sha256(run / name) == before
    assert "consent_revoked" not in sidecar.read(run / "far/away/third.mp4").facts


def test_it_looks_into_other_folders_too_and_a_second_time(run):
    first = revocation.revoke(run / "c.json")
    again = revocation.revoke(run / "c.json", [run / "far"])
    assert {each.video for each in again} - {each.video for each in first} == {run / "far/away/third.mp4"}
    assert {each.state for each in again} == {"marked", "gone"}


def test_one_without_the_file_beside_it_is_known_by_its_credentials(run):
    sidecar.path_of(run / "out/listed.mp4").unlink()
    revocation.revoke(run / "c.json")
    assert sidecar.read(run / "out/listed.mp4").facts["consent_revoked"]


def test_what_was_changed_since_is_not_declared_whole(run):
    listed = run / "out/listed.mp4"
    listed.write_bytes(listed.read_bytes()[:-1] + b"x")
    told = {made.video: made.state for made in revocation.revoke(run / "c.json")}
    assert told[listed].startswith("changed since it was made")
    assert sidecar.read(listed).state == "altered"


def test_anothers_videos_are_left_alone(run, short):
    other = Statement("test", "0a" * 32, consent="ff" * 32)
    marked.rewrite(short["a"], run / "out/other.mp4", plain, other)
    shutil.copy(short["a"], run / "out/plain.mp4")
    told = {made.video.name for made in revocation.revoke(run / "c.json")}
    assert not told & {"other.mp4", "plain.mp4"}
    assert "consent_revoked" not in sidecar.read(run / "out/other.mp4").facts


def test_what_cannot_be_is_one_sentence_and_changes_nothing(run):
    with pytest.raises(UserError, match="is no folder to look for videos in"):
        revocation.revoke(run / "c.json", [run / "nowhere"])
    assert consent.read(run / "c.json").revoked is None
    with pytest.raises(UserError, match="no record of consent"):
        revocation.revoke(run / "one.mp4")


def test_the_marks_name_the_record_and_nobody(first, short):
    record = consent.read(first / "c.json")
    assert credentials.read(first / "one.mp4").facts["consent"] == record.hash
    assert sidecar.read(first / "one.mp4").facts["consent"] == record.hash
    for path in (first / "one.mp4", sidecar.path_of(first / "one.mp4")):
        data = path.read_bytes()
        assert record.hash.encode() in data
        secret = ("Anna", "Ötzi", "it is me", record.nonce, "c.json", short["a"].name, str(short["a"].parent))
        assert not [word for word in secret if word.encode() in data]


@pytest.mark.parametrize(
    ("record", "state", "says"),
    [
        (None, "unknown", "a record is named"),
        ("c.json", "intact", "holds until"),
        ("d.json", "altered", "another record"),
    ],
)
def test_inspect_says_whether_the_record_is_the_one(run, record, state, says):
    consent.new(run / "d.json", WHO, WHO, agreed="a swap", means="it is me")
    found = inspection.agreement(run / "one.mp4", record and run / record)
    assert (found.state, says in found.says) == (state, True)


def test_inspect_tells_an_old_record_and_the_built_in_people(run, short, tmp_path):
    old = run / "c.json"
    found = consent.read(old)
    found.until = found.on = found.on.replace(year=2020)
    consent.write(old, found)
    facts = Statement("test", "0a" * 32, consent=found.hash)
    sidecar.write(run / "one.mp4", run / "one.mp4", facts)
    assert "it ended on" in inspection.agreement(run / "one.mp4", old).says
    assert inspection.agreement(short["a"]).state == "missing"
    sidecar.write(run / "one.mp4", run / "one.mp4", Statement("test", "0a" * 32, consent=consent.NONE_NEEDED))
    assert "none is needed" in inspection.agreement(run / "one.mp4", old).says
