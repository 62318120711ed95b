//! Which runs of a sweep a shard makes.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The number of pods of a Kubernetes indexed job, which Kubernetes itself does not tell them.
const KUBERNETES_COUNT: &str = "LITSIM_SHARDS";
const KUBERNETES_INDEX: &str = "JOB_COMPLETION_INDEX";
const SLURM_INDEX: &str = "SLURM_ARRAY_TASK_ID";
const SLURM_COUNT: &str = "SLURM_ARRAY_TASK_COUNT";
const SLURM_FIRST: &str = "SLURM_ARRAY_TASK_MIN";
const SLURM_STEP: &str = "SLURM_ARRAY_TASK_STEP";

/// All of a sweep, or a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Share(pub Option<Partition>);

/// One of several parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// How runs are dealt out.
    pub by: By,
    /// Which part, from 1.
    pub m: u64,
    /// How many parts there are.
    pub n: u64,
}

/// How runs are dealt out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// One to each in turn.
    Slice,
    /// By a hash of scenario and seed, which stays when others are added.
    Hash,
}

/// What is no partition.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadPartition {
    /// It is not of the right form.
    #[error("expected slice:M/N or hash:M/N with M from 1 to N, such as slice:2/4; not {0:?}")]
    Form(String),
    /// A variable of the environment is missing.
    #[error(
        "{set} is set and {missing} is not, so the number of shards is not known; set it, or say --partition slice:M/N"
    )]
    Missing {
        /// The variable that is there.
        set: &'static str,
        /// The one that should be, too.
        missing: &'static str,
    },
    /// A variable of the environment is no number, or does not fit the others.
    #[error("{name}={value:?} is not what it should be: {expected}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
}

impl Share {
    /// Whether the run at this place, with this key, belongs to it.
    pub fn holds(self, index: u64, key: u64) -> bool {
        self.0.is_none_or(|part| match part.by {
            By::Slice => index % part.n == part.m - 1,
            By::Hash => key % part.n == part.m - 1,
        })
    }

    /// What the names of files end in: nothing, or `-m-of-n`.
    pub fn suffix(self) -> String {
        self.0.map(|part| format!("-{}-of-{}", part.m, part.n)).unwrap_or_default()
    }

    /// The share that the environment of a Slurm array task or of a pod of a Kubernetes indexed job names, and the
    /// variable that does; all if there is neither.
    ///
    /// # Errors
    /// If the environment names one and does not say all of it: every task would do everything.
    pub fn of_environment(
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Self, Option<&'static str>), BadPartition> {
        let number = |name: &'static str, expected| {
            let value = variable(name).filter(|value| !value.is_empty());
            let parse =
                |value: String| value.parse::<u64>().map_err(|_| BadPartition::Variable { name, value, expected });
            value.map(parse).transpose()
        };
        let share = |name, m, n| {
            let fits = (1..=n).contains(&m);
            let value = variable(name).unwrap_or_default();
            let expected = "an index below the number of shards, in an array or job without gaps";
            let refused = BadPartition::Variable { name, value, expected };
            if fits { Ok((Self(Some(Partition { by: By::Slice, m, n })), Some(name))) } else { Err(refused) }
        };
        if let Some(id) = number(SLURM_INDEX, "a number")? {
            let missing = |missing| BadPartition::Missing { set: SLURM_INDEX, missing };
            let count = number(SLURM_COUNT, "a number")?.ok_or_else(|| missing(SLURM_COUNT))?;
            let first = number(SLURM_FIRST, "a number")?.ok_or_else(|| missing(SLURM_FIRST))?;
            let step = number(SLURM_STEP, "a number")?.unwrap_or(1).max(1);
            let m = id.checked_sub(first).map_or(0, |after| after / step + 1);
            return share(SLURM_INDEX, m, count);
        }
        if let Some(index) = number(KUBERNETES_INDEX, "a number")? {
            let missing = BadPartition::Missing { set: KUBERNETES_INDEX, missing: KUBERNETES_COUNT };
            let count = number(KUBERNETES_COUNT, "a number")?.ok_or(missing)?;
            return share(KUBERNETES_INDEX, index.saturating_add(1), count);
        }
        Ok((Self(None), None))
    }
}

impl FromStr for Partition {
    type Err = BadPartition;

    fn from_str(text: &str) -> Result<Self, BadPartition> {
        let parsed = || {
            let (by, rest) = text.split_once(':')?;
            let by = match by {
                "slice" => By::Slice,
                "hash" => By::Hash,
                _ => return None,
            };
            let (m, n) = rest.split_once('/')?;
            let (m, n) = (m.parse().ok()?, n.parse().ok()?);
            (1..=n).contains(&m).then_some(Self { by, m, n })
        };
        parsed().ok_or_else(|| BadPartition::Form(text.to_owned()))
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            By::Slice => "slice",
            By::Hash => "hash",
        };
        write!(f, "{by}:{}/{}", self.m, self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Option<String>, BadPartition> {
        let variable =
            |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Share::of_environment(&variable).map(|(share, _)| share.0.map(|part| part.to_string()))
    }

    #[test]
    fn every_run_is_in_exactly_one_part() {
        for text in ["slice:M/4", "hash:M/4"] {
            let parts: Vec<Share> =
                (1..=4).map(|m| Share(Some(text.replace('M', &format!("{m}")).parse().unwrap()))).collect();
            for (index, key) in (0..100).map(|index| (index, index * 7919 + 13)) {
                assert_eq!(parts.iter().filter(|part| part.holds(index, key)).count(), 1);
            }
        }
        assert!(Share(None).holds(17, 4));
        for nonsense in ["slice:0/4", "slice:5/4", "slice:1/0", "third:1/4", "1/4", "slice:1-4", ""] {
            assert!(nonsense.parse::<Partition>().is_err(), "{nonsense}");
        }
    }

    #[test]
    fn arrays_of_slurm_count_from_wherever_they_begin() {
        let array = |id, count, min| {
            of(&[(SLURM_INDEX, id), (SLURM_COUNT, count), (SLURM_FIRST, min)]).map(Option::unwrap_or_default)
        };
        assert_eq!(array("1", "4", "1").unwrap(), "slice:1/4");
        assert_eq!(array("0", "4", "0").unwrap(), "slice:1/4");
        assert_eq!(array("13", "4", "10").unwrap(), "slice:4/4");
        assert!(array("14", "4", "10").unwrap_err().to_string().contains("without gaps"));
        assert!(array("x", "4", "10").is_err());
        let even = [(SLURM_INDEX, "4"), (SLURM_COUNT, "3"), (SLURM_FIRST, "0"), (SLURM_STEP, "2")];
        assert_eq!(of(&even).unwrap().unwrap(), "slice:3/3");
    }

    #[test]
    fn pods_of_kubernetes_must_be_told_how_many_they_are() {
        assert_eq!(of(&[(KUBERNETES_INDEX, "0"), (KUBERNETES_COUNT, "4")]).unwrap().unwrap(), "slice:1/4");
        let error = of(&[(KUBERNETES_INDEX, "0")]).unwrap_err().to_string();
        assert!(error.contains("LITSIM_SHARDS"), "{error}");
        assert_eq!(of(&[]), Ok(None));
    }
}
