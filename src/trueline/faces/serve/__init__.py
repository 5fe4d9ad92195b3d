"""A model over HTTP: `application` puts the parts together, `running` keeps them alive and ends them in good order."""
