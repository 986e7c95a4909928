"""Clients of dask clusters, local or by the address of a scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from symtick.errors import InputError, ToolError

if TYPE_CHECKING:
    from distributed import Client


@contextmanager
def connected_if(scheduler: Any) -> Iterator[Client | None]:
    """A client of a scheduler as of `connected`, or none where there is no scheduler.

    Raises:
        InputError, ToolError: as `connected`.
    """
    if scheduler is None:
        yield None
        return
    with connected(scheduler=scheduler) as client:
        yield client


@contextmanager
def connected(
    workers: int | None = None, scheduler: Any = None, timeout: float = 60.0
) -> Iterator[Client]:
    """A client of a cluster, which is closed afterwards where it was started here.

    Args:
        workers: processes of a local cluster, where no scheduler is given; by default one per core.
        scheduler: address of a running scheduler (`tcp://host:8786`), a cluster or a client.
        timeout: seconds to wait for the scheduler to answer.

    Raises:
        InputError: dask.distributed is not installed.
        ToolError: there is no scheduler at the address.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError("a cluster needs dask: pip install 'symtick[cluster]'") from None
    with ExitStack() as stack:
        if isinstance(scheduler, Client):
            yield scheduler
            return
        if scheduler is None:
            cluster: Any = stack.enter_context(
                LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            )
        else:
            cluster = scheduler
        try:
            client = stack.enter_context(Client(cluster, timeout=timeout))
        except OSError as error:
            raise ToolError(f"there is no scheduler at {scheduler}: {error}") from None
        yield client
