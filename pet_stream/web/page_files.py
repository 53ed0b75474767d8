"""The files of our pages: scripts, styles and icons, and the URLs under which browsers keep them.

`/pet-stream/static/js/player.js` is for people to write down; browsers ask each time whether it has
changed. Our pages name `/pet-stream/static/v-VERSION/js/player.js`, where VERSION tells the content
of all files, so that browsers keep them and need not ask (RFC 8246).
"""

from __future__ import annotations

import contextlib
import hashlib
import mimetypes
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from flask import Response, g, request, send_from_directory

from ..assets import find_folder
from .current import current_stream
from .urls import relative_url

LANGUAGES = ("en", "ja")
KEPT_S = 365 * 86_400
_VERSIONED = re.compile(r"v-([0-9a-f]{12})/(.+)")
_IMPORT = re.compile(r"""\b(?:im|ex)port\b[^"'();]*["']\./([\w.-]+\.js)["']""")
"""Of a module that is loaded with the one that names it: not `import(…)`, which waits for it."""

State = tuple[tuple[str, int, int], ...]
"""Name, size and time of each file."""


def static(filename: str) -> Response:
    """Answer with a file. A page that was opened before an update asks for files of then, and gets
    those of now, which nobody keeps under that URL."""
    folder = find_folder("static")
    versioned = _VERSIONED.fullmatch(filename)
    if versioned is None:
        return send_from_directory(folder, filename)
    version, name = versioned.groups()
    if version != version_of(folder):
        return send_from_directory(folder, name)
    answer = _packed(folder, name) or send_from_directory(folder, name, max_age=KEPT_S)
    answer.cache_control.immutable = True
    for header in ("ETag", "Expires"):  # it never changes
        answer.headers.remove(header)
    return answer


def _packed(folder: Path, name: str) -> Response | None:
    """Returns the file as a wheel has it beside the other, for a browser that takes Brotli; None:
    it is compressed when it is sent."""
    takes_it = request.accept_encodings.quality("br") > 0 and "Range" not in request.headers
    if not takes_it or not (folder / f"{name}.br").is_file():
        return None
    kind = mimetypes.guess_type(name)[0]
    answer = send_from_directory(folder, f"{name}.br", mimetype=kind, max_age=KEPT_S)
    answer.headers["Content-Encoding"] = "br"
    answer.headers.remove("Content-Disposition")
    answer.vary.add("Accept-Encoding")
    return answer


def file_url(name: str) -> str:
    """Returns the URL of a file, such as `css/player.css`; for templates."""
    if "pet_stream_files" not in g:  # a page names many of them
        g.pet_stream_files = version_of(find_folder("static"))
    version = g.pet_stream_files
    return relative_url("pet_stream.static", filename=f"v-{version}/{name}")


def inlined(name: str) -> str:
    """Returns a small picture itself, as a URL; for templates."""
    return f"data:image/svg+xml,{quote((find_folder('static') / name).read_text().strip())}"


def modules_of(entry: str) -> list[str]:
    """Returns the names of `js/ENTRY.js` and of all modules that are loaded with it, the page's
    words among them; for templates, which have them all fetched at once."""
    folder = find_folder("static")
    return list(_modules(folder / "js", (f"{entry}.js", f"words_{language()}.js"), _state(folder)))


def language() -> str:
    """Returns the language in which a page will most likely be: that of the settings, or the first
    that the reader's browser wants and there are words for."""
    setting = current_stream().config.language
    if setting in LANGUAGES:
        return setting
    wanted = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((tag for tag in wanted if tag in LANGUAGES), LANGUAGES[0])


def _state(folder: Path) -> State:
    found = []
    for root, _, names in os.walk(folder):  # five times as quick as rglob
        below = os.path.relpath(root, folder)
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # an update takes it away just now
                info = os.stat(os.path.join(root, name))
                found.append((os.path.join(below, name), info.st_size, info.st_mtime_ns))
    return tuple(sorted(found))


def version_of(folder: Path) -> str:
    """Returns a name for what is in the files of `folder`."""
    return _digest(folder, _state(folder))


@lru_cache(maxsize=1)
def _digest(folder: Path, state: State) -> str:
    """They are read again only if one of them has changed."""
    digest = hashlib.sha256()
    for name, size, _ in state:
        digest.update(f"{name} {size} ".encode())
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=8)
def _modules(scripts: Path, entries: tuple[str, ...], state: State) -> tuple[str, ...]:
    found: dict[str, None] = dict.fromkeys(entries)
    waiting = list(entries)
    while waiting:
        for name in _imports(scripts / waiting.pop(0)):
            if name not in found:
                found[name] = None
                waiting.append(name)
    return tuple(found)


def _imports(script: Path) -> Iterator[str]:
    for match in _IMPORT.finditer(script.read_text()):
        yield match[1]
