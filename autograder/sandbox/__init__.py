"""The sandbox: launched and spoken to from the trusted side, with a worker inside."""
