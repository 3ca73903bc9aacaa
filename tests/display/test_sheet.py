"""sheet.py: pages that ask the network for nothing, and tables that a keyboard reaches."""

import page_loads

from faceswap_lib.display import sheet


def test_a_page_is_whole_and_says_its_language():
    page = sheet.page("A <b>", "<h1>x</h1>", "b { color: red }")
    assert page.startswith("<!doctype html>") and '<html lang="en">' in page and "<title>A &lt;b&gt;</title>" in page
    assert page_loads.loads(page) == []


def test_a_table_has_heads_a_name_and_can_be_scrolled_by_keyboard():
    table = sheet.table(("a", "<b>"), [["1", "<i>2</i>"]], "What it shows")
    assert '<th scope="col" style="text-align:left">&lt;b&gt;</th>' in table and "<i>2</i></td>" in table
    assert table.count("text-align:left") == 4, "JupyterLab would have cells at the right"
    assert 'tabindex="0" role="region" aria-label="What it shows"' in table
