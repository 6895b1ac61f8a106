"""The real thing, killed: processes of the product, real sockets, a real database, real files.

    python -m tests.torture real --kills 200 --database postgresql

`world` builds marketplace, carrier, one or two hubs and the virtual printers; `worker` is a bench
without its screen, a process of its own; `proxy` stands between bench and hub and cuts, stalls,
swallows and corrupts; `syncs.c`, compiled where there is a compiler, kills a process at a chosen
fsync; `rig` kills and looks after each kill, `promises` says what must hold.
"""
