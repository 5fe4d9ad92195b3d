"""How far rows added inside a domain can move a model, and how few of them are enough."""
