"""Connections of services with what lies between them and how long calls take, as a list and as a matrix."""
