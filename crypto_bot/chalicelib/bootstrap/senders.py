"""The list of addresses that may send alerts -> a question about one address."""

from collections.abc import Callable


def admits(sources: tuple[str, ...]) -> Callable[[str], bool] | None:
    """Whether an address is on the list; None where there is no list."""
    if not sources:
        return None
    from ipaddress import ip_address, ip_network

    networks = [ip_network(source) for source in sources]

    def is_listed(source: str) -> bool:
        try:
            address = ip_address(source)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return is_listed
