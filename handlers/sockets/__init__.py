"""The six namespaces over SockJS and plain WebSocket."""
