"""What a made-up driver says of its cards, and what a made-up bus shows."""

import json
import os
from pathlib import Path

import pytest

from faceswap_lib.machine import cards


def smi(folder, text: str, status: int = 0) -> None:
    """An nvidia-smi that says this and keeps how it was called."""
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\necho \"$@\" >> {folder}/asked\ncat <<'END'\n{text}\nEND\nexit {status}\n")
    path.chmod(0o755)


def test_a_driver_is_asked_for_its_cards(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    smi(tmp_path, "Tesla P100-SXM2-16GB, 550.54.15, 16384, 6.0\nNVIDIA A10, 550.54.15, 23028, 8.6")
    assert cards.cards() == (
        cards.Card("Tesla P100-SXM2-16GB", "550.54.15", pytest.approx(17.18, abs=0.01), 6.0),
        cards.Card("NVIDIA A10", "550.54.15", pytest.approx(24.15, abs=0.01), 8.6),
    )
    asked = (tmp_path / "asked").read_text()
    assert "--query-gpu=name,driver_version,memory.total,compute_cap --format=csv,noheader,nounits" in asked


def test_what_a_driver_does_not_know_is_no_number(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    smi(tmp_path, "NVIDIA GH200, 550.54.15, [N/A], 9.0")
    assert cards.cards() == (cards.Card("NVIDIA GH200", "550.54.15", 0.0, 9.0),)


def test_a_driver_too_old_to_know_the_capability_is_still_heard(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "nvidia-smi").write_text(
        '#!/bin/sh\ncase "$1" in *compute_cap*) echo no such field; exit 2;; esac\n'
        'echo "Tesla V100, 440.33.01, 16160"\n'
    )
    (tmp_path / "nvidia-smi").chmod(0o755)
    assert cards.cards() == (cards.Card("Tesla V100", "440.33.01", pytest.approx(16.94, abs=0.01), 0.0),)


def test_a_driver_that_fails_or_is_missing_has_no_cards(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cards.cards() == ()
    smi(tmp_path, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", 9)
    assert cards.cards() == ()


@pytest.mark.parametrize(
    ("vendor", "kind", "there"),
    [
        ("0x10de", "0x030200", True),
        ("0x10de", "0x030000", True),
        ("0x10de", "0x040300", False),  # 04: its sound device
        ("0x1002", "0x030000", False),
    ],
)
def test_a_card_without_a_driver_is_seen_on_the_bus(tmp_path, vendor, kind, there):
    device = tmp_path / "sys/bus/pci/devices/0000:00:04.0"
    device.mkdir(parents=True)
    (device / "vendor").write_text(vendor + "\n")
    (device / "class").write_text(kind + "\n")
    assert cards.card_on_the_bus(tmp_path) is there


def test_an_empty_bus_has_no_card(tmp_path):
    assert cards.card_on_the_bus(tmp_path) is False


def test_data_sheets_have_sources_and_own_measurements_carry_their_date():
    sheets = cards.data_sheets()
    sources = json.loads((Path(cards.__file__).with_name("cards.json")).read_text())["sources"]
    assert list(sheets) == ["P100", "V100", "A10", "H100", "H200"]
    assert all(set(card["sources"]) <= set(sources) for card in sheets.values())
    assert {name: card["measured"]["date"] for name, card in sheets.items() if "measured" in card} == {
        "H100": "2026-11-13",
        "H200": "2026-10-28",
    }
    for card in sheets.values():  # nobody measures more than the data sheet says
        ours = card.get("measured", {"product_tflops": 0, "copy_gb_s": 0})
        assert ours["product_tflops"] < card["tflops"]["fp16"] and ours["copy_gb_s"] < card["gb_s"]
