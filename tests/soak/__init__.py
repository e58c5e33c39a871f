"""Ten times normal load and hostile clients at once, for minutes: memory stays flat and honest links are unharmed."""
