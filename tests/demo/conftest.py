from __future__ import annotations

import pytest

from pet_stream.demo.film import Film, load_film


@pytest.fixture(scope="session")
def film() -> Film:
    return load_film()
