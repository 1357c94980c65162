"""Demo patients: simulated here, received through the same door as any other study."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from inference.simulate.causes.options import Axial, Distractors, Habit, Severity, StudyOptions, Transition
from inference.simulate.study import write_study
from worklist.intake import archives
from worklist.intake.receive import Receipt
from worklist.jobs import queue
from worklist.jobs.states import State
from worklist.models import Study

#: Who sent them, as the worklist says it.
SENDER = "demo"
#: A common patient, a severe, a healthy, one whose lowest vertebra is half sacral, one without axial images.
PATIENTS: dict[int, StudyOptions] = {
    118: StudyOptions(axial=Axial.BLOCKS, habit=Habit.BOREAL, distractors=Distractors.DRAWN),
    102: StudyOptions(severity=Severity.SEVERE, axial=Axial.STACK),
    103: StudyOptions(severity=Severity.NORMAL, axial=Axial.BLOCKS),
    104: StudyOptions(transition=Transition.SACRALISED, axial=Axial.BLOCKS),
    105: StudyOptions(axial=Axial.NONE, habit=Habit.CALIMA),
}


class Command(BaseCommand):
    help = "Simulate five patients, receive their studies and ask the machine to read them; skips those already here."

    def handle(self, *args: Any, **options: Any) -> None:
        record = settings.DATA_DIR / "demo_studies.json"
        known: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
        for number, (seed, wishes) in enumerate(PATIENTS.items(), 1):
            label = f"Demo patient {number} of {len(PATIENTS)}"
            uid = known.get(str(seed), "")
            if Study.objects.filter(study_instance_uid=uid).exists():
                self.say(f"{label}: already in the worklist")
                continue
            self.say(f"{label}: simulating ...")
            began = time.monotonic()
            study = receive_simulated(seed, wishes)
            known[str(seed)] = study.study_instance_uid
            record.write_text(json.dumps(known))
            self.say(f"{label}: received after {time.monotonic() - began:.0f} s, the machine reads it next")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def receive_simulated(seed: int, wishes: StudyOptions) -> Study:
    """Write one patient to a temporary folder, receive it and ask the machine. Raises CommandError."""
    receipt = Receipt()
    with tempfile.TemporaryDirectory(prefix="demo-", dir=settings.INCOMING_DIR) as folder:
        write_study(Path(folder), seed, wishes)
        for part in archives.receive_folder(Path(folder), SENDER):
            receipt.add(part)
    if receipt.rejected:
        raise CommandError(f"A simulated image was refused: {receipt.rejected[0].message}")
    if len(receipt.studies) != 1:
        raise CommandError(f"A simulated patient gave {len(receipt.studies)} studies, not one.")
    study = Study.objects.get(pk=receipt.studies.pop())
    # No need to wait for quiet: the study is known to be complete.
    if study.state == State.RECEIVED:
        queue.ask(study)
    return study
