"""Receipt printers: one module a language, which draws a label on a paper roll."""
