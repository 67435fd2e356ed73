"""A MariaDB server of the test's own: a data folder, a port and a user that nobody else has."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from typing import Any

import pymysql
import pytest

from tests.ports import steady_port

SERVER = "mariadbd"
INSTALLER = "mariadb-install-db"
DATABASE = "market"
USER = "flow"
PASSWORD = "made-up"
_PLACES = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
_START_PATIENCE = 60.0
_STOP_PATIENCE = 30.0


class Server:
    """May be stopped and started; what is in the data folder stays."""

    def __init__(self, folder: Path) -> None:
        self._binary = _binary(SERVER)
        self._data, self._socket = folder / "data", folder / "s"
        self._port = steady_port()
        subprocess.run(
            [
                _binary(INSTALLER),
                "--no-defaults",
                f"--datadir={self._data}",
                f"--user={getuser()}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            check=True,
            capture_output=True,
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self._port,
            "user": USER,
            "password": PASSWORD,
            "database": DATABASE,
        }

    @property
    def url(self) -> str:
        return f"mysql://{USER}:{PASSWORD}@127.0.0.1:{self._port}/{DATABASE}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                self._binary,
                "--no-defaults",
                f"--datadir={self._data}",
                f"--user={getuser()}",
                f"--socket={self._socket}",
                f"--port={self._port}",
                "--bind-address=127.0.0.1",
                f"--pid-file={self._data}/pid",
                "--innodb-buffer-pool-size=16M",
                "--innodb-flush-log-at-trx-commit=2",
                "--max-allowed-packet=1M",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with self.as_root() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
            cursor.execute(f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute(f"GRANT ALL ON {DATABASE}.* TO '{USER}'@'%'")

    def kill(self) -> None:
        """As a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_STOP_PATIENCE)
            self._process = None

    @contextmanager
    def as_root(self) -> Iterator["pymysql.Connection[Any]"]:
        self._wait_until_it_listens()
        with pymysql.connect(unix_socket=str(self._socket), user="root") as connection:
            yield connection

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + _START_PATIENCE
        while True:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self._socket)) == 0:
                    return
            assert time.monotonic() < deadline, "MariaDB does not start"
            time.sleep(0.05)


@contextmanager
def mariadb(folder: Path) -> Iterator[Server]:
    """One that runs; the test is skipped where the program is not installed."""
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _binary(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=_PLACES)
    if found is None:
        pytest.skip(f"no MariaDB: there is no program {name} (Debian: apt install mariadb-server)")
    return found
