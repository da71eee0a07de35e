import socket

from tests.support.open_sockets import list_open_connections


def test_a_connection_is_seen_from_both_ends_until_it_is_closed():
    before = list_open_connections()
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = socket.create_connection(server.getsockname())
        there, _ = server.accept()
        assert len(list_open_connections() - before) == 2

        here.close()
        there.close()
        assert list_open_connections() == before
