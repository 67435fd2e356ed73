"""Webhook tokens: only hashes are kept, and comparing costs the same whatever they are."""

from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest

MAXIMUM_LIVE_TOKENS = 2  # the new one and the one it replaces

# What nobody's token hashes to: it fills the empty places, so that a strategy with one token, with
# two, and one that does not exist cost the same number of comparisons.
_NOBODY = b"-" * 64


def hash_token(token: str) -> str:
    """The SHA-256 hex digest under which a token is stored."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def opens(token_hash: str, stored: Sequence[str]) -> bool:
    """Whether the hash is one of the stored ones, compared in constant time."""
    offered = token_hash.encode("utf-8", "surrogatepass")
    places = [text.encode() for text in stored[:MAXIMUM_LIVE_TOKENS]]
    places += [_NOBODY] * (MAXIMUM_LIVE_TOKENS - len(places))
    matches = [compare_digest(offered, place) for place in places]
    return any(matches)
