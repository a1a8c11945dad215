"""Workbooks written by hand, as other programs than Excel write them."""

import io
import zipfile
from collections.abc import Mapping

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def cell(text: str, at: str = "") -> str:
    place = f' r="{at}"' if at else ""
    return f'<c{place} t="inlineStr"><is><t>{text}</t></is></c>'


def sheet(*rows: str, before: str = "", after: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{"".join(rows)}</sheetData>{after}</worksheet>'


def prefixed(xml: str) -> str:
    """The same sheet with a prefix before each element."""
    return xml.replace("</", "<\0").replace("<", "<x:").replace("<x:\0", "</x:").replace("xmlns=", "xmlns:x=")


def book(sheets: Mapping[str, str], *, states: Mapping[str, str] | None = None, head: str = "") -> bytes:
    """A workbook of parts with these names; `states`: of a part "hidden" or "veryHidden"."""
    listed = "".join(
        f'<sheet name="{part}" sheetId="{place}" r:id="rId{place}" '
        f'state="{(states or {}).get(part, "visible")}"/>'
        for place, part in enumerate(sheets, start=1)
    )
    relations = "".join(
        f'<Relationship Id="rId{place}" Type="{OFFICE}/worksheet" Target="worksheets/{part}"/>'
        for place, part in enumerate(sheets, start=1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" '
        f'xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": "<Relationships "
        f'xmlns="{PACKAGE}/relationships">{relations}</Relationships>',
        **{f"xl/worksheets/{part}": head + xml for part, xml in sheets.items()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + content)
    return out.getvalue()
