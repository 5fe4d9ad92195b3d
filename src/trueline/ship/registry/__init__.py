"""Versions of model files, in a SQLite file or on an MLflow server."""
