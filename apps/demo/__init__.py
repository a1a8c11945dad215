"""The demo world: a believable company made by the code from a fixed seed, and the dialler that calls in it.

Everybody in it is invented; numbers come from four sample ranges that nobody holds. A site with a database of
its own has no demo.
"""
