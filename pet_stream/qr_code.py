"""Draws QR codes (ISO/IEC 18004), for a page and for a terminal."""

from __future__ import annotations

import io


def qr_svg(text: str) -> str:
    """Returns a whole SVG document: dark on white, with the quiet zone."""
    import segno  # when it is needed: one page in a thousand asks for it

    drawing = io.BytesIO()
    segno.make(text, micro=False, error="l").save(
        drawing, kind="svg", light="#fff", xmldecl=False, svgclass=None, lineclass=None
    )
    return drawing.getvalue().decode()


def qr_text(text: str) -> str:
    """Returns lines of block characters, for a terminal."""
    import segno

    drawing = io.StringIO()
    segno.make(text, micro=False).terminal(drawing, border=2, compact=True)
    return drawing.getvalue()
