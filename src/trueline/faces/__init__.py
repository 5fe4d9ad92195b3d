"""What talks to a person: the command line."""
