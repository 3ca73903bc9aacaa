"""index_page.py: every lab with its page, time, memory and end; the swap and how good it is only where there is one."""

from pathlib import Path
from types import SimpleNamespace

import page_loads

from faceswap_lib.display import index_page

LABS = [
    SimpleNamespace(name="00_x", title="Lab 0 · <b>", seconds=3.4, peak=0.26, status="done"),
    SimpleNamespace(name="01_y", title="Lab 1", seconds=61.0, peak=1.0, status="failed"),
]


def test_a_run_at_a_glance():
    page = index_page.page(LABS, 1.07, "ssim <.8>", Path("/w/swapped.mov"))
    assert index_page.TITLE in page and "1.1 minutes in all" in page
    assert '<a href="notebooks/00_x.html">Lab 0 · &lt;b&gt;</a></td><td>3 s</td><td>0.3 GB</td><td>done' in page
    assert "<td>61 s</td><td>1.0 GB</td><td>failed" in page
    assert 'src="swapped.mov#t=1.2"' in page and "<pre>ssim &lt;.8&gt;</pre>" in page
    assert set(page_loads.loads(page)) <= {"swapped.mov#t=1.2"}


def test_a_run_without_a_swap():
    page = index_page.page(LABS, 0.1, "", None)
    assert "<video" not in page.split("</style>")[1] and "How good" not in page
