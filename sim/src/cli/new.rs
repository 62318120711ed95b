//! `litsim new`: a scenario to begin with, with comments, which runs as it is.

use clap::Args;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Common, Exit, Shell, quote};

#[derive(Debug, Args)]
#[command(after_help = "For example: litsim new first && litsim run first.toml")]
pub(super) struct Arguments {
    /// What the scenario is called: letters, digits, - and _
    #[arg(value_name = "NAME", value_parser = name)]
    name: String,
}

/// What the files say, and what they call themselves.
const SCENARIO: &str = include_str!("starter/starter.toml");
const ACTION: &str = include_str!("starter/starter.js");
const NAME: &str = "starter";

/// Reads a name, which is a file's, too.
fn name(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.is_empty() || text.starts_with('-') || !text.chars().all(allowed) {
        return Err("expected letters, digits, `-` and `_`".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let folder = common.out.clone().unwrap_or_default();
    let files = [("toml", SCENARIO), ("js", ACTION)]
        .map(|(extension, text)| (folder.join(format!("{}.{extension}", arguments.name)), text));
    // Neither is begun if one of them is there.
    if let Some((file, _)) = files.iter().find(|(file, _)| file.exists()) {
        shell.complain(&format!("error: {} is there already; take another name", file.display()));
        return Exit::USAGE;
    }
    for (file, text) in &files {
        if let Err(error) = write(file, &text.replace(NAME, &arguments.name)) {
            shell.complain(&format!("error: cannot write {}: {error}", file.display()));
            return Exit::USAGE;
        }
    }
    let [scenario, action] = files.map(|(file, _): (PathBuf, _)| file.display().to_string());
    if common.json {
        shell.print(&serde_json::json!({ "scenario": scenario, "action": action }).to_string());
    } else if !common.quiet {
        let program = shell.program.clone();
        shell.print(&format!("written: {scenario}, {action}\nrun it:  {program} run {}", quote(&scenario)));
    }
    Exit::OK
}

/// Writes a file that is not there, and makes its folder.
fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(file)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files_and_nothing_else() {
        assert_eq!(name("first-2_b"), Ok("first-2_b".to_owned()));
        for nonsense in ["", "../up", "a/b", "a.toml", "-h", "a b", "ä"] {
            assert!(name(nonsense).is_err(), "{nonsense}");
        }
    }
}
