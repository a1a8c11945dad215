"""Pages for a folder: PDF with Chinese, from a title, lines of text and one table."""

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

FONT = "STSong-Light"  # every reader of PDF has it: nothing is embedded


def as_pdf(
    *,
    title: str,
    above: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    below: Sequence[str] = (),
    across: bool = False,
) -> bytes:
    """A4, upright or across. The first of `rows` is the heading, repeated on every page; `widths` in
    points."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    small = ParagraphStyle("small", fontName=FONT, fontSize=8, leading=11)
    large = ParagraphStyle("large", fontName=FONT, fontSize=14, leading=18)
    table = Table(
        [[Paragraph(escape(cell), small) for cell in row] for row in rows],
        repeatRows=1,
        splitInRow=1,  # a cell may be longer than a page
        colWidths=list(widths),
    )
    table.setStyle(
        TableStyle([("GRID", (0, 0), (-1, -1), 0.3, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    )
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=landscape(A4) if across else A4, title=title).build(
        [
            Paragraph(escape(title), large),
            Spacer(1, 6),
            *(Paragraph(escape(line), small) for line in above),
            Spacer(1, 8),
            table,
            Spacer(1, 8),
            *(Paragraph(escape(line), small) for line in below),
        ]
    )
    return out.getvalue()
