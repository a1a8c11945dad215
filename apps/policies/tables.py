"""Lists of what belongs to a trade."""

from collections.abc import Mapping
from typing import Any

from apps.ui.list_tables import ListTable


class TradeTable(ListTable):
    """A list with a column `trade`, where trades are called by their names (`queries.trade_names`)."""

    def __init__(self, *args: Any, trades: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trades = trades

    def render_trade(self, value: str) -> str:
        return self.trades.get(value, value)
