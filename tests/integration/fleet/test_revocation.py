"""Access that is taken back at one process ends the sockets at both, with Redis and without."""

from realtime.close_codes import CloseCode
from tests.support.revoking import revoke_each_way


async def test_sockets_end_on_both_processes_whichever_way_access_is_taken_back(
    fleet, valkey, expected_logs
):
    """People's, screens' and guests', and roles that change; first with Redis, then without."""
    expected_logs.add("redis_away", "bus_lost")
    for break_it in (lambda: None, valkey.kill):
        break_it()
        endings = await revoke_each_way(fleet)
        ways = ("person", "sign-out", "sign-in", "token", "screen", "removal", "everybody")
        assert {each.way: each.codes for each in endings} == {
            **dict.fromkeys(ways, [CloseCode.REVOKED] * 2),
            "role": [CloseCode.ROOMS_CHANGED] * 2,
        }
