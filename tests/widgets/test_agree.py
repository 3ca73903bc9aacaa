"""agree.py: the form asks only of one's own videos, and writes a record that converting takes."""

from datetime import date, timedelta

import pytest

from faceswap_lib import samples
from faceswap_lib.trust import consent
from faceswap_lib.widgets import agree


@pytest.fixture
def made(short, tmp_path) -> agree.Form:
    return agree.form(tmp_path, short["a"], short["b"])


def test_the_built_in_people_are_asked_nothing(tmp_path):
    one = agree.form(tmp_path, samples.path("person_a"), samples.path("person_b"))
    assert one.names == {} and one.file is None and agree.NOBODY in one.still
    assert len(one.widget.children) == 1 and list(tmp_path.iterdir()) == []


def test_a_filled_form_is_the_record_of_these_videos(made, short, tmp_path):
    assert made.write.disabled and "no record yet" in made.still and made.file is None
    made.names["a"].value, made.names["b"].value = "Anna Ötzi", "Bo <b>Berg</b>"
    made.sure.value = True
    assert not made.write.disabled
    made.write.click()
    assert made.file == tmp_path / "consent.json" and "it holds until" in made.still
    found = consent.read(made.file)
    assert (found.a.name, found.b.name, found.means) == ("Anna Ötzi", "Bo <b>Berg</b>", "in writing")
    assert consent.asked(made.file, str(short["a"]), str(short["b"])) == found.hash
    assert "Anna" not in made.still, "a page that is sent around names nobody"


def test_only_who_is_not_built_in_is_asked_for(short, tmp_path):
    one = agree.form(tmp_path, samples.path("person_a"), short["b"])
    assert list(one.names) == ["b"]
    one.names["b"].value, one.until.value, one.sure.value = "Bo", date.today(), True
    one.write.click()
    assert consent.read(one.file).a is None and consent.asked(one.file, "", str(short["b"]))


@pytest.mark.parametrize("field", ("a", "agreed", "means", "until"))
def test_what_is_missing_is_said_and_nothing_written(made, tmp_path, field):
    made.names["a"].value = made.names["b"].value = "Anna"
    if field == "until":
        made.until.value = date.today() - timedelta(days=1)
    else:
        made.names.get(field, getattr(made, field, None)).value = " "
    made.sure.value = True
    made.write.click()
    assert made.file is None and list(tmp_path.iterdir()) == []
    assert ("say who that is" if field == "a" else "no record of consent") in made.told.value


def test_one_that_does_not_fit_is_said_and_a_new_one_stands_beside_it(made, short, tmp_path):
    consent.new(tmp_path / "consent.json", None, consent.person("Bo", short["b"]), agreed="x", means="y")
    one = agree.form(tmp_path, short["a"], short["b"])
    assert "is not for" in one.still
    one.names["a"].value = one.names["b"].value = "Anna"
    one.sure.value = True
    one.write.click()
    assert one.file == tmp_path / "consent-2.json" and "it holds until" in one.still
    given = agree.form(tmp_path, short["a"], short["b"], tmp_path / "consent.json")
    assert given.file == tmp_path / "consent.json" and "is not for" in given.still


def test_of_one_video_twice_one_person_is_asked(short, tmp_path):
    one = agree.form(tmp_path / "own", short["a"], short["a"])
    assert list(one.names) == ["a"] and "themselves" in one.agreed.value
    one.names["a"].value, one.sure.value = "Anna", True
    one.write.click()
    assert one.file == tmp_path / "own" / "consent.json" and consent.asked(one.file, str(short["a"]), str(short["a"]))
