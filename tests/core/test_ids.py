"""Public ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import NotFound
from apps.core.web import ids


@given(st.integers(0, 2**63 - 1))
def test_ids_come_back(pk: int) -> None:
    assert ids.decode("ct", ids.encode("ct", pk)) == pk


@pytest.mark.parametrize(
    "text",
    ["", "ct", "ct_", "cp_1", "ct_l", "ct_1 ", "ct_" + "z" * 13, "ct_" + "1" * 14, "ct_1_1", "CT_1", "ct_１"],
)
def test_what_is_no_id_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        ids.decode("ct", text)
