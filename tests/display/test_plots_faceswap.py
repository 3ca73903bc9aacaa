"""Lab 8's pictures: the points taken along, the curve, the line above a recorded run."""

from interop.test_spending import RUN

from faceswap_lib.display import plots_faceswap


def test_the_points_are_drawn_on_the_third_picture_alone(facesets, short):
    fig = plots_faceswap.points(short["a"], facesets["a"])
    plain, mesh, few = (ax.images[0].get_array() for ax in fig.axes)
    red = [((p[..., 0] == 200) & (p[..., 1] == 85) & (p[..., 2] == 61)).sum() for p in (plain, mesh, few)]
    assert red[0] == red[1] == 0 and 68 * 9 < red[2] < 68 * 40 and "68 dots" in fig.alt


def test_the_curve_is_the_losses_over_the_steps():
    (ax,) = plots_faceswap.curve(RUN.trained).axes
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[1, 0.5], [100, 0.2]], [[1, 0.4], [100, 0.1]]]


def test_a_recorded_run_says_so_first_and_what_it_says_is_text():
    page = plots_faceswap.recorded(RUN.model_copy(update={"notes": ["<script>x</script>"]}))
    assert 'class="recorded-run"' in page and "Recorded run, nothing of it is computed here: 2026-11-28" in page
    assert "<script>" not in page and "lightweight, 100 steps" in page
