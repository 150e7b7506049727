//! Care of the data directory: collections made and documents removed, snapshots, checks, and the tasks of a running service.

use super::Output;
use super::bars::Bars;
use super::show::Out;
use crate::engine::{CheckReport, Engine, SnapshotInfo, TaskInfo, TaskPage, TaskQuery, WriteReport, restore};
use crate::error::Result;
use clap::Subcommand;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum UpkeepCommand {
    /// Make an empty collection.
    Create { collection: String },
    /// Remove documents by their ids.
    Remove {
        collection: String,
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Verify every checksum and every count.
    Check {
        /// Build anew what is damaged, from the database.
        #[arg(long)]
        repair: bool,
    },
    /// Pack everything into one file, while a service may be running.
    Backup { file: PathBuf },
    /// Unpack a file that `backup` made into a data directory that is empty.
    Restore { file: PathBuf },
    /// The tasks of the service, the latest first.
    Tasks {
        /// How many.
        #[arg(short, long, default_value_t = 20)]
        limit: usize,
    },
    /// One task.
    Task {
        uid: i64,
        /// Stop it: at once if it waits, as soon as it can if it is processed.
        #[arg(long)]
        cancel: bool,
    },
}

pub(super) fn run(data_dir: &Path, command: UpkeepCommand, out: &Output) -> Result<()> {
    let engine = || Engine::open(data_dir);
    match command {
        UpkeepCommand::Create { collection } => {
            let (info, is_new) = engine()?.create(&collection)?;
            out.answer(&info, |_, out| writeln!(out, "{}", if is_new { "made" } else { "there already" }))
        }
        UpkeepCommand::Remove { collection, ids } => {
            out.answer(&engine()?.delete_documents(&collection, &ids)?, written)
        }
        UpkeepCommand::Check { repair } => {
            let report = engine()?.check(repair, &Bars::new()?)?;
            out.answer(&report, checked)?;
            report.into_result().map(drop)
        }
        UpkeepCommand::Backup { file } => {
            let info = engine()?.backup(&file, &Bars::new()?)?;
            out.answer(&info, packed)
        }
        UpkeepCommand::Restore { file } => {
            let info = restore(&file, data_dir, &Bars::new()?)?;
            out.answer(&info, packed)
        }
        UpkeepCommand::Tasks { limit } => {
            let query = TaskQuery { limit: Some(limit), ..TaskQuery::default() };
            out.answer(&engine()?.tasks(&query)?, tasks)
        }
        UpkeepCommand::Task { uid, cancel } => {
            let engine = engine()?;
            let info = if cancel { engine.cancel_task(uid)? } else { engine.task(uid)? };
            out.answer(&info, task)
        }
    }
}

fn written(report: &WriteReport, out: Out<'_>) -> io::Result<()> {
    writeln!(out, "{} removed", report.deleted)
}

fn checked(report: &CheckReport, out: Out<'_>) -> io::Result<()> {
    for problem in &report.database {
        writeln!(out, "database: {problem}")?;
    }
    for check in &report.collections {
        writeln!(out, "{}: {} documents, {} indexed", check.name, check.documents, check.indexed_documents)?;
        for problem in &check.problems {
            writeln!(out, "  {problem}")?;
        }
        for path in &check.set_aside {
            writeln!(out, "  set aside as {}", path.display())?;
        }
        if check.is_repaired && check.problems.len() > check.set_aside.len() {
            writeln!(out, "  built anew from the database")?;
        }
    }
    writeln!(out, "{}", if report.is_sound { "all is well" } else { "damaged" })
}

fn packed(info: &SnapshotInfo, out: Out<'_>) -> io::Result<()> {
    let SnapshotInfo { path, bytes, files, collections, documents, .. } = info;
    writeln!(
        out,
        "{}: {collections} collections, {documents} documents, {files} files in {bytes} bytes",
        path.display()
    )
}

fn tasks(page: &TaskPage, out: Out<'_>) -> io::Result<()> {
    page.results.iter().try_for_each(|info| task(info, out))
}

fn task(info: &TaskInfo, out: Out<'_>) -> io::Result<()> {
    let collection = info.collection.as_deref().unwrap_or("-");
    let (uid, kind, status) = (info.uid, &info.kind, info.status.name());
    write!(out, "{uid:>6}  {kind:<9} {collection:<24} {status:<10} {}", info.enqueued_at)?;
    if let Some(message) = info.error.as_ref().and_then(|error| error["message"].as_str()) {
        write!(out, "  {message}")?;
    }
    writeln!(out)
}
