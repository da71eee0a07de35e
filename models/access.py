"""How often the rights in a cafe have changed: what tells processes to look at open sockets."""

from models.base import Table
from models.fields import big_integer_field, check, reference_field
from models.tenancy import Cafe


class AccessCount(Table):
    """seq: rises in the transaction that takes access back, so nobody sees one without the other.

    A cafe without a row has had no change.
    """

    cafe_id = reference_field(Cafe, primary_key=True)
    seq = big_integer_field()

    class Meta:
        table_name = "access_count"
        constraints = (check("access_count_seq", "seq >= 1"),)
