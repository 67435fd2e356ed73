"""What came with a job and what came of it, in the lake."""

from pathlib import Path

import pytest

from chalicelib.adapters.job_files import JobFiles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.domain.errors import ActionRefused


def test_what_was_kept_is_found_under_its_job_alone(tmp_path: Path) -> None:
    lake = FolderLake(tmp_path)
    files = JobFiles(lake)
    files.keep("01ab", {"trend.csv": "Trade #\n", "größer.csv": "ü" * 100_000})
    files.keep_result("01ab", {"policies": [{"equity": 0.5}]})
    assert JobFiles(lake).files("01ab") == {"trend.csv": "Trade #\n", "größer.csv": "ü" * 100_000}
    assert JobFiles(lake).result("01ab") == {"policies": [{"equity": 0.5}]}
    with pytest.raises(ActionRefused, match="is kept no more: begin it again"):
        files.files("01ac")
    assert files.result("01ac") is None
    keys = ["jobs/01ab/files.json.gz", "jobs/01ab/result.json.gz"]
    assert [each.key for each in lake.objects("jobs/")] == keys
    assert sum(each.size for each in lake.objects("")) < 2_000, "they are packed"


def test_what_could_never_be_shown_is_not_kept(tmp_path: Path) -> None:
    lake = FolderLake(tmp_path)
    JobFiles(lake).keep_result("01ab", "x" * 4_499_998)
    with pytest.raises(ActionRefused, match=r"has 4,500,001 bytes, and at most 4,500,000 can be"):
        JobFiles(lake).keep_result("01ac", "x" * 4_499_999)
    assert len(lake.objects("jobs/")) == 1
