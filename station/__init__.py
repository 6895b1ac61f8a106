"""The packing bench: what a packer scans is looked up, decided, stored, printed and shown.

`codes` says what a scan means, `flows` what to do about it, `wording` in which words: these
decide, and wait for nothing. `bench` takes what comes in, asks a flow, and puts everything that
follows into one transaction of `store`; `spool` prints from there, `devices` and `input` hear,
`app` paints. `floor` puts a bench together from `config`; `demo` plays one without hardware.

Not to be done twice: only `bench` writes what happened; only `input` hears the keyboard; only
`wording` speaks to people; only `spool` sends bytes to a printer.
"""
