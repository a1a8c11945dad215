"""What Hegui measures of each duty R1-R41: a state, figures, a sentence, the page where the rows behind the
figures stand.

A measure is a function of a span of time; it reads and changes nothing. The month's report and the compliance
audit ask the same ones.
"""

from . import calls, clients, content, data, site
from .register import MEASURES, Measure, Measurement, MeasureState, Span, measure_all

__all__ = [
    "MEASURES",
    "Measure",
    "MeasureState",
    "Measurement",
    "Span",
    "calls",
    "clients",
    "content",
    "data",
    "measure_all",
    "site",
]
