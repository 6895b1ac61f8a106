"""The hub's tables from version to version: one module a version, `v1` the baseline."""
