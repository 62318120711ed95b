//! Names the build: a hash of the crate's own sources, of the node's, and of the versions of all dependencies. It needs
//! neither git nor a clock, and is the same on every machine that has the same sources.

use std::fs;
use std::path::{Path, PathBuf};

/// FNV-1a, 64 bits: tells builds apart, and needs no dependency.
struct Fnv(u64);

impl Fnv {
    fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    // Of an outside crate that depends on this one, the lock file is elsewhere: then the sources alone count.
    for root in
        ["src", "build.rs", "Cargo.toml", "../node/src", "../node/contracts", "../node/Cargo.toml", "../Cargo.lock"]
    {
        let path = here.join(root);
        println!("cargo::rerun-if-changed={}", path.display());
        let mut files = Vec::new();
        list(&path, root, &mut files);
        files.sort();
        for (name, path) in files {
            hash.update(name.as_bytes());
            hash.update(&fs::read(path).unwrap_or_default());
        }
    }
    println!("cargo::rustc-env=LITSIM_SOURCES={:016x}", hash.0);
    println!("cargo::rustc-env=LITSIM_RUSTC={}", compiler());
}

/// What the compiler calls itself, for reports.
fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = std::process::Command::new(rustc).arg("--version").output().map(|output| output.stdout);
    let said = said.ok().and_then(|text| String::from_utf8(text).ok()).unwrap_or_default();
    let line = said.lines().next().unwrap_or_default().trim();
    if line.is_empty() { "unknown".to_owned() } else { line.to_owned() }
}

/// All files below a path, by names that do not depend on where the sources are.
fn list(path: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) {
    if path.is_file() {
        files.push((name.to_owned(), path.to_owned()));
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let part = entry.file_name().to_string_lossy().into_owned();
        if part != "node_modules" && part != "snapshots" && part != "tests" && part != "tests.rs" {
            list(&entry.path(), &format!("{name}/{part}"), files);
        }
    }
}
