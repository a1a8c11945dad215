"""What an error report may show of a frame: the names of its variables, never their values."""

from typing import Any

from django.views.debug import SafeExceptionReporterFilter

HIDDEN = "(hidden)"


class HidesEverything(SafeExceptionReporterFilter):
    """Error reports go by mail and into logs. A frame may hold a number in clear, so none shows."""

    def get_post_parameters(self, request: Any) -> dict[str, str]:
        return dict.fromkeys(getattr(request, "POST", {}), HIDDEN)

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> Any:
        return [(name, HIDDEN) for name in tb_frame.f_locals]
