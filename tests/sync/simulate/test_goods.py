from __future__ import annotations

import csv
import io

from biip.gtin import Gtin

from sync.simulate import goods


def test_every_barcode_has_its_check_digit_and_none_is_used_twice() -> None:
    codes = [good.gtin for good in goods.catalogue()]
    codes += [good.case_gtin for good in goods.catalogue() if good.case_gtin]
    for code in codes:
        Gtin.parse(code)
    assert len(set(codes)) == len(codes)


def test_every_good_can_be_found_weighed_and_boxed() -> None:
    everything = goods.catalogue()
    assert len(everything) == 120
    assert len({good.bin for good in everything}) == len({good.sku for good in everything}) == 120
    for good in everything:
        assert good.grams > 0
        assert good.length >= good.width > 0
        assert good.height > 0
        assert good.name != good.name_zh
        assert bool(good.case_gtin) == (good.case_pieces > 1)


def test_master_data_is_a_table_with_a_row_for_every_good() -> None:
    rows = list(csv.DictReader(io.StringIO(goods.master_data())))
    assert [row["sku"] for row in rows] == [good.sku for good in goods.catalogue()]
    assert rows[0]["gtin"] == goods.catalogue()[0].gtin
