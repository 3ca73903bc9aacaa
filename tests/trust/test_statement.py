"""statement.py: what the marks say."""

import json

from faceswap_lib.trust.statement import Statement


def test_they_say_that_it_is_synthetic_and_nothing_but_numbers_of_files():
    said = Statement("trained network", "ab" * 32, model="cd" * 32).said
    assert said["synthetic"] is True and said["digital_source_type"].endswith("compositeWithTrainedAlgorithmicMedia")
    assert json.loads(json.dumps(said)) == said


def test_the_number_is_that_of_all_facts():
    one = Statement("trained network", "ab" * 32)
    assert one.number == Statement("trained network", "ab" * 32).number
    assert one.number != Statement("trained network", "ab" * 32, consent="ef" * 32).number
