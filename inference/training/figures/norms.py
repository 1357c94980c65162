"""The table of norms from the given masks of SPIDER's training patients: what `norms.csv` holds."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from inference.measures.canal import measure
from inference.measures.shape import MAD_TO_SD, measure_shape
from inference.spine.localise import localise
from inference.training.data import spider
from inference.types import Measurement

SOURCE = "SPIDER T2 SPACE, given masks of {} training patients (van der Graaf 2024, CC BY 4.0), this package's rules"
#: Least number of people for a norm.
LEAST = 10
#: Quantities without a usual range: a slip has the fixed threshold of 3 mm in `shape`.
LEFT_OUT = {"slip"}


def of_patient(data: Path, patient: int) -> tuple[Measurement, ...]:
    """All measurements on a patient's given mask. The lowest labelled disc is L5-S1."""
    truth = spider.load(data, patient).truth
    spine = localise(truth)
    discs, canal = measure(truth, spine.discs, spine.vertebrae)
    return (*canal, *measure_shape(truth, discs, spine.vertebrae))


def rows(data: Path) -> Iterator[tuple[int, tuple[Measurement, ...]]]:
    """(patient, measurements) of each training patient; those reported on are not read."""
    for patient in spider.split(data)[0]:
        yield patient, of_patient(data, patient)


def table(patients: list[tuple[Measurement, ...]]) -> str:
    """CSV: median and robust standard deviation (of the median absolute deviation) by quantity and place."""
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for measurements in patients:
        for measurement in measurements:
            if measurement.value is not None and not measurement.lower_bound and measurement.quantity not in LEFT_OUT:
                values[measurement.quantity, measurement.place].append(measurement.value)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("quantity", "place", "mean", "sd", "people", "source"))
    for (quantity, place), sample in sorted(values.items()):
        if len(sample) < LEAST:
            continue
        middle = float(np.median(sample))
        # Robust to a few diseased levels, with a lower bound where the middle half agrees by chance.
        robust = MAD_TO_SD * float(np.median(np.abs(np.array(sample) - middle)))
        sd = max(robust, 0.75 * float(np.std(sample, ddof=1)))
        writer.writerow((quantity, place, f"{middle:.1f}", f"{sd:.2f}", len(sample), SOURCE.format(len(patients))))
    return out.getvalue()
