"""What a user writes: scenario models, read from YAML, layered with settings, checked and described."""
