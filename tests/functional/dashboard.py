"""The routes of the dashboard, asked in this process through Chalice's own test client."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from chalice.test import Client

import app as application
from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.ports import Clock, Exchanges
from chalicelib.settings import Settings
from tests.canaries import OWNER_TOKEN

JSON = {"Content-Type": "application/json"}


@dataclass(kw_only=True)
class Dashboard:
    """Whoever holds the owner's token."""

    client: Client
    home: Path
    headers: dict[str, str]
    _keys: Iterator[int] = field(default_factory=count)

    def get(self, path: str, *, status: int = 200, **query: object) -> Any:
        """What the route answers, which has to be with this status."""
        address = f"{path}?{urlencode(query)}" if query else path
        return self._read(self.client.http.get(address, headers=self.headers), status)

    def act(self, path: str, *, status: int = 200, **body: Any) -> Any:
        """A dry run, or the deed where `confirm` is in the body."""
        headers = self.headers | JSON | {"Idempotency-Key": f"act {next(self._keys)}"}
        sent = json.dumps(body).encode()
        return self._read(self.client.http.post(path, headers=headers, body=sent), status)

    @staticmethod
    def _read(answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.body
        return json.loads(answer.body)


@contextmanager
def dashboard(
    home: Path,
    *,
    clock: Clock | None = None,
    exchanges: Exchanges | None = None,
    settings: Settings | None = None,
) -> Iterator[Dashboard]:
    """On the stores of a home folder; settings of the environment play no part."""
    bootstrap.use(
        Choices(
            settings=settings or Settings(),
            home=home,
            owner_token=OWNER_TOKEN,
            environment={},
            clock=clock,
            exchanges=exchanges,
        )
    )
    project = str(Path(application.__file__).parent)
    try:
        with Client(application.app, project_dir=project) as client:
            headers = {"Authorization": f"Bearer {OWNER_TOKEN}"}
            yield Dashboard(client=client, home=home, headers=headers)
    finally:
        bootstrap.reset()
