//! `partscope clients`: how well-known clients would cut an object of a given size, and the ETags that would come of it.

use super::Failure;
use super::args::{ClientsArgs, SizeOrFile};
use super::hashing::{open, with_file};
use super::out::Out;
use super::report::size;
use super::session::interrupt;
use crate::domain::infer::{ClientRow, clients_table};
use crate::hash::file::Opened;
use crate::hash::search::clients_with_etags;
use serde_json::json;
use std::path::Path;

/// Runs the command; it asks nobody.
pub async fn run(args: &ClientsArgs) -> Result<(), Failure> {
    let (size_of, table) = match &args.of {
        SizeOrFile::Size(size) => (*size, clients_table(*size)),
        SizeOrFile::File(path) => of_file(path, args).await?,
    };
    if args.json {
        return Out.json(&json!({ "size": size_of, "clients": table }));
    }
    Out.line(&format!("An object of {}, with each client's defaults", size(size_of)))?;
    Out.line(&line(["client", "use", "multipart", "part size", "parts", "last part"]))?;
    for row in &table {
        let cells = row.cells();
        Out.line(&line([
            &row.name,
            row.usage.name(),
            &cells.threshold,
            &cells.part_size,
            &cells.parts,
            &cells.last,
        ]))?;
        if let Some(etag) = &row.etag {
            Out.line(&format!("    ETag {etag}"))?;
        }
        if let Some(note) = &row.note {
            Out.line(&format!("    {note}"))?;
        }
    }
    Ok(())
}

/// The table with the ETag each client would make of a file.
async fn of_file(path: &Path, args: &ClientsArgs) -> Result<(u64, Vec<ClientRow>), Failure> {
    let Opened::Mapped(file) = open(path)? else {
        let said = format!("{} is no regular file; name a file, or a size such as 20GiB", path.display());
        return Err(Failure::Local(said));
    };
    let size = file.size();
    let (cancel, _over) = interrupt();
    let (rows, _) = with_file(file, &args.hash, cancel, true, clients_with_etags).await?;
    Ok((size, rows))
}

fn line(cells: [&str; 6]) -> String {
    let [client, usage, threshold, part_size, parts, last] = cells;
    format!("{client:<56} {usage:<7} {threshold:<16} {part_size:>19} {parts:>7} {last:>15}")
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_their_column() {
        for row in clients_table(1 << 30) {
            assert!(row.name.len() <= 56, "{}", row.name);
        }
    }
}
