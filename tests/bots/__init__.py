"""Foreign clients and hostile peers against the real programs, over loopback sockets."""
