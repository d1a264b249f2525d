"""A worker: takes up jobs of billing runs until it is told to stop (SIGTERM, Ctrl-C) or no job is left.

Each worker gives a sign of life every few seconds. Three of them missed, and the others take a worker for
dead: its job goes back to those that wait. If it was alive after all, the job is done twice, which is once.
A job that worker after worker has died of is left, for somebody to look at.
"""

import asyncio
import contextlib
import logging

from procrastinate.contrib.django import app, connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.psycopg_connector import PsycopgConnector

from billing.jobs import ATTEMPTS, QUEUE

logger = logging.getLogger(__name__)

SIGN_OF_LIFE = 10.0  # seconds
MISSED = 3
POLL = 2.0  # seconds
PATIENCE = 10.0  # seconds that the database may be away before the worker gives up


async def work(*, sign_of_life: float = SIGN_OF_LIFE, until_idle: bool = False) -> None:
    dead_after = sign_of_life * MISSED
    # One job at a time: more of them in one process would be slower, more processes are faster. The worker
    # looks for jobs instead of being notified, so a pooler in transaction mode may stand between.
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=2, timeout=PATIENCE)
    ended = asyncio.Event()
    with app.replace_connector(connector):
        async with app.open_async():
            taking_up = asyncio.create_task(_take_up_until(ended, sign_of_life, dead_after))
            try:
                await app.run_worker_async(
                    queues=[QUEUE],
                    wait=not until_idle,
                    listen_notify=False,
                    fetch_job_polling_interval=POLL,
                    delete_jobs="successful",
                    update_heartbeat_interval=sign_of_life,
                    stalled_worker_timeout=dead_after,
                )
            finally:
                ended.set()  # a task that waits for a connection does not hear that it is cancelled
                await taking_up


async def _take_up_until(ended: asyncio.Event, pause: float, dead_after: float) -> None:
    while not ended.is_set():
        try:
            await stalled_take_up(dead_after)
        except ConnectorException as trouble:
            logger.warning("Looking for jobs of dead workers failed: %s", trouble.__cause__ or trouble)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), pause)


async def stalled_take_up(dead_after: float) -> None:
    """Let jobs of dead workers be done by others."""
    for job in await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=dead_after):
        with contextlib.suppress(ConnectorException):  # another worker was quicker
            await _take_up(job)


async def _take_up(job: Job) -> None:
    if job.attempts < ATTEMPTS:
        await app.job_manager.retry_job(job)
        logger.warning("The worker of job %s is dead. It waits for another.", job.id)
    else:
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
        logger.error("Job %s is left: %s workers died of it.", job.id, job.attempts + 1)
