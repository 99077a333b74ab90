//! Files written whole or not at all.
//!
//! What this program writes down can hold what others must not read, so only its owner may read it. The bytes go to a
//! file of another name first; the name is given at the end, and never silently to something that has it already.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Writes a file that only its owner can read (mode 0600), all of it or none.
///
/// # Errors
///
/// `AlreadyExists` when something has the name and `overwrite` is not set; nothing was changed then. Any other error
/// of the file system, after which the file is as it was.
pub fn write(path: &Path, bytes: &[u8], overwrite: bool) -> io::Result<()> {
    let path = target(path, overwrite)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".partscope-").tempfile_in(folder).map_err(plain)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    let kept = if overwrite { file.persist(&path) } else { file.persist_noclobber(&path) };
    kept.map_err(|e| plain(e.error))?;
    // The name outlives a crash only when the folder is on the disk too; where that cannot be asked, it is so anyway.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Where the bytes go: what a link leads to, and never anything but a file.
fn target(path: &Path, overwrite: bool) -> io::Result<PathBuf> {
    if path.file_name().is_none() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "this is the name of a folder"));
    }
    match fs::symlink_metadata(path) {
        Ok(_) if !overwrite => Err(io::Error::new(ErrorKind::AlreadyExists, "it exists already")),
        Ok(_) => {
            let real = fs::canonicalize(path)?;
            match fs::metadata(&real)?.is_file() {
                true => Ok(real),
                false => Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file")),
            }
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(path.to_owned()),
        Err(e) => Err(e),
    }
}

/// The same error without the name of the file that was to become this one.
fn plain(error: io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn left(dir: &Path) -> Vec<String> {
        let mut all: Vec<_> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        all.sort();
        all
    }

    #[test]
    fn a_file_is_its_owners_and_nothing_is_replaced_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        write(&path, b"one", false).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write(&path, b"two", false).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(&path, b"two", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(left(dir.path()), ["s"]);
    }

    #[test]
    fn a_link_stays_a_link_and_what_is_no_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link, hanging) = (dir.path().join("f"), dir.path().join("l"), dir.path().join("h"));
        write(&file, b"one", false).unwrap();
        symlink(&file, &link).unwrap();
        symlink(dir.path().join("nowhere"), &hanging).unwrap();
        assert_eq!(write(&link, b"two", false).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(write(&hanging, b"two", false).unwrap_err().kind(), ErrorKind::AlreadyExists);
        write(&link, b"two", true).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"two");
        for (path, overwrite) in [(dir.path(), true), (Path::new("/dev/null"), true), (Path::new("/"), false)]
        {
            assert!(write(path, b"x", overwrite).is_err(), "{}", path.display());
        }
        assert_eq!(left(dir.path()), ["f", "h", "l"]);
    }

    #[test]
    fn an_error_names_the_trouble_and_no_other_file() {
        let dir = tempfile::tempdir().unwrap();
        let error = write(&dir.path().join("no/such"), b"x", false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(!error.to_string().contains(".partscope-"), "{error}");
    }
}
