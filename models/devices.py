"""How a screen becomes a device of a cafe, and the secrets that paired ones show."""

from models.base import Table
from models.fields import (
    check,
    id_field,
    reference_field,
    text_field,
    timestamp_field,
)
from models.tenancy import Cafe, Device


class Pairing(Table):
    """A screen that waits to be let in; it belongs to no cafe until somebody says to which.

    poll_hash: SHA-256 of the secret that the screen asks with. device_id: what it became.
    """

    id = id_field(primary_key=True)
    user_code = text_field(8, unique=True)
    poll_hash = text_field(64, unique=True)
    address = text_field(45)
    browser = text_field(60)
    created_at = timestamp_field()
    expires_at = timestamp_field()
    polled_at = timestamp_field(null=True)
    device_id = reference_field(Device, null=True)
    claimed_at = timestamp_field(null=True)

    class Meta:
        table_name = "pairing"
        indexes = ((("expires_at",), False), (("address",), False))
        constraints = (check("pairing_claimed", "claimed_at IS NULL OR device_id IS NOT NULL"),)


class DeviceCredential(Table):
    """A secret of a paired screen, by its SHA-256. Two stand while one takes the other's place."""

    secret_hash = text_field(64, primary_key=True)
    cafe_id = reference_field(Cafe)
    device_id = reference_field(Device)
    created_at = timestamp_field()

    class Meta:
        table_name = "device_credential"
        indexes = ((("device_id",), False),)
