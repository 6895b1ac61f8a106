"""The print spool: one label in flight at each printer, and none printed twice."""
