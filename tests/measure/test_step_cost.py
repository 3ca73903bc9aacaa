"""step_cost.py: the arithmetic of a step is what TensorFlow counts, and a trace times every layer."""

import pytest

from faceswap_lib import profiles
from faceswap_lib.measure import step_cost
from faceswap_lib.network import checkpoint

SMOKE = profiles.get("smoke")


def test_flops_are_those_that_tensorflow_counts():
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
    from tensorflow.python.profiler import model_analyzer, option_builder

    net = checkpoint.build(SMOKE, 0)
    half = SMOKE.texture // 2
    picture, motion = tf.TensorSpec((1, half, half, 3)), tf.TensorSpec((1, half, half, 4))
    frozen = convert_variables_to_constants_v2(
        tf.function(lambda p, m: net.decoder_a([net.encoder([p, m]), m])).get_concrete_function(picture, motion)
    )
    options = option_builder.ProfileOptionBuilder(option_builder.ProfileOptionBuilder.float_operation())
    counted = model_analyzer.profile(frozen.graph, options=options.with_empty_output().build()).total_float_ops
    ours = step_cost.flops(net, 1) / 3 / 2  # forward alone, one side alone
    assert ours == pytest.approx(counted, rel=0.05)  # theirs has activations too


def test_the_peak_is_that_of_a_fast_processor_and_no_more():
    assert 1e9 < step_cost.peak() < 1e15


def test_a_trace_times_the_step_and_its_layers(tmp_path):
    made = step_cost.trace(tmp_path, "smoke")
    assert list(tmp_path.rglob("*.xplane.pb")), "the profiler left a trace"
    assert 0 < 0.8 * made["step_ms"]["without the game"] < made["step_ms"]["with the game"]  # in company
    parts = {row["part"] for row in made["layers"]}
    assert parts == {"encoder", "decoder_a", "decoder_b", "discriminator"}
    assert all(0 < row["gflops"] < 8 * made["peak_gflops"] for row in made["layers"])
    counted = sum(row["gflop"] for row in made["layers"] if row["part"] != "discriminator")
    assert counted == pytest.approx(step_cost.flops(checkpoint.build(SMOKE, 0), SMOKE.batch) / 1e9, rel=0.1)
    assert "A step with the game" in step_cost.table(made)
