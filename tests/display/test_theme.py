"""theme.py: axes are named and have no frame, a figure comes back closed and titled, and importing it is light."""

import subprocess
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from faceswap_lib.display import theme  # noqa: E402


def test_axes_are_named_and_lose_their_upper_and_right_side():
    fig, ax = plt.subplots()
    theme.tidy(ax, "seconds", "faces")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("seconds", "faces")
    assert {name for name, spine in ax.spines.items() if spine.get_visible()} == {"left", "bottom"}
    plt.close(fig)


def test_a_finished_figure_has_its_title_and_is_open_nowhere():
    fig, _ = plt.subplots()
    other, _ = plt.subplots()
    assert theme.finished(fig, "How it went") is fig and fig.get_suptitle() == "How it went"
    assert not plt.fignum_exists(fig.number) and plt.fignum_exists(other.number)
    assert theme.finished(other, "").get_suptitle() == "" and not plt.get_fignums()


def test_people_and_the_ideal_have_colours_of_their_own():
    colours = [matplotlib.colors.to_rgb(c) for c in (theme.A, theme.B, theme.GAME, theme.GREY, theme.IDEAL)]
    assert len(set(colours)) == 5
    assert max(range(3), key=lambda k: colours[0][k]) == 2 and max(range(3), key=lambda k: colours[1][k]) == 0


def test_a_page_without_a_plot_does_not_load_matplotlib():
    code = "import sys; from faceswap_lib.display import theme; print('matplotlib' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
