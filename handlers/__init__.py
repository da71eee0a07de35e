"""What people, programs and sockets talk to: pages, API and sockets on Tornado."""
