"""Draws `docs/rooms.svg` from what the rooms import: `make rooms`.

A line leads from a room down to one that it imports, unless another room on the way does so too.
"""

import tomllib
from pathlib import Path

from grimp import build_graph

ROOT = Path(__file__).resolve().parent.parent.parent
WIDTH, ROW, BOX_WIDTH, BOX_HEIGHT = 960, 62, 118, 30
FONT = "font-family='sans-serif' font-size='13'"


def layers() -> list[list[str]]:
    """The rooms as import-linter holds them, the highest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return [[name.strip() for name in layer.split("|")] for layer in contracts[0]["layers"]]


def imports() -> dict[str, set[str]]:
    """By room, which others it imports."""
    graph = build_graph("apps", cache_dir=None)
    rooms = [name for layer in layers() for name in layer]
    return {
        room: {
            other
            for other in rooms
            if other != room
            and graph.direct_import_exists(
                importer=f"apps.{room}", imported=f"apps.{other}", as_packages=True
            )
        }
        for room in rooms
    }


def reduced(known: dict[str, set[str]]) -> set[tuple[str, str]]:
    """The lines that say the same with the fewest of them."""
    reach: dict[str, set[str]] = {}
    for room in reversed([name for layer in layers() for name in layer]):
        reach[room] = known[room].union(*(reach[other] for other in known[room]))
    return {
        (room, other)
        for room in known
        for other in known[room]
        if not any(other in reach[between] for between in known[room])
    }


def picture() -> str:
    places: dict[str, tuple[float, float]] = {}
    rows = layers()
    for row, names in enumerate(rows):
        gap = WIDTH / (len(names) + 1)
        places |= {name: (gap * (column + 1), ROW * row + BOX_HEIGHT) for column, name in enumerate(names)}
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{ROW * len(rows) + BOX_HEIGHT}' "
        "role='img'>",
        "<title>The rooms, each above those that it imports</title>",
        f"<rect width='{WIDTH}' height='{ROW * len(rows) + BOX_HEIGHT}' fill='#ffffff'/>",
    ]
    for upper, lower in sorted(reduced(imports())):
        (left, top), (right, bottom) = places[upper], places[lower]
        bend = WIDTH * 0.3 * (1 if left >= WIDTH / 2 else -1) * ((bottom - top) > ROW * 1.5)
        lines.append(
            f"<path d='M{left:.0f} {top + BOX_HEIGHT / 2:.0f} C{left + bend:.0f} {(top + bottom) / 2:.0f} "
            f"{right + bend:.0f} "
            f"{(top + bottom) / 2:.0f} {right:.0f} {bottom - BOX_HEIGHT / 2:.0f}' fill='none' "
            "stroke='#7a8fa6'/>"
        )
    for name, (x, y) in places.items():
        lines.append(
            f"<rect x='{x - BOX_WIDTH / 2:.0f}' y='{y - BOX_HEIGHT / 2:.0f}' width='{BOX_WIDTH}' "
            f"height='{BOX_HEIGHT}' rx='5' "
            f"fill='#e8f0fa' stroke='#30577f'/><text x='{x:.0f}' y='{y + 4:.0f}' text-anchor='middle' {FONT} "
            f"fill='#14283c'>{name}</text>"
        )
    return "\n".join([*lines, "</svg>"]) + "\n"


if __name__ == "__main__":
    (ROOT / "docs/rooms.svg").write_text(picture())
