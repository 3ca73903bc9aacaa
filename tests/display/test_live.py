import nbformat
from ipywidgets import HBox, IntSlider, VBox
from nbclient import NotebookClient

from faceswap_lib.display import exported
from faceswap_lib.display.live import VIEW, Live


def test_a_cell_holds_the_widget_and_its_picture():
    shown = Live(IntSlider(3), lambda: "<b>three</b>")._repr_mimebundle_()
    assert shown[VIEW]["model_id"] and shown["text/html"] == "<b>three</b>"


def test_an_exported_page_shows_the_picture(tmp_path):
    code = "from ipywidgets import IntSlider\nfrom faceswap_lib.display.live import Live\n"
    cell = nbformat.v4.new_code_cell(code + "Live(IntSlider(3), lambda: '<b>thr' + 'ee</b>')")
    book = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(book, kernel_name="python3").execute()
    path = tmp_path / "lab.ipynb"
    nbformat.write(book, path)
    assert "<b>three</b>" in exported.page(path)


def test_a_hand_is_heard_where_it_is_sent_to():
    """tests/browser has it with a kernel and a training; here, that all parts of a widget are reached."""
    slider = IntSlider(3)
    box = VBox([HBox([slider])])
    for widget in (slider, box):
        widget.comm._reply_subshell_for = lambda data, sent_to: "the shell that wrote last"
    Live(box, lambda: "")._repr_mimebundle_()
    assert slider.comm._reply_subshell_for({}, "one of its own") == "one of its own"
