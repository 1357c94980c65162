"""Which disc is which: the names that the evidence supports, with their probability.

Discs are named from the sacrum upward, so everything hangs on what the lowest
disc found is. Three readings compete: it is L5-S1; it is L4-L5 (the last disc
was cut off or not seen); it is a disc within the sacrum. Each is weighed by how
the discs tilt against each other along the lordosis, by the bone below the
lowest disc, and by its size. Rotation of the patient does not matter: only
differences of tilt are used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference.types import LEVELS, DiscLevel, FloatArray, Notice, Numbering, Value

#: What a disc within the sacrum is called.
SACRAL_DISC = "S1-S2"
#: Mean and SD (deg) of the tilt of a disc against the next one up, from L5-S1 against L4-L5 upward: 25 real
#: patients of SPIDER (T2 SPACE, given masks; none of those kept for reporting), SD widened by a fifth.
TILT_STEPS = ((21.5, 7.0), (10.9, 5.8), (7.5, 4.2), (3.8, 4.4), (0.3, 4.4))
#: A disc within the sacrum against L5-S1: little is known, so wide.
SACRAL_STEP = (12.0, 10.0)
#: Depth of the lowest disc as a share of the median: L5-S1 in the same patients; a remnant within the sacrum.
DEPTH_SHARE, SACRAL_DEPTH_SHARE = (1.0, 0.13), (0.62, 0.13)
#: Before anything is seen: how often the lowest disc that the network shows is L5-S1, L4-L5, within the sacrum.
PRIOR = {0: 0.93, 1: 0.04, -1: 0.03}
#: The same where the images end before the next disc would come.
PRIOR_CUT = {0: 0.50, 1: 0.48, -1: 0.02}
LEAST_ROOM_MM = 36.0
#: Labelled bone as a share of what lies between two discs: log odds of a lumbar body being there.
BONE_SLOPE, BONE_MIDDLE, BONE_LIMIT = 14.0, 0.5, 6.0
#: A lowest disc smaller than this beside the others is like that of a transitional vertebra. Lowest discs of 18 real
#: patients of SPIDER (given masks) are at least 0.72 as high, 95 of 100 ordinary simulated ones over 0.68.
SMALL_DEPTH, SMALL_HEIGHT = 0.78, 0.64
#: So is one that is this thin, mm, and thinner than this share of the next one up: simulated sacralised patients lie
#: between 0.46 and 0.57, ordinary ones over 0.74 but for one of 0.59, real ones over 0.58 but for two patients (62
#: images of training patients).
THIN_MM, THIN_SHARE = 5.6, 0.58
#: A disc within the sacrum is told when it is this deep beside the others (1 of 74 real images of training patients).
SACRAL_DISC_SHARE = 0.38
#: Log odds that labelled sacrum below the lowest disc takes from its being L4-L5, where it fills the space.
SACRUM_WEIGHT = 4.0
#: Probability from which on a competing reading of the lowest disc is reported.
LEAST_REPORTED = 0.10
#: The tilt of discs that lie as if in another order is no evidence beyond this log odds.
MOST = 8.0


@dataclass(frozen=True)
class Evidence:
    """What is known of the discs found, from the lowest upward.

    tilts_deg: forward tilt of each. depths_mm, heights_mm: of each.
    bone_below: bone labelled below the lowest disc, as a share of what lies
    between two discs; bone_above: the same between it and the next disc.
    sacrum_below: the share of the space below that is labelled sacrum.
    room_below_mm: how far the images reach beyond the lowest disc.
    sacral_disc_mm: depth of a disc with sacrum to both sides; 0 where there is none.
    """

    tilts_deg: FloatArray
    depths_mm: FloatArray
    heights_mm: FloatArray
    bone_below: float
    bone_above: float
    sacrum_below: float
    room_below_mm: float
    sacral_disc_mm: float = 0.0


def designate(evidence: Evidence) -> Numbering:
    """Weigh the readings of the lowest disc."""
    priors = PRIOR if evidence.room_below_mm >= LEAST_ROOM_MM else PRIOR_CUT
    scores = {shift: float(np.log(prior)) for shift, prior in priors.items()}
    bone = {
        0: 0.0,
        1: _bone_odds(evidence.bone_below - evidence.sacrum_below) - SACRUM_WEIGHT * evidence.sacrum_below,
        -1: -_bone_odds(evidence.bone_above),
    }
    tilts = _tilt_scores(evidence.tilts_deg)
    share = float(evidence.depths_mm[0] / np.median(evidence.depths_mm))
    for shift in scores:
        scores[shift] += tilts[shift] + bone[shift]
        scores[shift] += _log_normal(share, *(SACRAL_DEPTH_SHARE if shift == -1 else DEPTH_SHARE))
    weights = np.exp(np.array(list(scores.values())) - max(scores.values()))
    shares = dict(zip(scores, (weights / weights.sum()).tolist(), strict=True))
    first, second, *_ = sorted(shares, key=lambda shift: -shares[shift])
    return Numbering(
        lowest=_name(first),
        probability=round(shares[first], 3),
        alternative=_name(second),
        alternative_probability=round(shares[second], 3),
        transitional=_transitional(evidence) if first == 0 else None,
    )


def _bone_odds(share: float) -> float:
    """Log odds of a lumbar body where so much of a body's bone is labelled."""
    return float(np.clip(BONE_SLOPE * (share - BONE_MIDDLE), -BONE_LIMIT, BONE_LIMIT))


def _tilt_scores(tilts: FloatArray) -> dict[int, float]:
    """Log likelihood of the tilts by reading, over steps that all readings explain; differences are bounded."""
    steps = tilts[:-1] - tilts[1:]
    expected = {0: TILT_STEPS, 1: TILT_STEPS[1:], -1: (SACRAL_STEP, *TILT_STEPS)}
    count = min(len(steps), *(len(table) for table in expected.values()))
    scores = {
        shift: sum(_log_normal(float(step), *table[k]) for k, step in enumerate(steps[:count]))
        for shift, table in expected.items()
    }
    best = max(scores.values())
    return {shift: max(score - best, -MOST) for shift, score in scores.items()}


def _log_normal(value: float, mean: float, sd: float) -> float:
    return float(-0.5 * ((value - mean) / sd) ** 2 - np.log(sd))


def _name(shift: int) -> str:
    return SACRAL_DISC if shift < 0 else LEVELS[-1 - shift]


def _transitional(evidence: Evidence) -> Notice | None:
    """Why the lowest vertebra may be a transitional one; None when nothing speaks for it."""
    depth, height = (float(sizes[0] / np.median(sizes[1:])) for sizes in (evidence.depths_mm, evidence.heights_mm))
    thin = evidence.heights_mm[0] < min(THIN_MM, THIN_SHARE * evidence.heights_mm[1])
    if depth < SMALL_DEPTH or height < SMALL_HEIGHT or thin:
        sizes_mm = {"depth_mm": float(evidence.depths_mm[0]), "height_mm": float(evidence.heights_mm[0])}
        return Notice("small_lowest_disc", values=sizes_mm)
    if evidence.sacral_disc_mm > SACRAL_DISC_SHARE * np.median(evidence.depths_mm):
        return Notice("disc_in_sacrum", values={"depth_mm": evidence.sacral_disc_mm})
    return None


def shift_of(lowest: str) -> int:
    """How many levels lie below a lowest disc of this name; -1 for a disc within the sacrum."""
    return -1 if lowest == SACRAL_DISC else len(LEVELS) - 1 - LEVELS.index(lowest)


def notices_of(numbering: Numbering) -> tuple[Notice, ...]:
    """What a reader should check about the names; they are the machine's, whatever a reader calls the discs."""
    notices = []
    if numbering.alternative_probability >= LEAST_REPORTED:
        readings: dict[str, Value] = {
            "lowest": numbering.lowest,
            "probability": numbering.probability,
            "alternative": numbering.alternative,
            "alternative_probability": numbering.alternative_probability,
        }
        notices.append(Notice("names_uncertain", values=readings))
    elif numbering.lowest != LEVELS[-1]:
        notices.append(Notice("lowest_disc_named", values={"lowest": numbering.lowest}))
    if numbering.transitional:
        notices.append(numbering.transitional)
    return tuple(notices)


def evidence_of(
    discs: list[DiscLevel], bone: tuple[float, float], sacrum_below: float, room_mm: float, sacral_disc_mm: float
) -> Evidence:
    """discs: from the head down, as found. bone: shares of a body's bone below the lowest disc and above it."""
    upward = discs[::-1]
    tilts = np.array([np.rad2deg(np.arctan2(-disc.up[1], disc.up[2])) for disc in upward])
    return Evidence(
        tilts_deg=tilts,
        depths_mm=np.array([disc.depth_mm for disc in upward]),
        heights_mm=np.array([disc.height_mm for disc in upward]),
        bone_below=bone[0],
        bone_above=bone[1],
        sacrum_below=sacrum_below,
        room_below_mm=room_mm,
        sacral_disc_mm=sacral_disc_mm,
    )
