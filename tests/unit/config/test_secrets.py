"""Secrets: made once, readable by us alone, refused when weak."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from config.secrets import FILE_NAME, KEY_BYTES, Secrets, load_secrets, rotate_signing_key
from config.settings import SettingsError

_NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def _refusal(data_dir: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load_secrets(data_dir, now=_NOW)
    return " ".join(caught.value.faults)


def _write(data_dir: Path, text: str, mode: int = 0o600) -> None:
    path = data_dir / FILE_NAME
    path.write_text(text)
    path.chmod(mode)


def test_the_first_start_makes_a_key_that_only_we_can_read(tmp_path: Path):
    """The folder is made too, and nothing but the file is left in it."""
    data_dir = tmp_path / "new" / "data"

    secrets = load_secrets(data_dir, now=_NOW)

    assert len(secrets.current_key.key) == KEY_BYTES
    assert secrets.current_key.created_at == _NOW
    assert [path.name for path in data_dir.iterdir()] == [FILE_NAME]
    assert stat.S_IMODE((data_dir / FILE_NAME).stat().st_mode) == 0o600


def test_the_next_start_reads_the_same_key(tmp_path: Path):
    """A restart signs nobody out."""
    assert load_secrets(tmp_path, now=_NOW) == load_secrets(tmp_path, now=_NOW)


def test_processes_that_start_together_agree_on_the_key(tmp_path: Path):
    """Whoever links the file first has made the secrets; the others read them."""
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: load_secrets(tmp_path, now=_NOW), range(16)))

    assert len({secrets.current_key.kid for secrets in found}) == 1


def test_two_installations_have_different_keys(tmp_path: Path):
    """No secret has a default."""
    first = load_secrets(tmp_path / "a", now=_NOW)
    second = load_secrets(tmp_path / "b", now=_NOW)

    assert first.current_key.key != second.current_key.key


def test_rotation_keeps_the_key_before_and_drops_the_one_before_that(tmp_path: Path):
    """Tokens of the last key stay valid until they end."""
    first = load_secrets(tmp_path, now=_NOW).current_key
    second = rotate_signing_key(tmp_path, now=_NOW).current_key
    third = rotate_signing_key(tmp_path, now=_NOW).current_key

    secrets = load_secrets(tmp_path, now=_NOW)

    assert secrets.signing_keys == (third, second)
    assert secrets.find_key(second.kid) == second
    assert secrets.find_key(first.kid) is None
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_keys_are_rotated_where_there_are_some(tmp_path: Path):
    """Others would be nobody's, and the word that servers take them untrue."""
    with pytest.raises(SettingsError) as caught:
        rotate_signing_key(tmp_path, now=_NOW)

    assert caught.value.faults == [
        f"There are no keys in {tmp_path}. Name the folder of the server's: --data-dir."
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write as somebody and for another")
def test_rotation_leaves_the_file_to_its_owner(tmp_path: Path):
    """The server's user could not read it any more when root has rotated."""
    load_secrets(tmp_path, now=_NOW)
    os.chown(tmp_path / FILE_NAME, 65534, 65534)

    rotate_signing_key(tmp_path, now=_NOW)

    status = (tmp_path / FILE_NAME).stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (65534, 65534, 0o600)


def test_a_file_of_an_earlier_version_gets_a_pepper_once(tmp_path: Path):
    """Processes that start together agree on it; the keys stay, and rotation leaves it alone."""
    made = load_secrets(tmp_path, now=_NOW)
    old = Secrets(signing_keys=made.signing_keys)
    _write(tmp_path, msgspec.json.encode({"signing_keys": old.signing_keys}).decode())

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: load_secrets(tmp_path, now=_NOW), range(16)))

    assert {each.signing_keys for each in found} == {made.signing_keys}
    assert [len(pepper) for pepper in {each.pepper for each in found}] == [KEY_BYTES]
    assert rotate_signing_key(tmp_path, now=_NOW).pepper == found[0].pepper
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_what_follows_from_the_pepper_differs_by_purpose(tmp_path: Path):
    """What is known of one use says nothing of another; another installation has others."""
    secrets, others = (load_secrets(tmp_path / name, now=_NOW) for name in "ab")

    derived = [secrets.derive("a", "x"), secrets.derive("b", "x"), others.derive("a", "x")]

    assert secrets.derive("a", "x") == derived[0]
    assert len(set(derived)) == 3


def test_a_key_does_not_show_when_it_is_printed(tmp_path: Path):
    """A trace prints what stands in its frames."""
    secrets = load_secrets(tmp_path, now=_NOW)
    key = secrets.current_key

    assert repr(key) == f"SigningKey(kid={key.kid!r})"
    assert repr(secrets) == f"Secrets(signing_keys=({key!r},))"


def test_a_file_that_others_can_read_is_refused(tmp_path: Path):
    """It may have been read already; the operator must know."""
    load_secrets(tmp_path, now=_NOW)
    (tmp_path / FILE_NAME).chmod(0o640)

    assert "chmod 600" in _refusal(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"signing_keys": 3}', '{"signing_keys": [{}]}'])
def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, text: str):
    """Making new keys over it would sign everybody out without a word."""
    _write(tmp_path, text)

    assert "is damaged" in _refusal(tmp_path)
    assert (tmp_path / FILE_NAME).read_text() == text


def test_weak_keys_are_refused_together(tmp_path: Path):
    """PyJWT would only warn."""
    short = '{"kid": "a", "key": "c2hvcnQ=", "created_at": "2026-01-01T00:00:00Z"}'
    _write(tmp_path, f'{{"signing_keys": [{short}, {short}]}}')

    refusal = _refusal(tmp_path)

    assert "two keys of one kid" in refusal
    assert "shorter than 32 bytes" in refusal


def test_a_file_without_keys_is_refused(tmp_path: Path):
    """Nothing could be signed."""
    _write(tmp_path, '{"signing_keys": []}')

    assert "no signing key" in _refusal(tmp_path)


def test_a_data_folder_that_cannot_be_made_is_a_fault_of_the_settings(tmp_path: Path):
    """The message names the setting, not a trace."""
    (tmp_path / "file").write_text("")

    assert "TABLETAP_DATA_DIR" in _refusal(tmp_path / "file" / "data")
