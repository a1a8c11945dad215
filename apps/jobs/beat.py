"""The scheduler: any number of hosts may run one, one of them leads, and each duty runs once."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import structlog
from celery.beat import PersistentScheduler
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from apps.core.database.locks import AlreadyRunning, ExclusiveRun, ExclusiveRunLost, run_exclusively

log = structlog.get_logger(__name__)
STANDBY = 10.0  # seconds after which one that does not lead looks again


class Beat(PersistentScheduler):
    """Sends what is due as long as it holds the lock of the schedule; one that does not hold it waits for it.

    Its own memory lies under the home, which it makes when it is the first to run there. What ran by another's word is in the
    database: who takes the lead goes on from there, so that nothing of the day runs again.
    """

    _lead: ExclusiveRun | None = None
    _held: ExitStack | None = None

    def setup_schedule(self) -> None:
        Path(self.schedule_filename).parent.mkdir(parents=True, exist_ok=True)
        super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Seconds until the next."""
        if not self._leads():
            return STANDBY
        seconds: float = super().tick(*args, **kwargs)
        return seconds

    def close(self) -> None:
        self._release()
        super().close()

    def _leads(self) -> bool:
        try:
            if self._lead is not None:
                self._lead.check()
                return True
        except ExclusiveRunLost:
            log.warning("schedule_lost")
            self._release()
        held = ExitStack()
        try:
            self._lead, self._held = held.enter_context(run_exclusively("beat")), held
            self._go_on()
        except (AlreadyRunning, DatabaseError, InterfaceError):
            self._release()
            return False
        log.info("schedule_taken")
        return True

    def _go_on(self) -> None:
        from .models import DutyRun

        close_old_connections()
        now = timezone.now()
        ended = dict(DutyRun.objects.filter(ended_at__lte=now).values_list("task", "ended_at"))
        for entry in self.schedule.values():
            if (last := ended.get(entry.task)) and (entry.last_run_at is None or entry.last_run_at < last):
                entry.last_run_at = last
        self._heap = None  # built anew from these

    def _release(self) -> None:
        held, self._lead, self._held = self._held, None, None
        try:
            if held is not None:
                held.close()
        except (DatabaseError, InterfaceError):  # the connection that held it is gone, and the lock with it
            log.warning("schedule_released")
