"""Messages of the official client 10.46.1 in both of its forms, as vectors for the codec."""
