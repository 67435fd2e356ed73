"""How much a request may have: little from strangers, and more from who shows the run's own token.

The parser decides once it has the headers, so that nothing large is read of anybody else.
"""

from collections.abc import Callable
from copy import copy
from typing import Any, Final

from typing_extensions import override
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

LARGEST: Final = 5 * 1024 * 1024  # a function on AWS takes 6 MB


def channel_for(lets_send: Callable[[str], bool]) -> type[HTTPChannel]:
    """What waitress makes of each connection. `lets_send` is asked about the Authorization header
    of a request that is larger than usual, or does not say how large it is.
    """

    class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
        adj: Any

        @override
        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            is_large = self.chunked or self.content_length >= self.adj.max_request_body_size
            if is_large and lets_send(self.headers.get("AUTHORIZATION", "")):
                more = copy(self.adj)
                more.max_request_body_size = LARGEST
                self.adj = more

    return type("Channel", (HTTPChannel,), {"parser_class": Parser})
