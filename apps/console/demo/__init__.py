"""The demo world: a believable company made by the code from a fixed seed.

Everybody in it is invented; numbers come from four sample ranges that nobody holds.
"""

from .world import DemoExists, build, describe, describe_people, exists, has_people

__all__ = ["DemoExists", "build", "describe", "describe_people", "exists", "has_people"]
