"""The Python in README and docs is run as it stands there, page by page, and each app answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import render_template_string

from tests.apps import mounted_app
from tests.waiting import TIMEOUT_S
from tools.reference_tables import CHECKOUT

from .snippets import ALL

RUN = """
import json, os, sys, tempfile
import pytest
from flask import Flask
from flask_wtf import CSRFProtect
from pet_stream import PetStream

def run(texts):
    app = Flask("host")
    app.secret_key = "a secret of the test"
    names = {**globals(), "app": app, "csrf": CSRFProtect()}
    for text in texts:
        if "app.blueprints" in text and "pet_stream" not in app.blueprints:
            PetStream(app)
        exec(compile(text, "snippet", "exec"), names)
    for each in [app, names["create_app"]()] if "create_app" in names else [app]:
        if "pet_stream" not in each.extensions:
            PetStream(each)
        assert each.test_client().get("/pet-stream/").status_code == 200
        each.extensions["pet_stream"].stop()
    if "client" in names:  # a fixture
        client = names["client"].__wrapped__()
        assert next(client).get("/health").status_code == 200
        assert next(client, None) is None
    return app.config["PET_STREAM_KEEP_DAYS"]

environment = dict(os.environ)
for page, texts in json.load(sys.stdin).items():
    print(page, flush=True)
    print(page, "keeps", run(texts), "days")
    os.environ.clear()
    os.environ.update(environment)
"""
"""What a page leaves out: an app, and names that its reader knows."""


@pytest.mark.slow
def test_a_page_with_its_python_is_a_host_that_answers(tmp_path: Path) -> None:
    pages: dict[str, list[str]] = {}
    for each in ALL:
        if each.language == "python" and not each.run_by:
            pages.setdefault(each.page.name, []).append(each.text)
    result = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(pages),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(CHECKOUT),
            "FLASK_PET_STREAM_AUTOSTART": "False",
            "FLASK_PET_STREAM_SHM": f"/pet_test_{os.getpid()}_absent",
        },
    )
    assert result.returncode == 0, result.stdout + result.stderr
    answered = dict(re.findall(r"(?m)^(\S+) keeps ([0-9]+) days$", result.stdout))
    assert answered == {page: "14" if page == "settings.md" else "0" for page in pages}


@pytest.mark.parametrize(
    ("page", "script", "element"),
    [
        ("player.md", "player", 'label="The cat&#39;s room"'),
        ("elements.md", "recorder", '<pet-stream-recorder clip="30"></pet-stream-recorder>'),
        ("elements.md", "recordings", "<pet-stream-recordings read-only></pet-stream-recordings>"),
    ],
)
def test_the_template_shows_the_element(
    page: str, script: str, element: str, tmp_path: Path
) -> None:
    templates = [each.text for each in ALL if each.language == "jinja" and each.page.name == page]
    scripts = "pet_stream_scripts()" if script == "player" else f'pet_stream_scripts("{script}")'
    [template] = [template for template in templates if scripts in template]
    with mounted_app(tmp_path) as app, app.test_request_context("/"):
        html = render_template_string(template)
    assert re.search(rf'src="\./pet-stream/static/v-\w+/js/{script}\.js"', html)
    assert element in html
