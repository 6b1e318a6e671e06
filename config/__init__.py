"""YAML in, frozen typed model out: the one place where configuration is read and checked."""
