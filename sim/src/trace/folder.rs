//! A trace on disk: `trace.jsonl` with one record a line, `checkpoints.jsonl` with one checkpoint a line.

use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Checkpoint, DiffError, Record, Records, Trace};

/// The file of records.
pub const RECORDS: &str = "trace.jsonl";
/// The file of checkpoints.
pub const CHECKPOINTS: &str = "checkpoints.jsonl";

/// A line of the checkpoint file.
#[derive(serde::Serialize, serde::Deserialize)]
struct Line {
    #[serde(flatten)]
    checkpoint: Checkpoint,
    /// Where the records after the checkpoint start in the other file, bytes.
    offset: u64,
}

/// Writes the kept records and the checkpoints of a trace into a folder.
///
/// # Errors
/// If a file cannot be written.
pub fn write(trace: &Trace, folder: &Path) -> io::Result<()> {
    let mut records = BufWriter::new(File::create(folder.join(RECORDS))?);
    let mut checkpoints = BufWriter::new(File::create(folder.join(CHECKPOINTS))?);
    let mut due = trace.checkpoints().into_iter().peekable();
    let mut index = trace.len() - trace.kept().len() as u64;
    let mut offset = 0;
    let mut kept = trace.kept();
    loop {
        while let Some(checkpoint) = due.next_if(|checkpoint| checkpoint.records <= index) {
            write_line(&mut checkpoints, &Line { checkpoint, offset })?;
        }
        let Some(record) = kept.next() else { break };
        offset += write_line(&mut records, record)?;
        index += 1;
    }
    records.flush()?;
    checkpoints.flush()
}

fn write_line(file: &mut impl Write, value: &impl serde::Serialize) -> io::Result<u64> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    file.write_all(&line)?;
    Ok(line.len() as u64)
}

/// A folder that [`write`] filled.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Reads from `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn open(&self, name: &str) -> Result<(String, BufReader<File>), DiffError> {
        let path = self.path.join(name);
        let file = path.display().to_string();
        match File::open(path) {
            Ok(open) => Ok((file, BufReader::new(open))),
            Err(source) => Err(DiffError::Read { file, source }),
        }
    }

    fn lines(&self) -> Result<Vec<Line>, DiffError> {
        let (file, reader) = self.open(CHECKPOINTS)?;
        read_lines(&file, reader, u64::MAX)
    }
}

fn read_lines<T: DeserializeOwned>(file: &str, reader: impl BufRead, most: u64) -> Result<Vec<T>, DiffError> {
    let mut list = Vec::new();
    for (line, text) in (1..=most).zip(reader.lines()) {
        let text = text.map_err(|source| DiffError::Read { file: file.to_owned(), source })?;
        let malformed = |source| DiffError::Malformed { file: file.to_owned(), line, source };
        list.push(serde_json::from_str(&text).map_err(malformed)?);
    }
    Ok(list)
}

impl Records for RunFolder {
    fn checkpoints(&self) -> Result<Vec<Checkpoint>, DiffError> {
        Ok(self.lines()?.into_iter().map(|line| line.checkpoint).collect())
    }

    fn records(&self, first: u64, count: u64) -> Result<Vec<Record>, DiffError> {
        let start = self.lines()?.into_iter().rev().find(|line| line.checkpoint.records <= first);
        let (skip, offset) = start.map_or((first, 0), |line| (first - line.checkpoint.records, line.offset));
        let (file, mut reader) = self.open(RECORDS)?;
        reader.seek(SeekFrom::Start(offset)).map_err(|source| DiffError::Read { file: file.clone(), source })?;
        let mut list: Vec<Record> = read_lines(&file, reader, skip.saturating_add(count))?;
        Ok(list.split_off(usize::try_from(skip).unwrap_or(usize::MAX).min(list.len())))
    }
}
