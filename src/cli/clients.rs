//! `partscope clients`: how well-known clients would cut an object of a given size.

use super::Failure;
use super::args::ClientsArgs;
use super::out::Out;
use super::report::size;
use crate::domain::infer::clients_table;
use serde_json::json;

/// Runs the command; it asks nobody.
pub fn run(args: &ClientsArgs) -> Result<(), Failure> {
    let table = clients_table(args.size);
    if args.json {
        return Out.json(&json!({ "size": args.size, "clients": table }));
    }
    Out.line(&format!("An object of {}, with each client's defaults", size(args.size)))?;
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
