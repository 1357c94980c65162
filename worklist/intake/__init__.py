"""What strangers send: refused by name before it is parsed, or stored whole."""
