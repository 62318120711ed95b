//! Exit codes. Of several outcomes the highest wins.

use crate::outcome::{RunReport, Verdict};

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use]
pub struct Exit(u8);

impl Exit {
    /// Everything as expected.
    pub const OK: Self = Self(0);
    /// Wrong usage, or something that cannot be read or written.
    pub const USAGE: Self = Self(2);
    /// A scenario or capsule is not valid.
    pub const BAD_SCENARIO: Self = Self(3);
    /// Nothing was selected.
    pub const NOTHING_SELECTED: Self = Self(4);
    /// An expectation, bound, budget or mark was missed, or a planted bug was not seen by its oracle.
    pub const EXPECTATION: Self = Self(5);
    /// Something that must complete did not.
    pub const LIVENESS: Self = Self(10);
    /// A safety property was violated.
    pub const SAFETY: Self = Self(20);
    /// Two runs of one scenario and seed differed, or a replay and its capsule.
    pub const NONDETERMINISM: Self = Self(30);
    /// A panic.
    pub const PANIC: Self = Self(40);

    /// All, the better ones first, with what they say of a command.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::OK, "every run ended as its scenario expects"),
        (Self::USAGE, "wrong usage, or something cannot be read or written"),
        (Self::BAD_SCENARIO, "a scenario or capsule is not valid"),
        (Self::NOTHING_SELECTED, "nothing was selected"),
        (
            Self::EXPECTATION,
            "an expectation, bound, budget or mark was missed; an unexpected pass; a planted bug unseen",
        ),
        (Self::LIVENESS, "liveness: something that must complete did not"),
        (Self::SAFETY, "safety: a property was violated"),
        (Self::NONDETERMINISM, "two runs that should be equal differed: `--twice`, a replay and its capsule, `diff`"),
        (Self::PANIC, "a panic, in a node or in the simulator, or a run that took its process with it"),
    ];

    /// Of which this is the number.
    pub(crate) fn of_code(code: u8) -> Self {
        Self(code)
    }

    /// The number for the operating system.
    pub fn code(self) -> u8 {
        self.0
    }

    /// The worse of two.
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }

    /// What a run means. Nothing makes a panic or nondeterminism right; an unexpected pass is a missed expectation.
    pub fn of(report: &RunReport) -> Self {
        match report.verdict {
            Verdict::Panic => Self::PANIC,
            Verdict::Nondeterminism => Self::NONDETERMINISM,
            _ if report.expected => Self::OK,
            // The verdict that the scenario is made for, but a mark or bound was missed.
            _ if report.missed.is_some() => Self::EXPECTATION,
            Verdict::Safety => Self::SAFETY,
            Verdict::Liveness => Self::LIVENESS,
            Verdict::Pass | Verdict::Expectation => Self::EXPECTATION,
        }
    }
}
