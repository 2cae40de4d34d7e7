"""Beginning a transaction anew that the database undid because of another one."""

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from serving.cases.store_errors import TransactionLostError

MAX_ATTEMPTS = 5

retried = retry(
    retry=retry_if_exception_type(TransactionLostError),
    stop=stop_after_attempt(MAX_ATTEMPTS),
    # Seconds; the random part keeps two that met from meeting again.
    wait=wait_random_exponential(multiplier=0.02, max=0.5),
    reraise=True,
)
"""Calls a function up to five times, as long as its one transaction is lost to others.

It may do nothing beside that transaction. TransactionLostError, a StoreBusyError, is raised where
the last try is lost too.
"""
