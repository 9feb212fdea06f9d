//! What is said of a response as a whole: whether it abstains, and its overall attitude.

use super::features::Cues;
use super::finding::Finding;
use crate::codebook::Stance;
use crate::corpus::Response;

/// A response that declines to answer is short; a long one that says "inga synpunkter"
/// somewhere says it of something in particular.
const LONGEST_ABSTENTION: usize = 15;

/// A cue counts as a position of its own from this weight on.
const CLEAR: f32 = 0.5;

/// The respondent declines to answer or has no comments, and says nothing else.
pub(crate) fn abstains(response: &Response, cues: &[Cues]) -> bool {
    let takes_a_position = |cue: &Cues| {
        !cue.abstention
            && !cue.reported
            && cue.support.max(cue.oppose).max(cue.reservation) >= CLEAR
    };
    response.sentences.len() <= LONGEST_ABSTENTION
        && cues.iter().any(|cue| cue.abstention)
        && !cues.iter().any(takes_a_position)
}

/// The attitude of the whole response.
///
/// The stances on the themes decide, each one vote; a response that addresses no theme is
/// judged by its cues alone ("ställer sig bakom förslagen i stort").
pub(super) fn overall(
    response: &Response,
    cues: &[Cues],
    stances: &[Finding],
    abstains: bool,
) -> Stance {
    if abstains || response.sentences.is_empty() {
        return Stance::NoPosition;
    }
    let count = |wanted: Stance| stances.iter().filter(|f| f.stance == wanted).count();
    let full = count(Stance::Supports);
    let reserved = count(Stance::SupportsWithReservations);
    let mixed = count(Stance::Mixed);
    let against = count(Stance::Opposes);
    if full + reserved + mixed + against > 0 {
        return by_votes(full, reserved, mixed, against);
    }
    let own = cues.iter().filter(|cue| !cue.reported);
    let (mut support, mut oppose, mut reservation) = (0.0, 0.0, 0.0);
    for cue in own {
        support += cue.support;
        oppose += cue.oppose;
        reservation += cue.reservation;
    }
    if support.max(oppose) < CLEAR {
        Stance::NoPosition
    } else if support >= 2.0 * oppose {
        if reservation >= CLEAR {
            Stance::SupportsWithReservations
        } else {
            Stance::Supports
        }
    } else if oppose >= 2.0 * support {
        Stance::Opposes
    } else {
        Stance::Mixed
    }
}

fn by_votes(full: usize, reserved: usize, mixed: usize, against: usize) -> Stance {
    let favour = full + reserved;
    match (favour, against) {
        (0, 0) => Stance::Mixed,
        (_, 0) if reserved + mixed == 0 => Stance::Supports,
        (_, 0) => Stance::SupportsWithReservations,
        (0, _) if mixed == 0 => Stance::Opposes,
        _ if favour >= 2 * (against + mixed) => Stance::SupportsWithReservations,
        _ if against >= 2 * (favour + mixed) => Stance::Opposes,
        _ => Stance::Mixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_decide_the_overall_attitude() {
        for (votes, expected) in [
            ([3, 0, 0, 0], Stance::Supports),
            ([3, 1, 0, 0], Stance::SupportsWithReservations),
            ([1, 0, 1, 0], Stance::SupportsWithReservations),
            ([0, 0, 0, 2], Stance::Opposes),
            ([4, 0, 0, 1], Stance::SupportsWithReservations),
            ([1, 0, 0, 4], Stance::Opposes),
            ([2, 0, 0, 2], Stance::Mixed),
            ([0, 0, 2, 0], Stance::Mixed),
        ] {
            let [full, reserved, mixed, against] = votes;
            assert_eq!(
                by_votes(full, reserved, mixed, against),
                expected,
                "{votes:?}"
            );
        }
    }
}
