"""What is masked, and above all what is not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anew.judge.masks import Days, Masks, Place, maskers, unmarked

PLACES = (Place("project", "/home/u/proj", "/rooms/r1"),)
HERE, THERE = maskers(Masks(PLACES))

MASKED = {
    "2024-05-01 12:34:56,789 INFO loss 0.1234": "<time> INFO loss 0.1234",
    "2024-05-01T12:34:56.123456+00:00 a": "<time> a",
    "2024-05-01 12:34:56.123456: I tensorflow/x.cc:12]": "<time>: I tensorflow/x.cc:12]",
    "I0501 12:34:56.123456  1234 file.cc:12] hi": "I<time> file.cc:12] hi",
    "I0000 00:00:1795270852.425663   29848 port.cc:153] on": "I<time> port.cc:153] on",
    "Wed May  1 12:34:56 2024 x": "<time> x",
    "[12:34:56] loss=0.5": "[<time>] loss=0.5",
    "  50%|##   | 5/10 [00:00<00:01, 49.90it/s, loss=0.5]": "  50%|##   | 5/10 [<progress>, loss=0.5]",
    "  0%|     | 0/10 [00:00<?, ?it/s]": "  0%|     | 0/10 [<progress>]",
    "10it [00:00, 123.4it/s]": "10it [<progress>]",
    "5/10 - 0s 30ms/step - loss: 0.5": "5/10 - <duration> <rate> - loss: 0.5",
    "Epoch 3 took 12.3s, loss 0.5": "Epoch 3 took <duration>, loss 0.5",
    "done in 0.05 seconds": "done in <duration>",
    "1.2 it/s": "<rate>",
    "elapsed: 12.31": "elapsed: <duration>",
    "{'train_runtime': 1.23, 'train_samples_per_second': 123.4, 'train_loss': 0.3}": "{'train_runtime': <duration>, 'train_samples_per_second': <rate>, 'train_loss': 0.3}",
    "{'train_runtime': '12', 'train_samples_per_second': '73.06', 'train_loss': '0.69'}": "{'train_runtime': '<duration>', 'train_samples_per_second': '<rate>', 'train_loss': '0.69'}",
    "Time (Wallclock seconds):       0.01": "Time (Wallclock seconds):       <duration>",
    "Total time (CPU seconds):  0.00   (Wallclock seconds):  0.01": "Total time (CPU seconds):  <duration>   (Wallclock seconds):  <duration>",
    "1.23 ms ± 12.3 µs per loop": "<duration> ± <duration> per loop",
    "0:00:12.345678": "<duration>",
    "<function f at 0x7f1234567890>": "<function f at <address>>",
    "pid=123: ready": "pid=<process id>: ready",
    "saved /tmp/tmpabcd1234/x": "saved /tmp/<temporary path>/x",
    "http://localhost:43211/": "http://localhost:<port>/",
    "timestamp: 1700000000.5": "timestamp: <time>",
    "/home/u/proj/a.py (/home/u/proj)": "<path of the project>/a.py (<path of the project>)",
    "12:34:56,5 items": "<time>,5 items",
    "at=datetime.datetime(2024, 5, 1, 12, 34, 56, 789), x=3": "at=datetime.datetime(<time>), x=3",
    "\x1b[1m1:12\x1b[0m 58ms/step - loss: 0.5": "\x1b[1m<duration>\x1b[0m <rate> - loss: 0.5",
}  # fmt: skip

LEFT_ALONE = [
    "loss 0.1234", "accuracy: 0.93", "0.93", "1700000000", "time_to_target 12.3",
    "time_to_target: 12", "time: 12.3", "time 5", "step 100 loss 0.5 lr 1e-4", "seed 1234567890",
    "epoch 3: 0.5", "1990s", "x[10:20:30]", "v1.2.3", "conv2d_1", "0xdeadbeef", "sha 0x7f12",
    "12 s", "5 m", "3 h", "0.12 min 0.05 max", "ratio 3:4", "10:20", "port 43211", "count:45678",
    "host:80", "id 550e8400-e29b-41d4-a716-446655440000", "/home/u/proj2/a", "x/home/u/proj/a",
    "/home/u/proj.old/a", "-5.0 seconds of arc", "2024-13-45", "1.5sigma", "3 stars", "rank 0 of 4",
    "process 1234", "f1 0.5 ms1", "loss=0.5s1", "0.5x", "1e-5", "nan", "took 12 steps", "99.5%",
    "data/2024-05-01/x.csv", "12:34:56:78", "25:61:00",
    "datetime.datetime(2024, 5, 1)", "datetime.date(2024, 5, 1)", "\x1b[1m1:12\x1b[0m loss", "mins 5", "angle (seconds): 0.25", "offset (s): 0.5", "(user seconds) 5", "tmpabcd1234", "wall_time 12",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MASKED.items())
def test_volatile_token_is_masked_and_nothing_beside_it(text: str, expected: str) -> None:
    found = HERE.text(text)

    assert unmarked(found.text) == expected
    assert found.by


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_may_be_a_result_is_left_alone(text: str) -> None:
    assert HERE.text(text).text == text


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("outputs/2024-05-01/12-34-56/c.yaml", "outputs/2025-05-02/01-02-03/c.yaml"),
        ("events.out.tfevents.1700000000.host.1234.0", "events.out.tfevents.1710000001.host.99.0"),
        ("runs/May01_12-34-56_host/x", "runs/Jun11_02-34-56_host/x"),
        ("model_20240501_123456.pt", "model_20240502_003456.pt"),
        ("a/tmpab1d12x4/x", "a/tmpzz3d12_f/x"),
        ("/home/u/proj/x", "/rooms/r1/x"),
        ("x_1700000000.json", "x_1710000000.json"),
    ],
)
def test_names_that_a_clock_or_place_changed_are_alike(left: str, right: str) -> None:
    assert HERE.name(left).text == THERE.name(right).text


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("step-100000.pt", "step-200000.pt"),
        ("epoch=1.ckpt", "epoch=2.ckpt"),
        ("model_v1.pt", "model_v2.pt"),
        ("seed123456789/x", "seed123456780/x"),
        ("part-00001", "part-00002"),
        ("tfevents.1.2", "tfevents.2.2"),
        ("abcdef12.bin", "abcdef13.bin"),
        ("/rooms/r1/x", "/home/u/proj/x"),
        ("tmp_output1.txt", "tmp_output2.txt"),
        ("tmpresults1", "tmpresults2"),
        ("20240501.csv", "20240502.csv"),
    ],
)
def test_names_that_say_something_are_not_alike(left: str, right: str) -> None:
    assert HERE.name(left).text != THERE.name(right).text


def test_date_outside_both_runs_is_data() -> None:
    day = date(2026, 11, 21)
    here, _ = maskers(Masks(days=(Days(day, day),)))

    assert here.text("forecast for 2024-05-02: 5").by == ()
    assert here.text("2026-11-21 forecast for 2024-05-02: 5").by == ("date",)
    assert here.name("forecast_20240502_000000.csv").by == ()
    assert here.name("forecast_20261121_120000.csv").by == ("time",)
    assert here.name("checkpoint-1500000000").by == ()
    assert here.text("timestamp: 1500000000").by == ()


def test_uuid_is_masked_only_where_asked_for() -> None:
    here, _ = maskers(Masks(identifiers=True))

    found = here.text("run 550e8400-e29b-41d4-a716-446655440000")
    assert unmarked(found.text) == "run <identifier>"


def test_text_that_holds_the_mark_of_a_mask_is_left_alone() -> None:
    marked = HERE.text("12:34:56").text

    assert HERE.text(marked + " 12:34:56").by == ()


TEXTS = st.one_of(
    st.sampled_from([*MASKED, *LEFT_ALONE]),
    st.text(alphabet="0123456789:.-/ stm[]x", max_size=40),
    st.text(max_size=40),
)


@given(st.lists(TEXTS, max_size=3).map(" ".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = HERE.text(text)

    assert HERE.text(once.text).text == once.text
    assert bool(once.by) is (once.text != text)
    name = HERE.name(text)
    assert HERE.name(name.text).text == name.text


def test_a_time_as_python_writes_it_is_data_on_another_day() -> None:
    masks = Masks(days=(Days(date(2024, 5, 1), date(2024, 5, 2)),))
    here, _ = maskers(masks)
    assert here.text("datetime.datetime(2024, 5, 2, 1, 2)").by == ("time",)
    assert here.text("datetime.datetime(2024, 4, 2, 1, 2)").by == ()
