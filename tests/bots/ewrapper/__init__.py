"""What a bot on the official Python client does in its life: the same steps for 9.81 and for today's."""
