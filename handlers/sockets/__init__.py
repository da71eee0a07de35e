"""Transports of the event plane: SockJS and plain WebSocket, one session code for both.

`routes.build_socket_routes` is what composition calls; no module here knows pages or the API.
"""
