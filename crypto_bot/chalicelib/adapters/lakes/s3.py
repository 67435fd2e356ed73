"""The lake in a bucket on S3: one PUT is all or nothing, and a listing shows it at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.market_ports.lake import LakeObject

_ABSENT: Final = frozenset({"NoSuchKey", "404"})
_WRONG: Final = frozenset(
    {
        "AccessDenied",
        "AllAccessDisabled",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "NoSuchBucket",
        "PermanentRedirect",
        "SignatureDoesNotMatch",
    }
)


class S3Lake:
    """`Lake` over a low-level S3 client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, content: bytes) -> None:
        """See `Lake.put`; S3 refuses content that its checksum does not fit."""
        with self._trouble_named(key):
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=content, ChecksumAlgorithm="CRC32"
            )

    def get(self, key: str) -> bytes | None:
        """See `Lake.get`."""
        with self._trouble_named(key):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if _code(error) in _ABSENT:
                    return None
                raise
            content: bytes = answer["Body"].read()
            return content

    def delete(self, key: str) -> None:
        """See `Lake.delete`."""
        with self._trouble_named(key):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def objects(self, prefix: str) -> list[LakeObject]:
        """See `Lake.objects`."""
        with self._trouble_named(prefix):
            return sorted(
                LakeObject(found["Key"], found["Size"])
                for page in self._pages(Prefix=prefix)
                for found in page.get("Contents", [])
            )

    def folders(self, prefix: str) -> list[str]:
        """See `Lake.folders`."""
        cut = prefix.rfind("/") + 1
        with self._trouble_named(prefix):
            return sorted(
                found["Prefix"][cut:].removesuffix("/")
                for page in self._pages(Prefix=prefix, Delimiter="/")
                for found in page.get("CommonPrefixes", [])
            )

    def _pages(self, **asked: str) -> Iterator[dict[str, Any]]:
        pages: Iterator[dict[str, Any]] = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, **asked
        )
        return pages

    @contextmanager
    def _trouble_named(self, key: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            if _code(error) in _WRONG:
                raise SettingsError(
                    f"S3 refuses {key} in bucket {self._bucket} ({_code(error)}); check the"
                    " bucket's name, its region and what the credentials may do"
                ) from error
            raise StoreUnavailable(
                f"{key} in bucket {self._bucket} failed: {_code(error)}"
            ) from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"{key} in bucket {self._bucket} failed: {error}") from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
