"""The demo's film, made once for all test sessions of this user."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from pet_stream.demo.film import Film, film_path, load_film, save_film
from pet_stream.demo.film_maker import make_film


@pytest.fixture(scope="session")
def cache_home() -> Path:
    """What XDG_CACHE_HOME is to be, with the film in it."""
    home = Path(tempfile.gettempdir()) / f"pet_stream_tests_{os.getuid()}" / "cache"
    path = film_path(home / "pet_stream")
    if load_film(path) is None:
        save_film(make_film(lambda part: None), path)
    return home


@pytest.fixture(scope="session")
def film_file(cache_home: Path) -> Path:
    return film_path(cache_home / "pet_stream")


@pytest.fixture(scope="session")
def film(film_file: Path) -> Film:
    film = load_film(film_file)
    assert film is not None
    return film
