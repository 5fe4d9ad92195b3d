"""From the first socket to the last answer: a server that says it is not ready before it closes its door."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import time
from types import FrameType

import uvicorn

from .application import application
from .connections import BoundedConnection
from .refusals import RefusedError
from .service import Service

__all__ = ["PatientServer", "listen", "make_server", "run"]

KEEP_ALIVE = 5  # seconds that a connection may idle between two requests
LAST_MOMENT = 0.25  # seconds for a question that is on its way
BACKLOG = 2048  # connections that the system may hold for us


class PatientServer(uvicorn.Server):
    """uvicorn, which on SIGTERM or Ctrl+C goes on for a moment, no longer ready, and hangs up on nobody.

    Parameters
    ----------
    config : uvicorn.Config
    service : Service
    """

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._told: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal begins the end, a second Ctrl+C hurries it."""
        if self._told is None:
            self._told = time.monotonic()
            self._service.stop_soon()
        elif sig == signal.SIGINT:
            self.should_exit = self.force_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nobody new; whoever is connected already has a moment to ask, and is answered."""
        doors = [door.dup() for door in sockets or []]
        for server in self.servers:
            server.close()
        for door in sockets or []:
            door.close()
        await asyncio.sleep(0)  # the loop lets go of them
        for door in doors:
            await self._take_the_last(door)
        if not self.force_exit:
            await asyncio.sleep(LAST_MOMENT)
        await super().shutdown(sockets)

    async def _take_the_last(self, door: socket.socket) -> None:
        """Those that the system has let in already: closing the door on them would be a hang-up."""
        loop = asyncio.get_running_loop()
        door.setblocking(False)
        taken = []
        with contextlib.closing(door), contextlib.suppress(OSError):
            while True:
                taken.append(door.accept()[0])
        for connection in taken:
            await loop.connect_accepted_socket(self._connection, connection)

    def _connection(self) -> BoundedConnection:
        return BoundedConnection(self.config, self.server_state, self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: is the moment over?"""
        if self._told is not None and time.monotonic() - self._told >= self._service.settings.drain:
            self.should_exit = True
        return await super().on_tick(counter)


def listen(host: str, port: int) -> socket.socket:
    """A socket that others can already connect to.

    Parameters
    ----------
    host : str
    port : int
        0 lets the system choose.

    Raises
    ------
    OSError
        Another server has the port, or the host is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), f"{host}:{port}") from None


def make_server(service: Service) -> PatientServer:
    """The server of one service, to be run on a socket.

    Parameters
    ----------
    service : Service
    """
    config = uvicorn.Config(
        application(service), http=BoundedConnection, ws="none", lifespan="off", access_log=False,
        log_level="error", server_header=False, proxy_headers=False, timeout_keep_alive=KEEP_ALIVE, backlog=BACKLOG,
        timeout_graceful_shutdown=int(service.settings.timeout) + 5,
    )  # fmt: skip
    return PatientServer(config, service)


def run(service: Service, door: socket.socket) -> None:
    """Serve until told to stop, then finish what was asked.

    Parameters
    ----------
    service : Service
    door : socket
        Of `listen`.
    """
    server = make_server(service)
    service.log.start()
    _warm_up(service)
    gc.collect()
    gc.freeze()  # what was loaded stays: no search through it while requests wait
    try:
        server.run(sockets=[door])
    finally:
        service.log.stop()


def _warm_up(service: Service) -> None:
    """The slow way through the schema once, before a caller waits for what it loads, or meets names that it refuses."""
    row = {column.name: column.levels[0] if column.levels else 1e300 for column in service.served.schema.columns}
    with contextlib.suppress(RefusedError):
        service.reader.unusual.rows([row])
