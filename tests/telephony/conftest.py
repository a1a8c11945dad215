import pytest

from tests.world import World

from .world import Telephony, set_up


@pytest.fixture
def telephony(world: World) -> Telephony:
    return set_up(world)
