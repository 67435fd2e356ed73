"""What jobs of a stage were sent and what they came to, in the lake: too large for a table's rows.

Both are kept for a month, by the lake's own rules.
"""

import gzip
import json
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.domain.errors import ActionRefused
from chalicelib.market_ports.lake import Lake

JOBS: Final = "jobs/"
_FILES: Final = "files"
_RESULT: Final = "result"
_MOST_SHOWN: Final = 4_500_000  # a function's answer may have 6 MB, in which quotes are two bytes


class JobFiles:
    """`files` are texts by name, a result is whatever JSON has."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def keep(self, job_id: str, files: Mapping[str, str]) -> None:
        """Before the job is taken on."""
        self._put(job_id, _FILES, dict(files))

    def files(self, job_id: str) -> Mapping[str, str]:
        """Those that came with it. ActionRefused where they are not there any more."""
        found = self._get(job_id, _FILES)
        if not isinstance(found, dict):
            raise ActionRefused("what was sent with it is kept no more: begin it again")
        return found

    def keep_result(self, job_id: str, result: Any) -> None:
        """Before the job is done. ActionRefused for one that could never be shown."""
        self._put(job_id, _RESULT, result, most=_MOST_SHOWN)

    def result(self, job_id: str) -> Any:
        """None where there is none any more."""
        return self._get(job_id, _RESULT)

    def _put(self, job_id: str, what: str, content: Any, most: int | None = None) -> None:
        packed = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        if most is not None and len(packed) > most:
            raise ActionRefused(
                f"what came of it has {len(packed):,} bytes, and at most {most:,} can be shown: try"
                " less at once"
            )
        self._lake.put(_key(job_id, what), gzip.compress(packed, mtime=0))

    def _get(self, job_id: str, what: str) -> Any:
        content = self._lake.get(_key(job_id, what))
        return None if content is None else json.loads(gzip.decompress(content))


def _key(job_id: str, what: str) -> str:
    return f"{JOBS}{job_id}/{what}.json.gz"
