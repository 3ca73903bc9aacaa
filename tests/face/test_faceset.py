"""faceset.py: what is saved comes back; what is damaged, foreign or missing is a user's error, never a traceback."""

import json
import re
import shutil

import numpy as np
import pytest
import rewritten
from skimage import io

from faceswap_lib import UserError, files
from faceswap_lib.face import faceset, records
from faceswap_lib.face.records import Contents, Record, Source


def record(frame: int, person: int = 0, file: str | None = None) -> Record:
    random = np.random.default_rng([frame, person])
    return Record(
        frame=frame,
        box=[1, 2, 3.5, 4],
        landmarks=random.uniform(0, 99, (478, 2)).round(2).tolist(),
        depth=random.uniform(-9, 9, 478).round(2).tolist(),
        transform=[[0.5, 0.1, 3], [-0.1, 0.5, 4]],
        blur=7.5,
        pose=[1, -2, 3],
        score=0.9,
        person=person,
        file=file,
        left_out=None if file else "blurred",
    )


@pytest.fixture
def folder(tmp_path):
    """A faceset: frames 3, 1, 2 of person 0, of which 2 has no picture, and one face of person 1."""
    records = [record(3, file="c.png"), record(1, file="a.png"), record(2), record(2, 1, "other.png")]
    for number, name in enumerate(("a.png", "c.png", "other.png")):
        faceset.save_image(tmp_path / name, picture(number))
    source = Source(name="clip.mp4", sha256="0" * 64, width=99, height=98, fps=29.97, frames=5)
    contents = Contents(schema_version=2, source=source, person=0, crop=16, made_by={"profile": "x"}, faces=records)
    assert faceset.save(tmp_path, contents) == tmp_path / "faces.json"
    return tmp_path


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (16, 16, 3), "u1")


def test_a_faceset_comes_back_in_frame_order(folder):
    loaded = faceset.load(folder)
    assert loaded.frames.tolist() == [1, 2, 3]
    assert loaded.usable.tolist() == [0, 2]
    assert loaded.source.sha256 == "0" * 64 and loaded.source.fps == 29.97
    assert loaded.solid.shape == (3, 478, 3) and loaded.solid.dtype == np.float32
    want = record(3)
    assert loaded.solid[2] == pytest.approx(np.c_[want.landmarks, want.depth])
    assert loaded.transform(2) == pytest.approx(np.array(want.transform))
    assert len(loaded.contents.faces) == 4, "the other person is kept on record"


def test_it_is_plain_json_with_plain_pictures(folder):
    raw = json.loads((folder / "faces.json").read_text())
    assert raw["schema_version"] == 2 and raw["faces"][0] == record(3, file="c.png").model_dump()
    assert (io.imread(folder / "a.png") == picture(0)).all(), "RGB, lossless"
    assert sorted(p.name for p in folder.iterdir()) == ["a.png", "c.png", "faces.json", "other.png"]


def test_pictures_come_back_as_they_were(folder):
    loaded = faceset.load(folder)
    assert (loaded.image(2) == picture(1)).all()
    both = list(loaded.images(loaded.usable))
    assert (both[0] == picture(0)).all() and (both[1] == picture(1)).all()


def test_a_deleted_picture_is_not_trained_on_and_keeps_its_landmarks(folder):
    (folder / "c.png").unlink()
    loaded = faceset.load(folder)
    assert loaded.usable.tolist() == [0] and len(loaded.solid) == 3
    with pytest.raises(UserError, match="c.png"):
        loaded.image(2)


def test_a_picture_that_is_none_is_named(folder):
    (folder / "a.png").write_text("no picture")
    with pytest.raises(UserError, match="a.png cannot be read"):
        faceset.load(folder).image(0)


def test_a_folder_without_a_faceset(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UserError, match="not a faceset.*extract VIDEO"):
            faceset.load(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"faces"', '{"schema_version": 1}', "\x00\x01", "[" * 99])
def test_damaged_json(folder, text):
    (folder / "faces.json").write_text(text)
    with pytest.raises(UserError, match="faces.json is damaged.*extract the faces again"):
        faceset.load(folder)


def test_bytes_that_are_no_text(folder):
    (folder / "faces.json").write_bytes(b"\xff\xfe{\x80")
    with pytest.raises(UserError, match="damaged"):
        faceset.load(folder)


@pytest.mark.parametrize("version", [0, 3, "1", None])
def test_another_version(folder, version):
    rewritten.faces(folder, lambda raw: raw.update(schema_version=version))
    with pytest.raises(UserError, match=f"has version {version!r}, and this kit reads 2 and 1; extract"):
        faceset.load(folder)


CHANGES = {
    "a stranger's key": lambda raw: raw.update(stranger=1),
    "a stranger's key in a face": lambda raw: raw["faces"][0].update(stranger=1),
    "a stranger's key in the source": lambda raw: raw["source"].update(stranger=1),
    "a missing key": lambda raw: raw["faces"][1].pop("blur"),
    "words for numbers": lambda raw: raw["faces"][1].update(score="good"),
    "too few landmarks": lambda raw: raw["faces"][0]["landmarks"].pop(),
    "too many landmarks": lambda raw: raw["faces"][0]["landmarks"].append([1, 2]),
    "a landmark of three numbers": lambda raw: raw["faces"][0]["landmarks"][7].append(1),
    "landmarks in space": lambda raw: raw["faces"][0].update(landmarks=[[1, 2, 3]] * 478),
    "too little depth": lambda raw: raw["faces"][0]["depth"].pop(),
    "a transform of one row": lambda raw: raw["faces"][0]["transform"].pop(),
    "a transform of two columns": lambda raw: raw["faces"][0].update(transform=[[1, 0], [0, 1]]),
    "a box of three numbers": lambda raw: raw["faces"][0]["box"].pop(),
    "a landmark that is no number": lambda raw: raw["faces"][0]["landmarks"].__setitem__(5, [float("nan"), 1]),
    "infinite depth": lambda raw: raw["faces"][0]["depth"].__setitem__(5, float("inf")),
}


@pytest.mark.parametrize("what", CHANGES)
def test_contents_that_do_not_fit(folder, what):
    rewritten.faces(folder, CHANGES[what])
    with pytest.raises(UserError, match="damaged"):
        faceset.load(folder)


@pytest.mark.parametrize("change", [lambda raw: raw["faces"].clear(), lambda raw: raw.update(person=5)])
def test_an_empty_faceset(folder, change):
    rewritten.faces(folder, change)
    with pytest.raises(UserError, match="is empty"):
        faceset.load(folder)


def test_saving_that_fails_leaves_what_was_there(folder, monkeypatch):
    before = (folder / "faces.json").read_bytes()
    contents = faceset.load(folder).contents

    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "replace", refuse)
    with pytest.raises(OSError):
        faceset.save(folder, contents.model_copy(update={"crop": 99}))
    assert (folder / "faces.json").read_bytes() == before


def test_a_picture_that_cannot_be_written(tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        faceset.save_image(tmp_path / "nowhere" / "a.png", picture(0))


def listing(folder) -> dict[str, bytes]:
    """What lies in a folder and beside it, hidden files too."""
    return {str(p.relative_to(folder.parent)): p.read_bytes() for p in sorted(folder.parent.rglob("*")) if p.is_file()}


@pytest.fixture
def home(tmp_path):
    """Something that is named as a faceset's files are, in a folder of its own: home/faces."""
    home = tmp_path / "home" / "faces"
    home.mkdir(parents=True)
    for name in ("faces.json", "contact_sheet.jpg", "000000_0.png", "000001_0.png"):
        (home / name).write_text(f"old {name}")
    return home


def test_a_faceset_is_renewed_whole(home):
    (home / ".DS_Store").write_text("of a desktop")
    with faceset.renewed(home) as part:
        assert (home / "faces.json").exists() and list(part.iterdir()) == []
        (part / "faces.json").write_text("new")
    assert listing(home) == {"faces/faces.json": b"new"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_renewal_that_fails_changes_nothing(home, error):
    before = listing(home)
    with pytest.raises(error), faceset.renewed(home) as part:
        (part / "faces.json").write_text("half")
        raise error
    assert listing(home) == before


def test_what_a_person_has_put_beside_a_faceset_is_not_lost(home):
    (home / "a.mp4").write_text("the only copy")
    (home / "notes").mkdir()
    (home / "notes" / "monday.txt").write_text("mine")
    before = listing(home)
    with pytest.raises(UserError, match="holds a.mp4, notes beside its faceset, and that would be lost; move"):
        with faceset.renewed(home):
            pass
    assert listing(home) == before


def test_of_many_things_beside_a_faceset_three_are_named(home):
    for name in "abcde":
        (home / f"{name}.txt").write_text("")
    with pytest.raises(UserError, match=r"holds a.txt, b.txt, c.txt and 2 more beside"):
        with faceset.renewed(home):
            pass


def test_a_faceset_that_was_being_replaced_when_its_process_was_killed_comes_back(home):
    before = listing(home)
    home.rename(home.with_name(".old.faces"))
    home.with_name(".part.faces").mkdir()
    (home.with_name(".part.faces") / "000001_0.png").write_text("half")
    with pytest.raises(ValueError), faceset.renewed(home):
        assert (home / "faces.json").exists()
        raise ValueError
    assert listing(home) == before


def test_a_link_to_a_roomier_disk_stays_one(home):
    real = home.with_name("roomy")
    home.rename(real)
    home.symlink_to(real)
    with faceset.renewed(home) as part:
        (part / "faces.json").write_text("new")
    assert home.is_symlink() and (real / "faces.json").read_text() == "new"
    assert sorted(path.name for path in home.parent.iterdir()) == ["faces", "roomy"]


def test_a_faceset_is_renewed_by_one_at_a_time(home):
    with faceset.renewed(home) as part:
        with pytest.raises(UserError, match="Another extraction is at work"):
            with faceset.renewed(home):
                pass
        (part / "faces.json").write_text("new")


def test_another_choice_of_faces_has_another_fingerprint(folder):
    first = faceset.load(folder).fingerprint
    assert faceset.load(folder).fingerprint == first and len(first) == 12
    rewritten.faces(folder, lambda raw: raw["faces"][0].update(score=0.1))
    assert faceset.load(folder).fingerprint == first, "not of what training does not look at"
    (folder / "a.png").unlink()
    fewer = faceset.load(folder).fingerprint
    rewritten.faces(folder, lambda raw: raw["faces"][0]["landmarks"][0].__setitem__(0, 1.0))
    assert len({first, fewer, faceset.load(folder).fingerprint}) == 3


def test_where_no_folder_can_be_made_beside_a_faceset_it_is_said(home, monkeypatch):
    before = listing(home)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(faceset.Path, "mkdir", lambda self, *a, **k: None if self.is_dir() else refuse())
    with pytest.raises(UserError, match="faces cannot be replaced .Permission denied.; give another folder"):
        with faceset.renewed(home):
            pass
    assert listing(home) == before


def refusal(folder) -> str:
    """The sentence with which a faceset is refused."""
    with pytest.raises(UserError) as caught:
        faceset.load(folder)
    assert len(str(caught.value)) < 400 and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["../other.png", "/etc/hostname", "a/b.png", "..\\x.png", "..", ".", ".x.png", "", "a\0b"]
)
def test_a_picture_is_named_within_its_faceset(folder, name):
    rewritten.faces(folder, lambda raw: raw["faces"][0].update(file=name))
    assert re.search(r"faces.json is damaged \(file: String should", refusal(folder))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: raw.update(crop=10**6), "crop: Input should be less than"),
        (lambda raw: raw.update(crop=-1), "crop: Input should be greater than"),
        (lambda raw: raw["source"].update(width=10**9), "source.width"),
        (lambda raw: raw["source"].update(height=0), "source.height"),
        (lambda raw: raw["source"].update(frames=10**12), "source.frames"),
        (lambda raw: raw["source"].update(fps=float("inf")), "source.fps"),
        (lambda raw: raw["source"].update(fps=0), "source.fps"),
        (lambda raw: raw["source"].update(sha256="../" * 20), "source.sha256"),
        (lambda raw: raw["source"].update(name="x" * 10**6), "source.name"),
        (lambda raw: raw["faces"][0].update(frame=-1), "frame: "),
        (lambda raw: raw["faces"][0].update(frame=10**9), "a face in frame 1000000000 of 5"),
        (lambda raw: raw["faces"][0].update(frame=5), "a face in frame 5 of 5"),
        (lambda raw: raw["faces"][0].update(frame=2), "two faces of the person in one frame"),
        (lambda raw: raw["faces"][0].update(landmarks=[[7, 7]] * 478), "a face without size in frame 3"),
        (lambda raw: raw["faces"][0].update(file="a.png"), "two faces of the person in one frame or one picture"),
        (lambda raw: raw["faces"][0]["landmarks"][3].__setitem__(0, 1e308), "landmarks.3.0"),
        (lambda raw: raw["faces"][0]["depth"].__setitem__(3, -1e308), "depth.3"),
        (lambda raw: raw["faces"][0]["landmarks"].extend([[1, 2]] * 10**6), "damaged"),
        (lambda raw: raw.update(faces=[0] * 10**6), "Input should be a valid dictionary"),
        (lambda raw: raw["faces"][0].update({"\x1b[2J" + "x" * 10**5: 1}), "?[2Jxxx"),
        (lambda raw: raw.update(schema_version="\x1b[2J" * 99), "version '\\x1b[2J"),
    ],
)
def test_numbers_and_counts_have_bounds(folder, change, said):
    rewritten.faces(folder, change)
    assert said in refusal(folder)


def test_a_file_beyond_all_bounds_or_nested_without_end_is_not_read(folder, monkeypatch):
    whole = (folder / "faces.json").read_text()
    (folder / "faces.json").write_text("[" * 100_000)
    assert "nested too deeply" in refusal(folder)
    (folder / "faces.json").write_text(whole)
    monkeypatch.setattr(records, "MOST", 10_000)
    assert "more than 0" in refusal(folder)


def test_a_picture_that_is_a_link_to_somebodys_own_is_not_taken(folder):
    private = folder.parent / "private.png"
    faceset.save_image(private, picture(9))
    (folder / "a.png").unlink()
    (folder / "a.png").symlink_to(private)
    with pytest.raises(UserError, match="a.png cannot be read .it is a link to another folder.; delete it"):
        faceset.load(folder).image(0)


def test_a_picture_of_another_size_than_the_faceset_says(folder):
    faceset.save_image(folder / "a.png", np.zeros((17, 16, 3), "u1"))
    with pytest.raises(UserError, match="a.png is not 16 × 16 pixels as its faceset says; delete it, or extract again"):
        faceset.load(folder).image(0)


def test_a_picture_is_not_written_through_a_link(folder):
    mine = folder.parent / "mine.txt"
    mine.write_text("mine")
    (folder / "mean_a.png").symlink_to(mine)
    faceset.save_image(folder / "mean_a.png", picture(0))
    assert mine.read_text() == "mine" and (faceset.read_image(folder / "mean_a.png") == picture(0)).all()


@pytest.mark.parametrize("seed", range(12))
def test_one_flipped_bit_in_a_faceset_never_goes_unnoticed(facesets, tmp_path, seed):
    folder, chance = shutil.copytree(facesets["a"], tmp_path / "a"), np.random.default_rng(seed)
    for path in (folder / "faces.json", sorted(folder.glob("*_0.png"))[seed]):
        data = bytearray(path.read_bytes())
        whole = bytes(data)
        data[chance.integers(len(data))] ^= 1 << chance.integers(8)
        path.write_bytes(data)
        with pytest.raises(UserError, match="damaged|cannot be read|version"):
            found = faceset.load(folder)
            list(found.images(found.usable))
        path.write_bytes(whole)
    assert len(list(faceset.load(folder).images(np.arange(30)))) == 30


def test_what_somebody_lays_into_the_folder_meanwhile_is_not_lost(home):
    with pytest.raises(UserError, match="notes.txt beside its faceset, and that would be lost"):
        with faceset.renewed(home):
            (home / "notes.txt").write_text("mine")
    assert (home / "notes.txt").read_text() == "mine" and (home / "faces.json").exists()
    assert not list(home.parent.glob(".*"))


@pytest.mark.parametrize("number", [-1, 0.5, True, "a", 10.0])
def test_what_cannot_be_a_persons_number(number):
    with pytest.raises(UserError, match="person is .*; give a whole number from 0"):
        faceset.check_person(number)
    assert faceset.check_person(None) is faceset.check_person(3) is None
