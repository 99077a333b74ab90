
/// A range of a file.
fn file_range(path: &str, offset: u64, length: u64) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = std::fs::File::open(path).map_err(|e| format!("{path}: {e}"))?;
    file.seek(SeekFrom::Start(offset))?;
    let mut data = Vec::new();
    file.take(length).read_to_end(&mut data)?;
    if data.len() as u64 != length {
        return Err(format!("{path} is too short: {length} bytes from byte {offset} are needed").into());
    }
    Ok(data)
}
