"""Keys in secrets.json: read when nobody else may read them, and never repeated in an error."""

import os
from pathlib import Path

import pytest

from chalicelib.adapters.secrets.file import FileSecrets
from chalicelib.domain.errors import SettingsError

GOOD = '{"my-keys": {"api-key": "KEY-VALUE", "api-secret": "SECRET-VALUE"}}'
VALUES = ("KEY-VALUE", "SECRET-VALUE")

on_posix = pytest.mark.skipif(os.name != "posix", reason="modes are a POSIX matter")


def _write(home: Path, text: str, mode: int = 0o600) -> FileSecrets:
    path = home / "secrets.json"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return FileSecrets(home)


def test_the_fields_of_a_secret(tmp_path: Path) -> None:
    secrets = _write(tmp_path, GOOD)

    assert secrets.secret("my-keys") == {"api-key": "KEY-VALUE", "api-secret": "SECRET-VALUE"}


def test_a_changed_key_counts_at_once(tmp_path: Path) -> None:
    secrets = _write(tmp_path, GOOD)
    secrets.secret("my-keys")
    _write(tmp_path, '{"my-keys": {"api-key": "new"}}')

    assert secrets.secret("my-keys") == {"api-key": "new"}


@on_posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o777])
def test_a_file_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    secrets = _write(tmp_path, GOOD, mode)
    with pytest.raises(SettingsError, match=f"{mode:04o}.*chmod 600 {tmp_path}/secrets.json"):
        secrets.secret("my-keys")


@on_posix
def test_a_file_only_its_owner_can_read_may_be_read_only(tmp_path: Path) -> None:
    assert _write(tmp_path, GOOD, 0o400).secret("my-keys")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD.replace("my-keys", "other"), '\'my-keys\' is not in .* as in {"my-keys": {"api-key"'),
        (GOOD[:-4], "no JSON, line 1"),
        ("[]", "one JSON object"),
        ('{"my-keys": "KEY-VALUE"}', "'my-keys'.*JSON object"),
        ('{"my-keys": {"api-key": 12345678}}', "'api-key' as int"),
        ('{"my-keys": {"api-key": null}}', "'api-key' as NoneType"),
    ],
)
def test_what_is_wrong_is_named_and_never_shown(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as refusal:
        _write(tmp_path, text).secret("my-keys")

    assert "secrets.json" in str(refusal.value)
    assert not any(value in repr(refusal.value) for value in (*VALUES, "12345678"))
    assert refusal.value.__cause__ is None


def test_without_a_file_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"'my-keys'.*does not exist.*\{\"my-keys\": .*chmod 600"
    ):
        FileSecrets(tmp_path).secret("my-keys")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_bytes(b"\xff\xfe\x00")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="cannot be read as text"):
        FileSecrets(tmp_path).secret("my-keys")


def test_a_removed_secret_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    secrets = _write(tmp_path, GOOD)
    secrets.put("other", {"api-key": "another"})

    secrets.remove("my-keys")

    with pytest.raises(SettingsError, match="'my-keys' is not in"):
        secrets.secret("my-keys")
    assert secrets.secret("other") == {"api-key": "another"}
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_removing_what_is_not_there_writes_nothing(tmp_path: Path) -> None:
    FileSecrets(tmp_path).remove("my-keys")
    assert not (tmp_path / "secrets.json").exists()
    secrets = _write(tmp_path, GOOD)
    before = (tmp_path / "secrets.json").stat().st_ino

    secrets.remove("other")

    assert (tmp_path / "secrets.json").stat().st_ino == before
