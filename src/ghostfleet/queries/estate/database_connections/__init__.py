"""Each database, managed or on a machine, with the services that ask it; the dearest first."""
