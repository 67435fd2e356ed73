"""The laptop's server and the handler on Lambda send the same dashboard."""

import http.client
import re
from contextlib import closing

from tests.functional.running import Running
from tests.web.answers import from_lambda

SENT = ("Content-Type", "Cache-Control", "Content-Security-Policy", "X-Content-Type-Options")


def files() -> list[str]:
    page = str(from_lambda("/ui")["body"])
    return sorted(set(re.findall(r"ui/[\w.-]+\.\w{12}\.\w+", page)))


def test_the_same_page_and_files_come_from_the_laptop_and_from_lambda(program: Running) -> None:
    for path in ("/ui", *(f"/{name}" for name in files())):
        there = from_lambda(path)
        with closing(http.client.HTTPConnection("127.0.0.1", program.port, timeout=30)) as line:
            line.request("GET", path)
            here = line.getresponse()
            content = here.read()
        assert here.status == there["statusCode"] == 200
        assert content == there["body"].encode(), path
        for name in SENT:
            assert here.headers.get(name) == there["headers"].get(name), path
