"""Evidence packs: asked for, approved where they hold clear values, made by a worker, fetched once."""

from .making import make_pack
from .packs import ask_pack, decide_pack, fetch_pack, let_packs_lapse

__all__ = ["ask_pack", "decide_pack", "fetch_pack", "let_packs_lapse", "make_pack"]
