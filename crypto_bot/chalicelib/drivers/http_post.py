"""One kept connection over which JSON is posted: as much of HTTP/1.1 as AWS's endpoints speak.

The standard library's client brings a parser of e-mail along, which a cold function would wait for.
"""

import select
import socket
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:  # an endpoint without encryption, as tests have it, needs none of it
    from ssl import SSLContext

_LONGEST_LINE: Final = 65_536
_MOST_HEADERS: Final = 100
_NO_BODY: Final = 204


class BrokenAnswerError(OSError):
    """What came is no HTTP answer, or not all of one."""


class UnprovenError(OSError):
    """The other side did not prove that it is whom we mean."""


class Connection:
    """Opened at once; not to be shared between threads. Times out with TimeoutError."""

    def __init__(
        self, host: str, port: int, encryption: "SSLContext | None", *, timeout: float
    ) -> None:
        plain = socket.create_connection((host, port), timeout)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._socket = plain if encryption is None else _encrypted(plain, encryption, host)
        except BaseException:
            plain.close()
            raise
        self._answers: IO[bytes] = self._socket.makefile("rb")

    def wait_at_most(self, seconds: float) -> None:
        """From now on, for each part of an answer."""
        self._socket.settimeout(seconds)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer: no end, and nothing nobody asked for."""
        return not select.select([self._socket], [], [], 0)[0]

    def post(self, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, and body. Closed afterwards if the other side wants that.

        OSError, a BrokenAnswerError among them, leaves it closed too.
        """
        try:
            return self._post(headers, body)
        except BaseException:
            self.close()
            raise

    def _post(self, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        head = f"POST / HTTP/1.1\r\n{''.join(lines)}content-length: {len(body)}\r\n\r\n"
        self._socket.sendall(head.encode("ascii") + body)
        version, status = self._status()
        found = self._headers()
        answer = self._body(status, found)
        if version == b"HTTP/1.0" or found.get("connection", "").lower() == "close":
            self.close()
        return status, found, answer

    @property
    def is_closed(self) -> bool:
        return self._answers.closed

    def close(self) -> None:
        """Both directions, at once."""
        self._answers.close()
        self._socket.close()

    def _status(self) -> tuple[bytes, int]:
        parts = self._line().split(None, 2)
        try:
            return parts[0], int(parts[1])
        except (IndexError, ValueError):
            raise BrokenAnswerError("the answer does not begin as HTTP does") from None

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while line := self._line():
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or len(found) == _MOST_HEADERS:
                raise BrokenAnswerError("the headers of the answer cannot be read")
            found[name.strip().lower()] = value.strip()
        return found

    def _body(self, status: int, headers: Mapping[str, str]) -> bytes:
        if status == _NO_BODY:
            return b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self._exactly(_number(headers.get("content-length", ""), 10))

    def _chunk(self) -> bytes:
        size = _number(self._line().partition(b";")[0].decode("latin-1"), 16)
        chunk = self._exactly(size)
        self._line()
        return chunk

    def _exactly(self, size: int) -> bytes:
        content = self._answers.read(size)
        if len(content) < size:
            raise BrokenAnswerError(f"the answer ends after {len(content)} of {size} bytes")
        return content

    def _line(self) -> bytes:
        line = self._answers.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise BrokenAnswerError("the answer ends in the middle of a line")
        return line.rstrip(b"\r\n")


def _encrypted(plain: socket.socket, encryption: "SSLContext", host: str) -> socket.socket:
    import ssl

    try:
        return encryption.wrap_socket(plain, server_hostname=host)
    except ssl.SSLError as error:
        raise UnprovenError(str(error)) from error


def _number(text: str, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError:
        number = -1
    if number < 0:
        raise BrokenAnswerError(f"the answer says that it is {text[:20]!r} bytes long")
    return number
