//! `litsim pool`: makes triples by the nodes' own protocol, once, for scenarios with `preprocessing = "pool"`.

use clap::{Args, value_parser};
use std::path::PathBuf;

use super::{Common, Exit, Shell};
use crate::pool::{self, Pool};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where the files go, one for each number of holders; made if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// For how many holders, as many as a key's threshold: with the usual rule 3 of 4 nodes, 5 of 7, 7 of 10
    #[arg(long, value_name = "K,K...", value_delimiter = ',', required = true, value_parser = value_parser!(u16).range(2..=256))]
    holders: Vec<u16>,
    /// How many triples each file gets; a presignature takes two
    #[arg(long, value_name = "COUNT", default_value_t = 64, value_parser = value_parser!(u32).range(2..=100_000))]
    triples: u32,
    /// The seed of everything random: the same one gives the same files
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let folder = arguments.folder.display().to_string();
    for holders in &arguments.holders {
        let path = Pool::path(&folder, *holders);
        if !arguments.force && std::path::Path::new(&path).exists() {
            shell.complain(&format!("error: {path} is there already; --force replaces it"));
            return Exit::USAGE;
        }
        let pool = match pool::make(*holders, arguments.triples as usize, arguments.seed) {
            Ok(pool) => pool,
            Err(error) => {
                shell.complain(&format!("error: {error}"));
                return Exit::USAGE;
            }
        };
        let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, pool.to_string()));
        if let Err(error) = written {
            shell.complain(&format!("error: cannot write {path}: {error}"));
            return Exit::USAGE;
        }
        tell(&path, &pool, common, shell);
    }
    Exit::OK
}

fn tell(path: &str, pool: &Pool, common: &Common, shell: &mut Shell<'_>) {
    let digest = format!("0x{}", hex::encode(pool.digest().0));
    if common.json {
        let line = serde_json::json!({
            "file": path, "holders": pool.holders(), "triples": pool.len(), "digest": digest,
        });
        return shell.print(&line.to_string());
    }
    if !common.quiet {
        shell.print(&format!("{path}: {} triples for {} holders, {digest}", pool.len(), pool.holders()));
    }
}
