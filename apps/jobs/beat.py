"""The scheduler: any number of hosts may run one, one of them leads, and each duty runs once."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import structlog
from celery.beat import PersistentScheduler, ScheduleEntry, SchedulingError
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.core.database.locks import AlreadyRunning, ExclusiveRun, ExclusiveRunLost, run_exclusively

log = structlog.get_logger(__name__)
STANDBY = 10.0  # seconds after which one that does not lead looks again


class Beat(PersistentScheduler):
    """Sends what is due as long as it holds the lock of the schedule; one that does not hold it waits for it.

    Who does not reach the queue gives the lead away, and what the queue did not take stays due. Its own
    memory lies under the home, which it makes when it is the first to run there. What ran by another's word
    is in the database: who takes the lead goes on from there, so that nothing of the day runs again.
    """

    _lead: ExclusiveRun | None = None
    _held: ExitStack | None = None

    def setup_schedule(self) -> None:
        Path(self.schedule_filename).parent.mkdir(parents=True, exist_ok=True)
        super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Seconds until the next."""
        if not self._reaches_queue():
            self._release()
            return STANDBY
        if not self._leads():
            return STANDBY
        try:
            seconds: float = super().tick(*args, **kwargs)
        except SchedulingError as error:
            log.warning("duty_not_sent", error=str(error))
            self.forget_queue()
            self._release()
            return STANDBY
        return seconds

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError:
            self.schedule[entry.name] = entry  # as before it was taken for sent
            self._heap = None
            raise
        log.info("duty_sent", task=entry.task)

    def forget_queue(self) -> None:
        """The next that is sent has a connection of its own."""
        self.__dict__.pop("producer", None)
        if link := self.__dict__.pop("connection", None):
            link.release()

    def close(self) -> None:
        self._release()
        super().close()

    def _reaches_queue(self) -> bool:
        try:
            self.connection.ensure_connection(max_retries=1, interval_start=0.2)
        except OperationalError as error:
            log.warning("queue_away", error=type(error.__cause__ or error).__name__)
            self.forget_queue()
            return False
        return True

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
