//! Capsules as files: JSON, every member under a seal, so that a change or a cut is noticed and named.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

use super::{Capsule, FORMAT};
use crate::outcome::Engine;

/// The member that holds the seals of the others: BLAKE3 of each one's compact JSON.
const SEALS: &str = "seals";

/// Why a file is no capsule, or cannot be used.
#[derive(Debug, Error)]
pub enum CapsuleError {
    /// It cannot be read or written.
    #[error("{file}: {source}", file = .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no JSON.
    #[error("{file}:{line}:{column}: {what}", file = .file.display())]
    Json {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// A member is missing, or is not what it should be.
    #[error("{file}: field `{field}`: {what}", file = .file.display())]
    Field {
        /// The file.
        file: PathBuf,
        /// The member.
        field: String,
        /// What is wrong.
        what: String,
    },
}

/// A build that is not the capsule's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the capsule was written by build {theirs}, this is {ours}: the digest may differ")]
pub struct Mismatch {
    /// The capsule's.
    pub theirs: String,
    /// This program's.
    pub ours: String,
}

impl Capsule {
    /// Whether this program is the build that wrote the capsule.
    pub fn mismatch(&self, engine: &dyn Engine) -> Option<Mismatch> {
        let ours = engine.build();
        (ours != self.build).then(|| Mismatch { theirs: self.build.clone(), ours })
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        let Value::Object(mut members) = value(self) else { return String::new() };
        let seals = members.iter().map(|(name, member)| (name.clone(), Value::String(seal(member)))).collect();
        members.insert(SEALS.to_owned(), Value::Object(seals));
        format!("{:#}\n", Value::Object(members))
    }

    /// Writes the file, and the folders that it is in.
    ///
    /// # Errors
    /// If that is impossible.
    pub fn write(&self, file: &Path) -> Result<(), CapsuleError> {
        let refuse = |source| CapsuleError::Io { file: file.to_owned(), source };
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(refuse)?;
        }
        std::fs::write(file, self.to_json()).map_err(refuse)
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// If it cannot be read, is no capsule of this format, or was changed since it was written.
    pub fn read(file: &Path) -> Result<Self, CapsuleError> {
        let refuse = |source| CapsuleError::Io { file: file.to_owned(), source };
        let text = std::fs::read(file).map_err(refuse)?;
        let members: Map<String, Value> = serde_json::from_slice(&text).map_err(|error| CapsuleError::Json {
            file: file.to_owned(),
            line: error.line(),
            column: error.column(),
            what: if error.is_eof() { "the file ends in its midst: it was cut off".into() } else { error.to_string() },
        })?;
        Members { file, members }.capsule()
    }
}

/// The members of a file that are still to be read.
struct Members<'f> {
    file: &'f Path,
    members: Map<String, Value>,
}

impl Members<'_> {
    fn refuse(&self, field: &str, what: impl Into<String>) -> CapsuleError {
        CapsuleError::Field { file: self.file.to_owned(), field: field.to_owned(), what: what.into() }
    }

    fn capsule(mut self) -> Result<Capsule, CapsuleError> {
        let format = self.members.get("format").cloned().ok_or_else(|| self.refuse("format", "it is missing"))?;
        if format != FORMAT {
            return Err(self.refuse("format", format!("version {format}, and this program reads version {FORMAT}")));
        }
        self.check_seals()?;
        let capsule = Capsule {
            format: self.take("format")?,
            litsim: self.take("litsim")?,
            build: self.take("build")?,
            scenario: self.take("scenario")?,
            seed: self.take("seed")?,
            memo: self.take("memo")?,
            plan: self.take("plan")?,
            outcome: self.take("outcome")?,
        };
        match self.members.keys().next() {
            Some(unknown) => Err(self.refuse(unknown, "a capsule has no such field")),
            None => Ok(capsule),
        }
    }

    fn check_seals(&mut self) -> Result<(), CapsuleError> {
        let Some(Value::Object(seals)) = self.members.remove(SEALS) else {
            return Err(self.refuse(SEALS, "it is missing"));
        };
        for (name, member) in &self.members {
            if seals.get(name).and_then(Value::as_str) != Some(&seal(member)) {
                return Err(self.refuse(name, "it was changed after the capsule was written"));
            }
        }
        Ok(())
    }

    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, CapsuleError> {
        let member = self.members.remove(name).ok_or_else(|| self.refuse(name, "it is missing"))?;
        serde_json::from_value(member).map_err(|error| self.refuse(name, error.to_string()))
    }
}

fn value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("string keys and finite numbers")
}

fn seal(member: &Value) -> String {
    format!("0x{}", blake3::hash(member.to_string().as_bytes()).to_hex())
}
