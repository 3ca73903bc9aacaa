"""keys.py: a key is made once, is nobody else's, is renewed, and what it cannot be it says."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509

from faceswap_lib import UserError
from faceswap_lib.trust import keys


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(keys.FOLDER, str(tmp_path / "keys"))
    return tmp_path / "keys"


def test_a_key_is_made_once_and_is_the_users_alone(folder):
    first = keys.own()
    assert keys.own() == first
    assert (folder / keys.NAME).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_first_one_is_made_without_a_word(folder, capsys):
    keys.own()
    assert capsys.readouterr().err == ""


def test_the_roots_key_is_kept_nowhere(folder):
    keys.own()
    private = [path.read_bytes().count(b"PRIVATE KEY-----") for path in folder.rglob("*.pem")]
    assert sorted(private) == [0, 2], "one key, between BEGIN and END"


def test_the_signer_is_signed_by_the_root(folder):
    signer, root = x509.load_pem_x509_certificates(keys.own().chain)
    signer.verify_directly_issued_by(root)
    assert [root] == x509.load_pem_x509_certificates(keys.roots())


@pytest.mark.parametrize("how", ("expired", "damaged", "another's", "gone"))
def test_a_key_that_is_no_good_is_renewed_with_a_word(folder, capsys, monkeypatch, how):
    if how == "expired":
        monkeypatch.setattr(keys, "YEARS", 0)
    first = keys.own()
    monkeypatch.setattr(keys, "YEARS", 2)
    path = folder / keys.NAME
    if how == "damaged":
        path.write_bytes(first.private[:40] + first.chain)
    if how == "gone":
        path.unlink()
    if how == "another's":
        path.unlink()
        path.write_bytes(keys.own().private + first.chain)
    second = keys.own()
    assert second != first and "a new one is made" in capsys.readouterr().err
    left = x509.load_pem_x509_certificates(second.chain)[0].not_valid_after_utc - datetime.now(timezone.utc)
    assert left > timedelta(days=700)
    assert x509.load_pem_x509_certificates(first.chain)[1] in x509.load_pem_x509_certificates(keys.roots())


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(keys.FOLDER, str(tmp_path / "file" / "keys"))
    with pytest.raises(UserError, match=keys.FOLDER):
        keys.own()


def test_it_lies_in_the_users_settings_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.delenv(keys.FOLDER)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert keys.folder() == tmp_path / "faceswap-workshop"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert str(keys.folder()).startswith(os.path.expanduser("~/.config"))


def test_many_who_need_it_first_get_one_key(folder):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keys.own(), range(8)))
    assert len(set(made)) == 1 and len(list((folder / keys.ROOTS).iterdir())) == 1
