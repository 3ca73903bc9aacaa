"""Tiny notebooks for the tests of what runs notebooks."""

from pathlib import Path

import nbformat

USUAL = 'profile = "demo"\nworkdir = "."\nseed = 0'


def notebook(path: Path, *cells: str, parameters: str = USUAL) -> None:
    """A notebook with a title, a parameters cell (video_a and video_b too) and these code cells."""
    v4 = nbformat.v4
    source = parameters + '\nvideo_a = ""\nvideo_b = ""'
    known = v4.new_code_cell(source, metadata={"tags": ["parameters"]})
    title = v4.new_markdown_cell(f"# Title of {path.stem}")
    book = v4.new_notebook(cells=[title, known, *map(v4.new_code_cell, cells)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, path)
