"""What jobs of a stage were sent and what they came to, in the lake: too large for a table's rows.

Both are kept for a month, by the lake's own rules.
"""

import gzip
import json
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.market_ports.lake import Lake

JOBS: Final = "jobs/"
_FILES: Final = "files"
_RESULT: Final = "result"


class JobFiles:
    """`files` are texts by name, a result is whatever JSON has."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def keep(self, job_id: str, files: Mapping[str, str]) -> None:
        """Before the job is taken on."""
        self._put(job_id, _FILES, dict(files))

    def files(self, job_id: str) -> Mapping[str, str]:
        """Those that came with it, where any did."""
        found = self._get(job_id, _FILES)
        return found if isinstance(found, dict) else {}

    def keep_result(self, job_id: str, result: Any) -> None:
        """Before the job is done."""
        self._put(job_id, _RESULT, result)

    def result(self, job_id: str) -> Any:
        """None where there is none any more."""
        return self._get(job_id, _RESULT)

    def _put(self, job_id: str, what: str, content: Any) -> None:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        self._lake.put(_key(job_id, what), gzip.compress(text.encode(), mtime=0))

    def _get(self, job_id: str, what: str) -> Any:
        content = self._lake.get(_key(job_id, what))
        return None if content is None else json.loads(gzip.decompress(content))


def _key(job_id: str, what: str) -> str:
    return f"{JOBS}{job_id}/{what}.json.gz"
