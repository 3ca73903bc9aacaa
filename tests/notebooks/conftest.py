"""All lessons run once by papermill, with the profile smoke, for every test here that looks at what they left."""

from pathlib import Path

import pytest

from faceswap_lib import workshop


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> workshop.Workshop:
    """All lessons, run once; lab 1 asks nobody, also on a computer that has an account's config."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OCI_CONFIG_FILE", str(Path(__file__).with_name("there is none")))
        return workshop.workshop(tmp_path_factory.mktemp("work"), "smoke")
