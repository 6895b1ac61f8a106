"""What is heard over the wire of one printer."""

from drivers.transports import loopback
from station.spool import Printer
from station.spool.line import Line
from tests.drivers.label_printers.test_zpl_status import READY
from tests.station.spool.test_spool import HURRY


def test_what_a_printer_said_of_old_labels_is_forgotten() -> None:
    device = loopback.device("spool-line")
    line = Line(Printer(name="zebra", url="loopback://spool-line", counter=False), HURRY)
    line.connect()
    for n in range(1000):
        device.feed(f"[PB {n}]".encode())
    device.feed(READY)
    heard = line.look()
    assert heard.status is not None
    assert "999" in heard.acknowledged
    assert len(heard.acknowledged) < 100
    line.drop()
