"""One HTTPS request to where the owner said, and nowhere else: no redirect is followed.

An address that the owner mistyped, or that somebody else made resolve to the inside of a network,
must not be reached from here: the name is looked up once, every address has to be public, and the
connection goes to the one that was looked at. Nothing here logs: addresses hold tokens.
"""

import http.client
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from chalicelib.domain.errors import NotDelivered, SettingsError
from chalicelib.drivers.trust import trust

_SECONDS: Final = 3.0
_LATE: Final = f"did not answer within {_SECONDS:g} s"
_MOST_READ: Final = 300
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")  # NAT64
_LOW_BITS: Final = 0xFFFFFFFF
_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80
_LAST_OF_DONE: Final = 299
_FIRST_OF_DONE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address that messages may be posted to, taken apart."""

    scheme: str
    host: str
    port: int
    path: str
    allows_loopback: bool

    def post(self, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> None:
        """Hand over JSON. NotDelivered after 3 s, whatever the other side does meanwhile."""
        document = json.dumps(body).encode()
        given = {"Content-Type": "application/json", "User-Agent": "crypto-bot", **(headers or {})}
        ended: list[str] = []
        # A thread, because neither a name server nor a dripping answer keeps to a timeout.
        poster = Thread(target=self._try, args=(document, given, ended), daemon=True)
        poster.start()
        poster.join(_SECONDS)
        trouble = ended[0] if ended else _LATE
        if trouble:
            raise NotDelivered(f"{self.host} {trouble}")

    def _try(self, document: bytes, headers: Mapping[str, str], ended: list[str]) -> None:
        ended.append(self._trouble(document, headers))

    def _trouble(self, document: bytes, headers: Mapping[str, str]) -> str:
        """What went wrong, '' where nothing did."""
        try:
            status = self._status(document, headers)
        except TimeoutError:
            return _LATE
        except NotDelivered as refusal:
            return str(refusal)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"cannot be reached: {type(error).__name__}"
        return "" if _FIRST_OF_DONE <= status <= _LAST_OF_DONE else f"answered {status}"

    def _status(self, document: bytes, headers: Mapping[str, str]) -> int:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_SECONDS)
        connection.sock = self._connected()
        try:
            connection.request("POST", self.path, document, dict(headers))
            answer = connection.getresponse()
            answer.read(_MOST_READ)
            return answer.status
        finally:
            connection.close()

    def _connected(self) -> socket.socket:
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
        if not addresses or not all(
            _may_reach(address, self.scheme, allows_loopback=self.allows_loopback)
            for address in addresses
        ):
            raise NotDelivered("is not a public address, and only those are posted to")
        plain = _first_connection(addresses, self.port)
        if self.scheme == "http":
            return plain
        try:
            return trust().wrap_socket(plain, server_hostname=self.host)
        except OSError:
            plain.close()
            raise


def target_of(url: str, whose: str, *, allows_loopback: bool) -> Target:
    """SettingsError names the secret `whose` the address is, never the address."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise SettingsError(
            f"{whose} has no valid url; {_right(allows_loopback=allows_loopback)}"
        ) from None
    if not _is_fit(parts, allows_loopback=allows_loopback):
        raise SettingsError(
            f"{whose} has a url that cannot be used; {_right(allows_loopback=allows_loopback)}"
        )
    query = f"?{parts.query}" if parts.query else ""
    return Target(
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=port or (_HTTPS_PORT if parts.scheme == "https" else _HTTP_PORT),
        path=(parts.path or "/") + query,
        allows_loopback=allows_loopback,
    )


def _is_fit(parts: SplitResult, *, allows_loopback: bool) -> bool:
    schemes = {"https", "http"} if allows_loopback else {"https"}
    text = parts.geturl()
    return (
        parts.scheme in schemes
        and _may_be_meant(parts.hostname or "", parts.scheme, allows_loopback=allows_loopback)
        and parts.username is None
        and text.isascii()
        and text.isprintable()
        and " " not in text
    )


def _may_be_meant(host: str, scheme: str, *, allows_loopback: bool) -> bool:
    """Whether messages may go there, as far as it can be told before a name is looked up."""
    try:
        return _may_reach(host, scheme, allows_loopback=allows_loopback)
    except ValueError:
        return bool(host)  # a name


def _may_reach(address: str, scheme: str, *, allows_loopback: bool) -> bool:
    reached = _reached(address)
    if scheme == "http" or reached.is_loopback:
        return reached.is_loopback and allows_loopback
    return reached.is_global and not reached.is_multicast


def _right(*, allows_loopback: bool) -> str:
    more = ", or http:// to this machine" if allows_loopback else ""
    return f"it must be https:// and a public host{more}, without a user name"


def _reached(text: str) -> IPv4Address | IPv6Address:
    """The address itself, or the one that a translator on the way makes of it."""
    address = ip_address(text.partition("%")[0])
    if not isinstance(address, IPv6Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & _LOW_BITS)
    return address.ipv4_mapped or address.sixtofour or address


def _first_connection(addresses: Sequence[str], port: int) -> socket.socket:
    """A host may have an address of a kind that this machine has no way to."""
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), timeout=_SECONDS / len(addresses))
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), timeout=_SECONDS)


def field_of(fields: Mapping[str, str], name: str, whose: str) -> str:
    """One field of a channel's secret. SettingsError names the secret and the field."""
    text = fields.get(name, "").strip()
    if not text:
        raise SettingsError(f"{whose} has no {name}; {_needed(fields, name)}")
    return text


def _needed(fields: Mapping[str, Any], name: str) -> str:
    there = ", ".join(sorted(fields)) or "nothing"
    return f"it holds {there}, and needs {name} as text"
