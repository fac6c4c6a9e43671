import itertools
from collections import Counter

import msgspec

from monitor.simulate.device import Facts, Report
from monitor.simulate.post import Shares, delivery, post
from monitor.simulate.stay import MINUTE

REPORTS = [Report(n * 1000, f"e{n}", "camera.heartbeat", Facts(room="r")) for n in range(5000)]


def test_nothing_is_lost_and_without_shares_nothing_comes_twice_or_late():
    posted = list(post(REPORTS, Shares(0, 0, 0), "s"))

    assert Counter(p.report.id for p in posted) == Counter(r.id for r in REPORTS)
    assert max(p.deliver_at - p.report.at for p in posted) < 1000


def test_postings_come_in_the_order_of_their_delivery():
    at = [p.deliver_at for p in post(REPORTS, Shares(0.1, 0.1, 0.1), "s")]

    assert sorted(at) == at


def test_some_come_twice_some_out_of_order_some_late():
    posted = list(post(REPORTS, Shares(duplicates=0.1, disorder=0.1, late=0.02), "s"))
    count = Counter(p.report.id for p in posted)
    overtaken = sum(a.report.at > b.report.at for a, b in itertools.pairwise(posted))

    assert set(count) == {r.id for r in REPORTS}
    assert 400 < sum(n == 2 for n in count.values()) < 600
    assert overtaken > 200
    assert 50 < sum(p.deliver_at - p.report.at >= 5 * MINUTE for p in posted) < 200


def test_the_seed_decides():
    shares = Shares(0.1, 0.1, 0.1)

    assert list(post(REPORTS, shares, "a")) == list(post(REPORTS, shares, "a"))
    assert list(post(REPORTS, shares, "a")) != list(post(REPORTS, shares, "b"))


def test_a_delivery_is_a_json_array_and_its_id_is_that_of_its_contents():
    one, same, other = delivery([b'{"a":1}', b"{}"]), delivery([b'{"a":1}', b"{}"]), delivery([b"{}"])

    assert msgspec.json.decode(one.body) == [{"a": 1}, {}]
    assert one.id == same.id != other.id
