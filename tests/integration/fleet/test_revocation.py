"""Access that is taken back at one process ends the sockets at both, with Redis and without."""

from realtime.close_codes import CloseCode
from tests.support.revoking import revoke_each_way


async def test_sockets_end_on_both_processes_whichever_way_access_is_taken_back(
    fleet, valkey, expected_logs
):
    """A person's, everybody's, by signing out, a guest's token; first with Redis, then without."""
    expected_logs.add("redis_away", "bus_lost")
    for break_it in (lambda: None, valkey.kill):
        break_it()
        endings = await revoke_each_way(fleet)
        assert {each.way: each.codes for each in endings} == dict.fromkeys(
            ("person", "sign-out", "token", "screen", "everybody"), [CloseCode.REVOKED] * 2
        )
