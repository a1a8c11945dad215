"""What happens to evidence packs by itself."""

from celery import shared_task

from . import services


@shared_task(acks_late=False)
def make_pack(job_id: int) -> None:
    services.make_pack(job_id)


@shared_task(acks_late=True)
def let_packs_lapse() -> None:
    services.let_packs_lapse()
