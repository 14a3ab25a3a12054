"""One module per command; the module's `command` is what `ghostfleet <module>` runs."""
