"""What came with a job and what came of it, in the lake."""

from pathlib import Path

from chalicelib.adapters.job_files import JobFiles
from chalicelib.adapters.lakes.folder import FolderLake


def test_what_was_kept_is_found_under_its_job_alone(tmp_path: Path) -> None:
    lake = FolderLake(tmp_path)
    files = JobFiles(lake)
    files.keep("01ab", {"trend.csv": "Trade #\n", "größer.csv": "ü" * 100_000})
    files.keep_result("01ab", {"policies": [{"equity": 0.5}]})
    assert JobFiles(lake).files("01ab") == {"trend.csv": "Trade #\n", "größer.csv": "ü" * 100_000}
    assert JobFiles(lake).result("01ab") == {"policies": [{"equity": 0.5}]}
    assert files.files("01ac") == {}
    assert files.result("01ac") is None
    keys = ["jobs/01ab/files.json.gz", "jobs/01ab/result.json.gz"]
    assert [each.key for each in lake.objects("jobs/")] == keys
    assert sum(each.size for each in lake.objects("")) < 2_000, "they are packed"
